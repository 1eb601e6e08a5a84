import django.db.models.deletion
from django.db import migrations, models

from probes.partitions import CreatePartitionedModel


class Migration(migrations.Migration):
    dependencies = [("probes", "0001_initial")]

    operations = [
        CreatePartitionedModel(
            name="ProbeResult",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "probe_id",
                        "location",
                        "scheduled_at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("location", models.CharField(max_length=40)),
                ("scheduled_at", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("up", "Up"), ("degraded", "Degraded"), ("down", "Down"), ("error", "Error")],
                        max_length=16,
                    ),
                ),
                ("latency_ms", models.FloatField(null=True)),
                ("detail", models.CharField(blank=True, max_length=300)),
                (
                    "probe",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="probes.probe",
                    ),
                ),
            ],
        ),
    ]
