"""Writes messages: what changed, the verdict, numbers, what to do, where to look. Everything in them is masked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from triage.alerts.channels.model import Letter
from triage.alerts.findings import SPARK_MINUTES
from triage.ingest.scrub import scrub_text
from triage.models import AlertChange, AlertMessage, Project

_BARS = "▁▂▃▄▅▆▇█"
_Kind = AlertChange.Kind
_WORDS = {_Kind.FIRED: "FIRING", _Kind.REMINDED: "STILL FIRING", _Kind.RESOLVED: "RESOLVED"}
_RANK = {_Kind.FIRED: 0, _Kind.REMINDED: 1, _Kind.RESOLVED: 2}
_NAMED = 12
"""Changes that are told one by one; of a storm of more, the rest is a number."""


def letter_of(message: AlertMessage) -> Letter:
    """Return ``message`` as it is sent: the same at each try."""
    told = AlertChange.objects.filter(deliveries__message=message, deliveries__joined=False)
    in_time = told.select_related("rule__project").order_by("at", "pk")
    return _write(str(message.key), sorted(in_time, key=lambda each: _RANK[_Kind(each.kind)]))


def trial(key: str, project: Project, at: dt.datetime) -> Letter:
    """Return a message that says that it is a trial."""
    title = _("[Triage] %(project)s: a test") % {"project": project.name}
    text = _("This channel works: alerts of %(project)s will come here.") % {"project": project.name}
    data = {"type": "test", "timestamp": at.isoformat(), "data": {"id": key, "project": project.slug, "text": text}}
    return Letter(key, at, _one_line(title), f"{text}\n{_link('/alerts/', project)}", data)


def sparkline(counts: Sequence[int]) -> str:
    """Return the counts as a line of bars, the highest as tall as the line; flat where there is nothing."""
    most = max(counts, default=0)
    return "".join(_BARS[round(count / most * (len(_BARS) - 1))] if most else _BARS[0] for count in counts)


def _write(key: str, changes: Sequence[AlertChange]) -> Letter:
    first = changes[0]
    project = first.rule.project
    latest = max(changes, key=lambda each: each.at)
    parts = [_told(change) for change in changes[:_NAMED]]
    if (rest := len(changes) - _NAMED) > 0:
        parts.append(ngettext("And %(n)d more.", "And %(n)d more.", rest) % {"n": rest})
    parts += [_background(first, latest), _links(project, changes)]
    text = scrub_text("\n\n".join(part for part in parts if part))
    data = {
        "type": f"alert.{first.kind}",
        "timestamp": latest.at.isoformat(),
        "data": {
            "id": key,
            "project": project.slug,
            "title": _title(changes),
            "text": text,
            "verdict": latest.facts.get("verdict", ""),
            "reasons": latest.facts.get("reasons", []),
            "changes": [_as_data(change) for change in changes],
            "link": _link("/alerts/", project),
        },
    }
    return Letter(key, latest.at, _title(changes), text, data)


def _title(changes: Sequence[AlertChange]) -> str:
    first = changes[0]
    words = _WORDS[_Kind(first.kind)]
    rest = len(changes) - 1
    more = ngettext(" and %(n)d more", " and %(n)d more", rest) % {"n": rest} if rest else ""
    return _one_line(scrub_text(f"[Triage] {first.rule.project.name}: {words}: {first.rule.name}{more}"))


def _told(change: AlertChange) -> str:
    kind = _Kind(change.kind)
    head = f"{_WORDS[kind]}: {change.rule.name}"
    if kind == _Kind.REMINDED:
        head += " " + _("(since %(at)s)") % {"at": _clock(change.began_at)}
    elif kind == _Kind.RESOLVED:
        head += " " + _("(lasted from %(from)s to %(to)s)") % {"from": _clock(change.began_at), "to": _clock(change.at)}
    else:
        head += f" ({_clock(change.at)})"
    return f"{head}\n{change.facts.get('words', '')}"


def _background(first: AlertChange, latest: AlertChange) -> str:
    """Return what is known beside the changes: the verdict with its reasons, the last half hour, the first fix."""
    facts = latest.facts
    lines = [facts.get("verdict", ""), *(f"- {reason}" for reason in facts.get("reasons", []))]
    counts = facts.get("by_minute") or []
    if any(counts):
        told = _("Requests with an error, the last %(n)d minutes: %(line)s (at most %(most)d a minute)")
        lines.append(told % {"n": SPARK_MINUTES, "line": sparkline(counts), "most": max(counts)})
    if first.facts.get("do") and first.kind != _Kind.RESOLVED:
        advice = _("What to do about “%(cause)s”: %(do)s")
        lines.append(advice % {"cause": first.facts["title"], "do": first.facts["do"]})
    return "\n".join(line for line in lines if line)


def _links(project: Project, changes: Sequence[AlertChange]) -> str:
    addresses = [_link("/", project)]
    for change in changes[:_NAMED]:
        if change.incident_id:
            addresses.append(_link(f"/incidents/{change.incident_id}/"))
        if change.facts.get("issue"):
            addresses.append(_link(f"/issues/{change.facts['issue']}/"))
        if change.facts.get("cause") and change.facts.get("title"):
            addresses.append(_link(f"/reference/causes/{change.facts['cause']}/"))
    return "\n".join(dict.fromkeys([*addresses, _link("/alerts/", project)]))


def _link(path: str, project: Project | None = None) -> str:
    return f"{settings.TRIAGE_BASE_URL}{path}" + (f"?project={project.slug}" if project else "")


def _as_data(change: AlertChange) -> dict[str, Any]:
    facts = change.facts
    return {
        "rule": change.rule.name,
        "condition": change.rule.condition,
        "kind": change.kind,
        "at": change.at.isoformat(),
        "began_at": change.began_at.isoformat(),
        "words": facts.get("words", ""),
        "cause": facts.get("cause", ""),
        "by_minute": facts.get("by_minute", []),
        "issue": facts.get("issue"),
        "incident": change.incident_id,
    }


def _clock(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
