"""What machines tell us."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0001_initial"),
        ("incidents", "0002_default_severities"),
    ]

    operations = [
        migrations.CreateModel(
            name="Signal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("probe", "Probe"),
                            ("rule", "Rule of a probe"),
                            ("engine", "Probe engine"),
                            ("monitoring", "Monitoring of ourselves"),
                        ],
                        max_length=16,
                    ),
                ),
                ("fingerprint", models.CharField(max_length=200)),
                ("title", models.CharField(max_length=250)),
                ("detail", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[("firing", "Firing"), ("acknowledged", "Acknowledged"), ("resolved", "Resolved")],
                        default="firing",
                        max_length=16,
                    ),
                ),
                ("pages", models.BooleanField(default=True, help_text="Somebody on call has to look at it now.")),
                ("first_at", models.DateTimeField(default=statuspage.core.clock.now)),
                ("last_at", models.DateTimeField(default=statuspage.core.clock.now)),
                ("count", models.PositiveBigIntegerField(default=1, help_text="How often it was raised.")),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=150)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_by", models.CharField(blank=True, help_text="Empty: it ended by itself.", max_length=150)),
                ("evidence", models.JSONField(blank=True, default=dict)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="signals",
                        to="components.component",
                    ),
                ),
            ],
            options={
                "ordering": ["-first_at", "-pk"],
                "indexes": [
                    models.Index(fields=["-first_at"], name="signals_newest_first"),
                    models.Index(fields=["resolved_at"], name="signals_by_their_end"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "resolved"), _negated=True),
                        fields=("fingerprint",),
                        name="one_signal_a_fingerprint",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["probe", "rule", "engine", "monitoring"])),
                        name="signal_source_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["firing", "acknowledged", "resolved"])),
                        name="signal_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", False), ("state", "resolved")),
                            models.Q(models.Q(("state", "resolved"), _negated=True), ("resolved_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="signal_resolved_at_goes_with_resolved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_at__gte", models.F("first_at"))), name="signal_ends_after_it_begins"
                    ),
                ],
            },
        ),
    ]
