"""What is promised: objectives, the SLA, its tiers and credit bands."""

import datetime as dt

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0001_initial"),
        ("probes", "0004_result_value"),
    ]

    operations = [
        migrations.CreateModel(
            name="SlaPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=160)),
                ("text", models.TextField(blank=True, help_text="Markdown: windowing, exclusions.")),
                (
                    "dispute",
                    models.TextField(blank=True, help_text="Markdown: whom to write to, until when, with what."),
                ),
                (
                    "window",
                    models.CharField(
                        choices=[("calendar_month", "Calendar month"), ("rolling_30d", "Rolling 30 days")],
                        default="calendar_month",
                        max_length=16,
                    ),
                ),
                ("started_at", models.DateTimeField(default=statuspage.core.clock.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "components",
                    models.ManyToManyField(blank=True, related_name="sla_policies", to="components.component"),
                ),
            ],
            options={
                "verbose_name": "SLA",
                "verbose_name_plural": "SLA",
                "ordering": ["-started_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="SlaTier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                (
                    "target",
                    models.DecimalField(
                        decimal_places=4,
                        help_text="Per cent.",
                        max_digits=7,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tiers", to="probes.slapolicy"
                    ),
                ),
            ],
            options={
                "verbose_name": "SLA tier",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CreditBand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "below",
                    models.DecimalField(
                        decimal_places=4,
                        max_digits=7,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "credit",
                    models.DecimalField(
                        decimal_places=4,
                        max_digits=7,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bands", to="probes.slatier"
                    ),
                ),
            ],
            options={
                "ordering": ["tier_id", "-below"],
            },
        ),
        migrations.CreateModel(
            name="Objective",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80)),
                ("name", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("availability", "Availability"),
                            ("latency", "Latency"),
                            ("heartbeat_age", "Heartbeat age"),
                            ("statement", "Statement"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "window",
                    models.CharField(
                        choices=[("calendar_month", "Calendar month"), ("rolling_30d", "Rolling 30 days")],
                        default="calendar_month",
                        max_length=16,
                    ),
                ),
                (
                    "target",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Per cent of the measured five-minute intervals.",
                        max_digits=7,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                ("percentile", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("limit", models.DurationField(blank=True, null=True)),
                (
                    "publish_after",
                    models.DurationField(
                        default=dt.timedelta(0), help_text="Figures are shown after so much history."
                    ),
                ),
                ("say", models.CharField(blank=True, max_length=500)),
                ("position", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField(default=statuspage.core.clock.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "components",
                    models.ManyToManyField(blank=True, related_name="objectives", to="components.component"),
                ),
                ("groups", models.ManyToManyField(blank=True, related_name="objectives", to="components.group")),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["availability", "latency", "heartbeat_age", "statement"])),
                        name="objective_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("window__in", ["calendar_month", "rolling_30d"])),
                        name="objective_window_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), ("ended_at__gt", models.F("started_at")), _connector="OR"
                        ),
                        name="objective_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "availability"), ("target__gt", 0), ("target__lte", 100)),
                            models.Q(
                                ("kind__in", ["latency", "heartbeat_age"]),
                                ("limit__gt", dt.timedelta(0)),
                                ("percentile__in", (50, 95, 99)),
                            ),
                            ("kind", "statement"),
                            _connector="OR",
                        ),
                        name="objective_has_what_its_kind_needs",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("slug",),
                        name="one_objective_a_slug_now",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="slapolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("window__in", ["calendar_month", "rolling_30d"])), name="sla_window_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="slapolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gt", models.F("started_at")), _connector="OR"
                ),
                name="sla_ends_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="slatier",
            constraint=models.UniqueConstraint(fields=("policy", "slug"), name="one_tier_a_slug_and_sla"),
        ),
        migrations.AddConstraint(
            model_name="slatier",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__gt", 0), ("target__lte", 100)), name="tier_target_is_a_percentage"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditband",
            constraint=models.UniqueConstraint(fields=("tier", "below"), name="one_band_a_bound_and_tier"),
        ),
        migrations.AddConstraint(
            model_name="creditband",
            constraint=models.CheckConstraint(
                condition=models.Q(("below__gt", 0), ("below__lte", 100), ("credit__gt", 0), ("credit__lte", 100)),
                name="band_holds_percentages",
            ),
        ),
    ]
