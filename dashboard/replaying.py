"""A replay in words and rows: the finding, the policies side by side, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from dashboard.templatetags.triage_ui import number
from triage.replay.comparing import KNOWLEDGE, PATIENT, PRESENT, SDK, Comparison, Result
from triage.replay.model import Cost

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NAMES: dict[str, _StrPromise] = {
    PRESENT: gettext_lazy("The present one"),
    KNOWLEDGE: gettext_lazy("The knowledge's own"),
    SDK: gettext_lazy("The SDKs' default"),
    PATIENT: gettext_lazy("A patient SDK"),
}
_RULES: dict[str, _StrPromise] = {
    PRESENT: gettext_lazy("what your programs did, measured"),
    KNOWLEDGE: gettext_lazy("by cause: waits and tries as the reference states them"),
    SDK: gettext_lazy("two retries by status, half a second to eight"),
    PATIENT: gettext_lazy("the same rule with eight retries"),
}
_CAUSES = 8
_SPARED_RETRIES = 1.0
"""Retries in vain from which it is worth a sentence that another policy spares them."""


@dataclass(frozen=True)
class Finding:
    """The answer in words; ``tone`` is good, warn or quiet."""

    tone: str
    headline: str
    detail: str


@dataclass(frozen=True)
class PolicyRow:
    """One policy: figures as they are shown, and what its bar is drawn from."""

    name: Any
    rule: Any
    measured: bool
    lost: str
    span: str
    bar: float
    retries: str
    in_vain: str
    waited: str


@dataclass(frozen=True)
class CauseRow:
    """Where the calls of one cause would have ended, in the order of the policies."""

    cause: str
    calls: int
    lost: list[tuple[Any, str]]
    """Name of the policy, and how many of the calls it loses."""


def finding(comparison: Comparison) -> Finding:
    """Say whether the knowledge's policy would have been better, and by how much at least and at most."""
    now, other = comparison.of(PRESENT).cost, comparison.of(KNOWLEDGE)
    if not comparison.calls:
        return Finding("quiet", gettext("No call failed here, so no policy has anything to do."), "")
    detail = _detail(comparison)
    least, most = now.lost - other.most_lost, now.lost - other.fewest_lost
    if least >= 1:
        figures = {"n": about(now.lost - other.cost.lost), "least": about(least), "most": about(most)}
        told = gettext("Retries by cause would have saved about %(n)s of %(all)s lost requests.")
        if figures["least"] != figures["most"]:
            told = gettext(
                "Retries by cause would have saved about %(n)s (%(least)s to %(most)s) of %(all)s lost requests."
            )
        price = gettext("Waiting would then have come to %(waited)s.") % {"waited": duration(other.cost.waited)}
        return Finding("warn", told % {**figures, "all": number(round(now.lost))}, f"{detail} {price}")
    if most <= -1:
        return Finding("good", gettext("The present policy loses fewer requests than any rule by cause would."), detail)
    spared = now.in_vain - other.cost.in_vain
    if spared >= _SPARED_RETRIES:
        told = ngettext(
            "No policy saves clearly more requests, but %(n)s retry could not succeed and would be spared.",
            "No policy saves clearly more requests, but %(n)s retries could not succeed and would be spared.",
            round(spared),
        )
        return Finding("warn", told % {"n": number(round(spared))}, detail)
    return Finding("good", gettext("The present policy does about as well as retrying by cause would."), detail)


def policy_rows(comparison: Comparison) -> list[PolicyRow]:
    """Return the policies, the present one first."""
    most = max((result.most_lost for result in comparison.results), default=0) or 1
    return [_row(result, most) for result in comparison.results]


def cause_rows(comparison: Comparison) -> list[CauseRow]:
    """Return the most frequent causes with what each policy loses of their calls."""
    return [
        CauseRow(cause, calls, [_share(result, cause) for result in comparison.results])
        for cause, calls in list(comparison.causes.items())[:_CAUSES]
    ]


def about(value: float) -> str:
    """Return an expected number as it can be believed: whole from ten on, else with one digit behind the point."""
    return number(round(value)) if value >= 9.95 else f"{max(value, 0):.1f}".removesuffix(".0")


def duration(seconds: float) -> str:
    """Return a length of time in the two units that matter."""
    units = ((86_400, gettext("d")), (3_600, gettext("h")), (60, gettext("min")), (1, gettext("s")))
    whole = round(seconds)
    for (size, name), (smaller, its_name) in pairwise(units):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {its_name}" if rest else "")
    return f"{about(seconds)} {units[-1][1]}"


def _row(result: Result, most: float) -> PolicyRow:
    span = ""
    if result.name != PRESENT:
        span = gettext("%(least)s to %(most)s") % {"least": about(result.fewest_lost), "most": about(result.most_lost)}
    return PolicyRow(
        NAMES[result.name],
        _RULES[result.name],
        result.name == PRESENT,
        _shown(result, result.cost.lost),
        span,
        round(100 * result.cost.lost / most, 1),
        _shown(result, result.cost.retries),
        _shown(result, result.cost.in_vain),
        duration(result.cost.waited),
    )


def _share(result: Result, cause: str) -> tuple[Any, str]:
    return NAMES[result.name], _shown(result, result.by_cause.get(cause, Cost()).lost)


def _shown(result: Result, value: float) -> str:
    return number(round(value)) if result.name == PRESENT else about(value)


def _detail(comparison: Comparison) -> str:
    """Say what the present policy cost."""
    now = comparison.of(PRESENT).cost
    calls = ngettext("Of %(n)s call that failed at first,", "Of %(n)s calls that failed at first,", comparison.calls)
    words = ngettext(
        "%(lost)s stayed lost; %(retries)s retry, %(vain)s in vain, with %(waited)s of waiting.",
        "%(lost)s stayed lost; %(retries)s retries, %(vain)s of them in vain, with %(waited)s of waiting.",
        round(now.retries),
    )
    return " ".join(
        (
            calls % {"n": number(comparison.calls)},
            words
            % {
                "lost": number(round(now.lost)),
                "retries": number(round(now.retries)),
                "vain": number(round(now.in_vain)),
                "waited": duration(now.waited),
            },
        )
    )
