"""The numbers of ``limits.yaml`` as rows for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.knowledge.facts import Limit, load_facts
from triage.knowledge.reference import Fact

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_ENDPOINTS: Final[dict[str, _StrPromise]] = {
    "messages": gettext_lazy("Messages"),
    "count_tokens": gettext_lazy("Token counting"),
    "batches": gettext_lazy("Batches"),
    "bedrock": gettext_lazy("Amazon Bedrock"),
    "vertex": gettext_lazy("Google Cloud"),
}
_UNITS: Final[dict[str, _StrPromise]] = {
    "pixels": gettext_lazy("%(n)s px"),
    "tokens": gettext_lazy("%(n)s tokens"),
    "characters": gettext_lazy("%(n)s characters"),
    "pages": gettext_lazy("%(n)s pages"),
    "count": gettext_lazy("%(n)s"),
}
_MB = 1024 * 1024


def limit_rows(slugs: Iterable[str]) -> Iterator[Fact]:
    """Yield a row for each limit; one for each number where endpoints differ.

    Raises:
        KeyError: no limit has one of the slugs.
    """
    limits = load_facts().limits
    for slug in slugs:
        limit = limits[slug]
        by_number: dict[int, list[str]] = {}
        for endpoint, value in (limit.by_endpoint or {}).items():
            by_number.setdefault(value, []).append(str(_ENDPOINTS[endpoint]))
        for value, endpoints in by_number.items():
            name = _("%(limit)s: %(endpoints)s") % {"limit": limit.title, "endpoints": ", ".join(endpoints)}
            yield Fact(name=name, value=_amount(value, limit))
        if limit.value is not None:
            yield Fact(name=limit.title, value=_amount(limit.value, limit))


def _amount(value: int, limit: Limit) -> str:
    if limit.unit == "bytes":
        return _("%(n)s MB") % {"n": f"{value / _MB:g}"}
    return str(_UNITS[limit.unit]) % {"n": f"{value:,}"}
