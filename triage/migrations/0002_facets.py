"""Give every request, those stored already too, the combination of facets that it is filtered by."""

import hashlib
import json

import django.db.models.deletion
from django.db import migrations, models

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
_STEPS = (10, 30, 60, 300)
_PART = 2_000


def file_requests(apps, schema_editor):
    """File what is stored, a bounded number of rows at a time."""
    request_model, facet_model = apps.get_model("triage", "Request"), apps.get_model("triage", "FacetSet")
    known = {}
    columns = ("pk", "project_id", "duration_ms", "client", *_TOLD)
    part = []
    for pk, project_id, duration_ms, client, *told in request_model.objects.values_list(*columns).iterator(_PART):
        took = max((step for step in _STEPS if (duration_ms or 0) >= step * 1000), default=0)
        program = client.partition("/")[0]
        key = hashlib.blake2b(json.dumps([*told, program, took]).encode(), digest_size=16).hexdigest()
        if (project_id, key) not in known:
            facets = facet_model.objects.create(
                project_id=project_id,
                key=key,
                client=program,
                took_seconds=took,
                **dict(zip(_TOLD, told, strict=True)),
            )
            known[project_id, key] = facets.pk
        part.append(request_model(pk=pk, facets_id=known[project_id, key]))
        if len(part) == _PART:
            request_model.objects.bulk_update(part, ["facets"])
            part = []
    request_model.objects.bulk_update(part, ["facets"])


class Migration(migrations.Migration):
    dependencies = [("triage", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="FacetSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=32)),
                ("outcome", models.CharField(max_length=10)),
                ("category", models.CharField(blank=True, max_length=8)),
                ("cause", models.CharField(blank=True, max_length=64)),
                ("http_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("model", models.CharField(blank=True, max_length=80)),
                ("long_context", models.BooleanField()),
                ("service", models.CharField(blank=True, max_length=80)),
                ("team", models.CharField(blank=True, max_length=80)),
                ("environment", models.CharField(blank=True, max_length=40)),
                ("client", models.CharField(blank=True, max_length=60)),
                ("streamed", models.BooleanField(null=True)),
                ("took_seconds", models.PositiveSmallIntegerField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="facet_sets",
                        to="triage.project",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "key"), name="one_facet_set_a_key")]
            },
        ),
        migrations.AddField(
            model_name="request",
            name="facets",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="requests",
                to="triage.facetset",
            ),
        ),
        migrations.RemoveIndex(model_name="request", name="requests_by_outcome"),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["facets", "-started_at", "-id"], name="requests_by_facets"),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(("user", ""), _negated=True),
                fields=["project", "user", "-started_at", "-id", "facets"],
                name="requests_by_user",
            ),
        ),
        migrations.RunPython(file_requests, migrations.RunPython.noop, elidable=True),
    ]
