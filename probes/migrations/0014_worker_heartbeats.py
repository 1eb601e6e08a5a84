"""Several workers under one token, and when we were away so that nobody could report."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0013_rules")]

    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="silence_begin",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="heartbeat",
            name="silence_end",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("worker", models.CharField(max_length=60)),
                ("last_seen_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(help_text="When it last said that it begins.", null=True)),
                ("failed", models.BooleanField(default=False)),
                ("message", models.CharField(blank=True, max_length=300)),
                ("failed_jobs", models.PositiveBigIntegerField(null=True)),
                ("backlog", models.PositiveBigIntegerField(null=True)),
                (
                    "probe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="workers", to="probes.probe"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("probe", "worker"), name="one_heartbeat_a_worker")],
            },
        ),
    ]
