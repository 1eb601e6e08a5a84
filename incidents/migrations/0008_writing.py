"""Templates, drafts and the pages that staff write."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0007_postmortems"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContentPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("title", models.CharField(max_length=160)),
                ("body", models.TextField(help_text="Markdown.")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "places",
                    models.JSONField(
                        blank=True, default=list, help_text="Where it is linked: footer, incident, report."
                    ),
                ),
                ("is_published", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
            ],
            options={
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="Draft",
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
                        choices=[("declare", "New incident"), ("update", "Update"), ("resolve", "Resolution")],
                        max_length=16,
                    ),
                ),
                ("form", models.JSONField(default=dict)),
                ("author", models.CharField(blank=True, max_length=150)),
                ("publish_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["-updated_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("publish_at__isnull", False)),
                        fields=["publish_at"],
                        name="drafts_to_be_published",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["declare", "update", "resolve"])), name="draft_kind_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("incident__isnull", True), ("kind", "declare")),
                            models.Q(models.Q(("kind", "declare"), _negated=True), ("incident__isnull", False)),
                            _connector="OR",
                        ),
                        name="draft_has_its_incident",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("incident", "New incident"),
                            ("update", "Update"),
                            ("resolution", "Resolution"),
                            ("maintenance", "Maintenance"),
                            ("reply", "Answer to a report"),
                        ],
                        default="incident",
                        max_length=16,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("title", models.CharField(blank=True, max_length=250)),
                ("body", models.TextField(help_text="Markdown, with blanks such as [[service]].")),
                (
                    "status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("investigating", "Investigating"),
                            ("identified", "Identified"),
                            ("monitoring", "Monitoring"),
                            ("resolved", "Resolved"),
                        ],
                        max_length=16,
                    ),
                ),
                ("components", models.ManyToManyField(blank=True, related_name="+", to="components.component")),
                (
                    "severity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="incidents.severitypolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "position", "name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["incident", "update", "resolution", "maintenance", "reply"])),
                        name="template_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", ""),
                            ("status__in", ["investigating", "identified", "monitoring", "resolved"]),
                            _connector="OR",
                        ),
                        name="template_status_is_known",
                    ),
                ],
            },
        ),
    ]
