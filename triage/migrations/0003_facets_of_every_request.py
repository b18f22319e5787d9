"""No request is without its facets; a change of its own, since PostgreSQL alters no table with rows just filed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("triage", "0002_facets")]

    operations = [
        migrations.AlterField(
            model_name="request",
            name="facets",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="requests",
                to="triage.facetset",
            ),
        ),
    ]
