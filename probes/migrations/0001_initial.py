from datetime import timedelta

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("components", "0001_initial"),
        ("incidents", "0002_default_severities"),
    ]

    operations = [
        migrations.CreateModel(
            name="Probe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("http", "HTTP"),
                            ("tcp", "TCP"),
                            ("postgres", "PostgreSQL"),
                            ("redis", "Redis"),
                            ("heartbeat", "Heartbeat"),
                            ("disk", "Disk"),
                        ],
                        max_length=16,
                    ),
                ),
                ("config", models.JSONField(blank=True, default=dict)),
                ("interval", models.DurationField(default=timedelta(seconds=30))),
                ("timeout", models.DurationField(default=timedelta(seconds=5))),
                (
                    "degraded_above",
                    models.DurationField(blank=True, help_text="Slower than this is degraded.", null=True),
                ),
                ("failure_threshold", models.PositiveSmallIntegerField(default=3)),
                ("recovery_threshold", models.PositiveSmallIntegerField(default=2)),
                ("opens_incident", models.BooleanField(default=False)),
                (
                    "allow_private",
                    models.BooleanField(default=False, help_text="The target may be on a private address."),
                ),
                ("is_enabled", models.BooleanField(default=True, editable=False)),
                ("token_hash", models.CharField(blank=True, editable=False, max_length=64)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="probes", to="components.component"
                    ),
                ),
                (
                    "severity",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of the incident it opens; empty: the worst of the ladder.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="probes",
                        to="incidents.severitypolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["component_id", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_seen_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(help_text="When the job last said that it begins.", null=True)),
                ("failed", models.BooleanField(default=False)),
                ("message", models.CharField(blank=True, max_length=300)),
                ("failed_jobs", models.PositiveBigIntegerField(null=True)),
                ("backlog", models.PositiveBigIntegerField(null=True)),
                (
                    "probe",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="heartbeat", to="probes.probe"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProbeDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("location", models.CharField(max_length=40)),
                ("date", models.DateField()),
                ("up", models.PositiveIntegerField(default=0)),
                ("degraded", models.PositiveIntegerField(default=0)),
                ("down", models.PositiveIntegerField(default=0)),
                ("error", models.PositiveIntegerField(default=0)),
                ("histogram", models.BinaryField(default=b"")),
                ("slots", models.BinaryField(help_text="288 bytes, each a SlotState.")),
                ("is_dirty", models.BooleanField(default=False, help_text="To be made anew from its slots.")),
                (
                    "probe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="probes.probe"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProbeLocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("location", models.CharField(default="default", max_length=40)),
                ("next_due_at", models.DateTimeField(null=True)),
                ("scheduled_at", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("lease", models.CharField(blank=True, max_length=32)),
                (
                    "missed",
                    models.PositiveBigIntegerField(default=0, help_text="Checks that were due and never made."),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unknown", "Unknown"),
                            ("up", "Up"),
                            ("suspect", "Suspect"),
                            ("down", "Down"),
                            ("recovering", "Recovering"),
                        ],
                        default="unknown",
                        max_length=16,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("successes", models.PositiveIntegerField(default=0)),
                ("slow", models.PositiveIntegerField(default=0)),
                ("quick", models.PositiveIntegerField(default=0)),
                ("errors", models.PositiveIntegerField(default=0)),
                ("is_slow", models.BooleanField(default=False)),
                ("first_failure_at", models.DateTimeField(null=True)),
                ("first_success_at", models.DateTimeField(null=True)),
                (
                    "last_scheduled_at",
                    models.DateTimeField(help_text="Of the newest result that moved the state.", null=True),
                ),
                ("last_result_at", models.DateTimeField(null=True)),
                (
                    "last_outcome",
                    models.CharField(
                        blank=True,
                        choices=[("up", "Up"), ("degraded", "Degraded"), ("down", "Down"), ("error", "Error")],
                        max_length=16,
                    ),
                ),
                ("last_latency_ms", models.FloatField(null=True)),
                ("last_detail", models.CharField(blank=True, max_length=300)),
                (
                    "probe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="locations", to="probes.probe"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("location", models.CharField(max_length=40)),
                ("starts_at", models.DateTimeField()),
                ("up", models.PositiveIntegerField(default=0)),
                ("degraded", models.PositiveIntegerField(default=0)),
                ("down", models.PositiveIntegerField(default=0)),
                ("error", models.PositiveIntegerField(default=0)),
                ("histogram", models.BinaryField(default=b"")),
                ("in_maintenance", models.BooleanField(default=False)),
                ("is_folded", models.BooleanField(default=False)),
                (
                    "probe",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="probes.probe",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ComponentDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("good", models.PositiveSmallIntegerField(default=0)),
                ("bad", models.PositiveSmallIntegerField(default=0)),
                ("degraded", models.PositiveSmallIntegerField(default=0)),
                ("maintenance", models.PositiveSmallIntegerField(default=0)),
                ("unknown", models.PositiveSmallIntegerField(default=0)),
                (
                    "worst",
                    models.CharField(
                        choices=[
                            ("operational", "Operational"),
                            ("under_maintenance", "Maintenance"),
                            ("degraded_performance", "Degraded"),
                            ("partial_outage", "Partial outage"),
                            ("major_outage", "Major outage"),
                            ("unknown", "No data"),
                        ],
                        default="unknown",
                        max_length=24,
                    ),
                ),
                ("slots", models.BinaryField(help_text="288 bytes, each a SlotState.")),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="components.component"
                    ),
                ),
            ],
            options={
                "ordering": ["component_id", "date"],
                "constraints": [
                    models.UniqueConstraint(fields=("component", "date"), name="one_day_a_component_and_date"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "worst__in",
                                [
                                    "operational",
                                    "under_maintenance",
                                    "degraded_performance",
                                    "partial_outage",
                                    "major_outage",
                                    "unknown",
                                ],
                            )
                        ),
                        name="component_day_worst_is_known",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="probe",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["http", "tcp", "postgres", "redis", "heartbeat", "disk"])),
                name="probe_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="probe",
            constraint=models.CheckConstraint(
                condition=models.Q(("failure_threshold__gte", 1), ("recovery_threshold__gte", 1)),
                name="probe_thresholds_are_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="probe",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval__gt", timedelta(0))), name="probe_interval_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="probe",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token_hash", ""), _negated=True),
                fields=("token_hash",),
                name="one_probe_a_heartbeat_token",
            ),
        ),
        migrations.AddIndex(
            model_name="probeday",
            index=models.Index(condition=models.Q(("is_dirty", True)), fields=["date"], name="probe_days_dirty"),
        ),
        migrations.AddConstraint(
            model_name="probeday",
            constraint=models.UniqueConstraint(fields=("probe", "location", "date"), name="one_day_a_probe_and_date"),
        ),
        migrations.AddIndex(
            model_name="probelocation",
            index=models.Index(
                condition=models.Q(("next_due_at__isnull", False)),
                fields=["location", "next_due_at"],
                name="probes_due",
            ),
        ),
        migrations.AddIndex(
            model_name="probelocation",
            index=models.Index(
                condition=models.Q(("lease", ""), _negated=True), fields=["lease"], name="probes_leased"
            ),
        ),
        migrations.AddConstraint(
            model_name="probelocation",
            constraint=models.UniqueConstraint(fields=("probe", "location"), name="one_state_a_probe_and_location"),
        ),
        migrations.AddConstraint(
            model_name="probelocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["unknown", "up", "suspect", "down", "recovering"])),
                name="probe_state_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(fields=["starts_at"], name="slots_by_time"),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(
                condition=models.Q(("is_folded", False)), fields=["starts_at"], name="slots_not_folded"
            ),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.UniqueConstraint(
                fields=("probe", "location", "starts_at"), name="one_slot_a_probe_and_time"
            ),
        ),
    ]
