from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("triage", "0004_attempts_with_a_body")]

    operations = [
        migrations.RemoveIndex(model_name="request", name="requests_by_time"),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["project", "-started_at", "-id", "facets"], name="requests_by_time"),
        ),
    ]
