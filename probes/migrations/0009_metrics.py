"""Public counters, and the numbers that were pushed."""

import datetime as dt

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    dependencies = [("probes", "0008_corrections")]

    operations = [
        migrations.CreateModel(
            name="Metric",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("unit", models.CharField(blank=True, max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[("gauge", "The last value stands"), ("counter_24h", "Summed over 24 hours")],
                        max_length=16,
                    ),
                ),
                ("in_snapshot", models.BooleanField(default=True, help_text="It stands in /status.json.")),
                ("has_chart", models.BooleanField(default=True, help_text="Its last 24 hours are drawn.")),
                ("stale_after", models.DurationField(default=dt.timedelta(seconds=900))),
                ("token_hash", models.CharField(editable=False, max_length=64)),
                ("position", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["gauge", "counter_24h"])), name="metric_kind_is_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MetricPoint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "metric_id", "minute", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("minute", models.PositiveIntegerField(help_text="Minutes since 1970, UTC.")),
                ("value", models.FloatField()),
                (
                    "metric",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points",
                        to="probes.metric",
                    ),
                ),
            ],
        ),
    ]
