"""How updates read before they were edited, and what machines found."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0004_promises_and_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("what", models.CharField(help_text="Which probe or rule, and from where.", max_length=160)),
                ("detail", models.CharField(blank=True, max_length=500)),
                (
                    "path",
                    models.CharField(blank=True, help_text="Where the public can see more of it.", max_length=300),
                ),
                ("staff_path", models.CharField(blank=True, max_length=300)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="evidence", to="incidents.incident"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "evidence",
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="UpdateRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.TextField()),
                ("display_at", models.DateTimeField()),
                ("edited_by", models.CharField(blank=True, max_length=150)),
                ("edited_at", models.DateTimeField(default=statuspage.core.clock.now)),
                (
                    "update",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="incidents.incidentupdate",
                    ),
                ),
            ],
            options={
                "ordering": ["-edited_at", "-pk"],
            },
        ),
    ]
