"""Facets: what requests are filtered by, each combination of them stored once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import models

from triage.models.project import Project

if TYPE_CHECKING:
    from triage.models.attempt import Request

SLOW_SECONDS = (10, 30, 60, 300)
"""The durations that "slow" may start at. A facet takes few values, so time is one only in these steps."""

_TOLD = (
    "outcome",
    "category",
    "cause",
    "http_status",
    "model",
    "long_context",
    "service",
    "team",
    "environment",
    "streamed",
)


def facets_of(request: Request) -> dict[str, Any]:
    """Return the facets of a request, by the name of the field of :class:`FacetSet`."""
    told = {name: getattr(request, name) for name in _TOLD}
    took = (request.duration_ms or 0) / 1000
    step = max((step for step in SLOW_SECONDS if took >= step), default=0)
    return told | {"client": request.client.partition("/")[0], "took_seconds": step}


class FacetSetQuerySet(models.QuerySet["FacetSet"]):
    """Combinations of facets."""

    def file(self, requests: Collection[Request]) -> None:
        """Give each request, which need not be stored yet, the set that its fields make now."""
        told = [(request, facets_of(request)) for request in requests]
        keyed = [(request, (request.project_id, _key(facets)), facets) for request, facets in told]
        projects, keys = {name[0] for _, name, _ in keyed}, {name[1] for _, name, _ in keyed}
        known = {(each.project_id, each.key): each for each in self.filter(project_id__in=projects, key__in=keys)}
        new = {
            name: FacetSet(project_id=name[0], key=name[1], **facets) for _, name, facets in keyed if name not in known
        }
        if new:
            self.bulk_create(new.values())
        known |= new
        for request, name, _ in keyed:
            request.facets = known[name]


class FacetSet(models.Model):
    """One combination of everything that a project's requests are filtered by, but time and user.

    A million requests have some thousands of combinations. A filter, however it is put together, is answered by looking
    through these and reading each one's requests along one index: no filter needs an index of its own, and none reads
    requests that don't fit. Users are left out, since there may be as many of them as requests.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="facet_sets", db_index=False)
    key = models.CharField(max_length=32)
    """A digest of the other fields, by which the combination is found."""
    outcome = models.CharField(max_length=10)
    category = models.CharField(max_length=8, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    model = models.CharField(max_length=80, blank=True)
    long_context = models.BooleanField()
    service = models.CharField(max_length=80, blank=True)
    team = models.CharField(max_length=80, blank=True)
    environment = models.CharField(max_length=40, blank=True)
    client = models.CharField(max_length=60, blank=True)
    """The program without its version: each release would double the combinations."""
    streamed = models.BooleanField(null=True)
    took_seconds = models.PositiveSmallIntegerField()
    """The greatest of ``SLOW_SECONDS`` that the request took at least, or 0."""

    objects = FacetSetQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="one_facet_set_a_key")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.cause} {self.model} {self.service}"


def _key(facets: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(list(facets.values())).encode(), digest_size=16).hexdigest()
