"""Verdicts in words: the sentence that a person reads first, and each reason for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from triage.knowledge import load
from triage.verdict.model import CheckFact, Evidence, Pace, Reason, Side, Verdict
from triage.verdict.quiet import Silence
from triage.verdict.trouble import Spread, Trouble

_NAMED = 3
"""Names that a sentence holds; more become a number."""


def whose(side: Side) -> str:
    """Return the word that a sentence begins with."""
    return {
        "them": _("Them"),
        "us": _("You"),
        "between": _("In between"),
        "unclear": _("Can't tell"),
        "fine": _("All well"),
    }[side]


def clock(at: dt.datetime) -> str:
    """Return a time of day as a sentence tells it, in UTC: who reads it may be anywhere."""
    return f"{at.astimezone(dt.UTC):%H:%M} UTC"


def told(verdict: Verdict, trouble: Trouble, reasons: Sequence[Reason]) -> Verdict:
    """Return ``verdict`` with its sentence: what fails, where, since when, and what the checks say."""
    parts = {
        "whose": whose(verdict.side),
        "what": _what(verdict.cause),
        "where": _where(trouble),
        "since": clock(trouble.since),
    }
    sentence = _("%(whose)s: %(what)s %(where)s since %(since)s") % parts
    tail = [reason.words for reason in reasons if reason.slug in _IN_SENTENCE]
    if verdict.side == "unclear":
        because = next((each.words for each in reasons if each.slug in _UNCLEAR_BECAUSE), "")
        tail = [because] if because else tail
    return replace(verdict, sentence="; ".join([sentence, *tail]) + ".", reasons=tuple(reasons))


_IN_SENTENCE = ("one_user", "surge", "tries", "checks_fine", "check_failing", "provider", "of_check", "own_network")
_UNCLEAR_BECAUSE = ("only_one_service", "road_fine", "no_checks")


def with_reasons(verdict: Verdict, reasons: Sequence[Reason]) -> Verdict:
    """Return ``verdict`` with ``reasons``."""
    return replace(verdict, reasons=tuple(reasons))


def fine(evidence: Evidence) -> str:
    """Say that nothing is out of the ordinary, with the numbers of the last hour."""
    requests = sum(each.requests for each in evidence.tallies)
    hit = sum(each.hit for each in evidence.tallies)
    if not requests:
        return _("Nothing was reported in the last hour.")
    if not hit:
        words = ngettext(
            "All well: one request in the last hour, no error.",
            "All well: no errors among %(n)s requests in the last hour.",
            requests,
        )
        return words % {"n": f"{requests:,}"}
    return _("All well: %(hit)s of %(n)s requests met an error in the last hour, as usual.") % {
        "hit": f"{hit:,}",
        "n": f"{requests:,}",
    }


def counted(trouble: Trouble) -> Reason:
    """Say how many requests are hit, and by which causes."""
    causes = ", ".join(f"{_what(slug)} ({count})" for slug, count in trouble.causes[:_NAMED])
    told = _("%(hit)s of %(n)s requests are hit: %(causes)s") % {
        "hit": f"{trouble.hit:,}",
        "n": f"{trouble.requests:,}",
        "causes": causes,
    }
    return Reason("counted", told)


def spread(trouble: Trouble) -> tuple[Reason, ...]:
    """Say that several services share it, which their own changes don't explain."""
    hit = len(trouble.services.hit)
    return (Reason("shared", _("%(n)d services share it") % {"n": hit}),) if hit > 1 else ()


def account() -> Reason:
    """Say why a billing failure is ours."""
    return Reason("account", _("the API answers, but the account behind the credential may not go on"))


def only_one_service(trouble: Trouble) -> Reason:
    """Say that one service alone is hit while others are fine."""
    others = len(trouble.services.heard) - 1
    told = ngettext(
        "only %(one)s sees it, the other service is fine",
        "only %(one)s sees it, the other %(n)d services are fine",
        others,
    )
    return Reason("only_one_service", told % {"one": _name(trouble.services.hit[0]), "n": others})


def only_model(models: Spread) -> Reason:
    """Say that one model stands out."""
    told = _("only %(one)s is hit, %(others)s not") % {"one": _name(models.hit[0]), "others": _list(_others(models))}
    return Reason("one_model", told)


def only_service(services: Spread) -> Reason:
    """Say that one service stands out."""
    told = _("only %(one)s is hit, %(others)s not") % {
        "one": _name(services.hit[0]),
        "others": _list(_others(services)),
    }
    return Reason("one_service", told)


def one_user(user: str, count: int, failed: int) -> Reason:
    """Say that one user's requests are most of those that fail."""
    told = _("%(count)d of %(failed)d failures are %(user)s's") % {"count": count, "failed": failed, "user": user}
    return Reason("one_user", told)


def more_requests(times: float) -> Reason:
    """Say that our own traffic has grown."""
    return Reason("surge", _("your own traffic is %(times).0f times the usual") % {"times": times})


def more_tries(now: float, usual: float) -> Reason:
    """Say that our own retries have grown."""
    told = _("each request is tried %(now).1f times, usually %(usual).1f") % {"now": now, "usual": usual}
    return Reason("tries", told)


def own_network(slug: str) -> Reason:
    """Say what puts a failure of the network on our side."""
    return Reason("own_network", _("%(what)s happens on your side of the road") % {"what": _what(slug)})


