"""What is left out of uptime afterwards, and the audit of it."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0001_initial"),
        ("incidents", "0002_default_severities"),
        ("probes", "0007_fill_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=statuspage.core.identifiers.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("maintenance", "Maintenance"), ("not_ours", "Not ours")], max_length=16
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(help_text="Shown to everybody.", max_length=500)),
                ("author", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("withdrawn_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("withdrawn_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("withdrawn_reason", models.CharField(blank=True, editable=False, max_length=500)),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="CorrectionEffect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("is_withdrawal", models.BooleanField(default=False)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("at", models.DateTimeField(default=statuspage.core.clock.now)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="correction",
            name="components",
            field=models.ManyToManyField(related_name="corrections", to="components.component"),
        ),
        migrations.AddField(
            model_name="correction",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="corrections",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="maintenance",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="corrections",
                to="incidents.maintenance",
            ),
        ),
        migrations.AddField(
            model_name="correctioneffect",
            name="component",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="components.component"
            ),
        ),
        migrations.AddField(
            model_name="correctioneffect",
            name="correction",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="effects", to="probes.correction"
            ),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=["starts_at", "ends_at"],
                name="corrections_valid",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["maintenance", "not_ours"])), name="correction_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="correction_ends_after_it_begins"
            ),
        ),
    ]
