"""Kinds of windows, their services, steps, reminders and series."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0005_edited_updates_and_evidence"),
    ]

    operations = [
        migrations.CreateModel(
            name="MaintenanceKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "lead_time",
                    models.DurationField(blank=True, help_text="Announced at least this long ahead.", null=True),
                ),
                ("needs_reason", models.BooleanField(default=False, help_text="A reason is asked for and shown.")),
                ("description", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("operational", "Operational"),
                            ("read_only", "Read-only"),
                            ("queued", "Queued"),
                            ("restarting", "Restarting"),
                            ("offline", "Offline"),
                        ],
                        default="operational",
                        max_length=16,
                    ),
                ),
                ("eta_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("title", models.CharField(max_length=160)),
                ("body", models.TextField(blank=True, help_text="Markdown.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="maintenance",
            name="announced_until",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The end that was announced first, if it was extended.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="ends_itself",
            field=models.BooleanField(
                default=True, help_text="Never before all steps are done and all services are back."
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="estimated_until",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When it is expected to end, while it runs over.", null=True
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="expects_downtime",
            field=models.BooleanField(blank=True, help_text="Empty: nothing is said about it.", null=True),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="impact_level",
            field=models.CharField(
                blank=True,
                choices=[("none", "None"), ("low", "Low"), ("medium", "Medium"), ("high", "High")],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="is_changed_alone",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="notify_end",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="notify_start",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="occurs_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When the series puts it, wherever it was moved to.", null=True
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="reason",
            field=models.CharField(
                blank=True,
                help_text="Why it is urgent, or announced later than its kind's rule says. Shown.",
                max_length=500,
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="regions",
            field=models.ManyToManyField(blank=True, related_name="maintenances", to="components.region"),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="revision",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="starts_itself",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="takes_platform_down",
            field=models.BooleanField(
                default=False, help_text="While it runs, /maintenance/ answers 503 for the platform."
            ),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="what_to_do",
            field=models.TextField(blank=True, help_text="Markdown: what customers can do meanwhile."),
        ),
        migrations.AddField(
            model_name="maintenance",
            name="kind",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="maintenances",
                to="incidents.maintenancekind",
            ),
        ),
        migrations.CreateModel(
            name="MaintenanceReminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.DurationField()),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "maintenance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to="incidents.maintenance",
                    ),
                ),
            ],
            options={
                "ordering": ["due_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=statuspage.core.identifiers.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("title", models.CharField(max_length=250)),
                ("message", models.TextField(help_text="Markdown: the first word of each window.")),
                ("rrule", models.CharField(help_text="Such as FREQ=MONTHLY;BYDAY=1TU,3TU", max_length=500)),
                ("first_date", models.DateField(help_text="The day from which the rule counts.")),
                ("begins", models.TimeField(help_text="Wall-clock time in the page's zone.")),
                ("duration", models.DurationField()),
                ("announce_before", models.DurationField(help_text="Each window is announced this long ahead.")),
                ("reminders", models.JSONField(default=list, help_text="Seconds before the beginning.")),
                ("expects_downtime", models.BooleanField(blank=True, null=True)),
                ("takes_platform_down", models.BooleanField(default=False)),
                (
                    "impact_level",
                    models.CharField(
                        blank=True,
                        choices=[("none", "None"), ("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=16,
                    ),
                ),
                ("impact_note", models.CharField(blank=True, max_length=300)),
                ("ended_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("components", models.ManyToManyField(blank=True, related_name="+", to="components.component")),
                (
                    "kind",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="incidents.maintenancekind",
                    ),
                ),
                ("regions", models.ManyToManyField(blank=True, related_name="+", to="components.region")),
            ],
            options={
                "verbose_name_plural": "maintenance series",
                "ordering": ["title", "pk"],
            },
        ),
        migrations.AddField(
            model_name="maintenance",
            name="series",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="occurrences",
                to="incidents.maintenanceseries",
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("impact_level", ""), ("impact_level__in", ["none", "low", "medium", "high"]), _connector="OR"
                ),
                name="maintenance_impact_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenance",
            constraint=models.UniqueConstraint(fields=("series", "occurs_at"), name="one_window_an_occurrence"),
        ),
        migrations.AddField(
            model_name="maintenanceservice",
            name="component",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="components.component"
            ),
        ),
        migrations.AddField(
            model_name="maintenanceservice",
            name="maintenance",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="services", to="incidents.maintenance"
            ),
        ),
        migrations.AddField(
            model_name="maintenancestep",
            name="maintenance",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="incidents.maintenance"
            ),
        ),
        migrations.AddIndex(
            model_name="maintenancereminder",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)), fields=["due_at"], name="reminders_to_come"
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenancereminder",
            constraint=models.UniqueConstraint(fields=("maintenance", "before"), name="one_reminder_a_time"),
        ),
        migrations.AddConstraint(
            model_name="maintenanceservice",
            constraint=models.UniqueConstraint(
                fields=("maintenance", "component"), name="one_service_a_window_and_component"
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenanceservice",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["operational", "read_only", "queued", "restarting", "offline"])),
                name="service_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenancestep",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "skipped"])),
                name="step_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenancestep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")), fields=("maintenance",), name="one_step_at_a_time"
            ),
        ),
    ]