def of_check(found: CheckFact, about: str) -> Reason:
    """Say which check shows that it is our own network."""
    about_words = {
        "name": _("the check of the name fails"),
        "interception": _("something on the way opens the encrypted connection"),
        "proxy": _("a proxy answers in the API's place"),
        "road": _("the way to the API is closed"),
    }[about]
    return Reason("of_check", f"{about_words}{_from(found)}")


def works_elsewhere(found: CheckFact) -> Reason:
    """Say that the same check is fine from another place."""
    return Reason(
        "elsewhere", _("the same check is fine from another place") + (f" ({found.kind})" if found.kind else "")
    )


def road_is_fine() -> Reason:
    """Say why the network's failures can't be told apart: our own checks pass."""
    return Reason(
        "road_fine", _("checks from this server reach the API, so look at the network of the programs themselves")
    )


def no_checks() -> Reason:
    """Say what is missing to tell."""
    return Reason("no_checks", _("a broken connection has two ends, and no check has run that would tell which"))


def checks(told: Sequence[CheckFact], page_lag: dt.timedelta | None = None) -> tuple[Reason, ...]:
    """Say how the checks stand, and what the provider's own page says; with ``page_lag``, how late that was before."""
    reasons = []
    failing = [each for each in told if each.state == "fail" and each.kind not in ("provider", "server")]
    fine = [each for each in told if each.state == "ok" and each.kind not in ("provider", "server", "model")]
    if failing:
        names = _list(sorted({each.kind for each in failing}))
        reasons.append(Reason("check_failing", _("checks that fail: %(names)s") % {"names": names}))
    elif fine:
        names = _list(sorted({each.kind for each in fine}))
        reasons.append(Reason("checks_fine", _("checks that pass: %(names)s") % {"names": names}))
    provider = next((each for each in told if each.kind == "provider" and each.words), None)
    if provider is not None:
        said = _("the status page says: %(words)s") % {"words": provider.words.rstrip(".")}
        reasons.append(Reason("provider", said + (_late(page_lag) if provider.state == "ok" else "")))
    return tuple(reasons)


def _late(page_lag: dt.timedelta | None) -> str:
    minutes = round(page_lag.total_seconds() / 60) if page_lag else 0
    told = ngettext(" (it was a minute late last time)", " (it was %(n)d minutes late last time)", minutes)
    return told % {"n": minutes} if minutes > 0 else ""


def silent(silence: Silence) -> str:
    """Say that nothing is heard, which is neither good nor bad news of the API."""
    told = _("Can't tell: nothing was heard since %(since)s, while reports usually come all the time.")
    advice = _("See whether your programs still run and still reach this server.")
    return f"{told % {'since': clock(silence.since)}} {advice}"


def expected(silence: Silence) -> Reason:
    """Say how many reports are missing."""
    return Reason("expected", _("about %(n)d requests should have been reported since") % {"n": silence.expected})


def slow(pace: Pace, side: Side) -> str:
    """Say that calls succeed, but late."""
    parts = {
        "whose": whose(side),
        "times": f"{pace.ratio or 0:.1f}",
        "now": _seconds(pace.now_ms),
        "usual": _seconds(pace.usual_ms),
    }
    if side == "unclear":
        parts["one"] = _name(pace.slow_services[0])
        told = _("%(whose)s: only %(one)s is slow (%(times)s times its usual), other services are as fast as ever.")
    else:
        told = _("%(whose)s: answers take %(times)s times as long as usual: %(now)s in the middle, usually %(usual)s.")
    return told % parts


def paced(pace: Pace) -> Reason:
    """Say what slowness rests on."""
    told = _("%(n)d successful calls of the last minutes, in %(slow)d of %(all)d services") % {
        "n": pace.count,
        "slow": len(pace.slow_services),
        "all": len(pace.services),
    }
    return Reason("paced", told)


def _what(slug: str) -> str:
    cause = load().causes.get(slug)
    if cause is None:
        return _("failures of a cause that isn't told")
    status = f"{cause.seen_with.status[0]} " if len(cause.seen_with.status) == 1 else ""
    return f"{status}{cause.title}"


def _where(trouble: Trouble) -> str:
    models = trouble.models
    services = trouble.services
    on = (
        _("on all models")
        if models.is_whole and len(models.heard) > 1
        else _("on %(models)s") % {"models": _list(models.hit)}
    )
    if len(services.heard) == 1:
        return _("%(on)s in %(service)s") % {"on": on, "service": _name(services.heard[0])}
    if len(services.hit) == 1:
        return _("%(on)s in %(service)s alone") % {"on": on, "service": _name(services.hit[0])}
    return _("%(on)s in %(hit)d of %(all)d services") % {"on": on, "hit": len(services.hit), "all": len(services.heard)}


def _others(part: Spread) -> list[str]:
    return [each for each in part.heard if each not in part.hit]


def _list(names: Collection[str]) -> str:
    shown = [_name(each) for each in list(names)[:_NAMED]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (_(" and %(n)d more") % {"n": rest} if rest else "")


def _name(value: str) -> str:
    return value or _("(not told)")


def _from(found: CheckFact) -> str:
    return _(" from %(site)s") % {"site": found.site} if found.site else ""


def _seconds(milliseconds: float | None) -> str:
    return f"{(milliseconds or 0) / 1000:.1f} s"
