"""What those who want component changes were told last, a row a component."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0006_monthly_report"),
        ("incidents", "0017_severity_of_a_notice"),
    ]

    operations = [
        migrations.CreateModel(
            name="ToldState",
            fields=[
                (
                    "component",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="told",
                        serialize=False,
                        to="components.component",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("operational", "Operational"),
                            ("under_maintenance", "Maintenance"),
                            ("degraded_performance", "Degraded"),
                            ("partial_outage", "Partial outage"),
                            ("major_outage", "Major outage"),
                            ("unknown", "No data"),
                        ],
                        max_length=24,
                    ),
                ),
                ("at", models.DateTimeField(help_text="When this became the state that is told.")),
                (
                    "pending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("operational", "Operational"),
                            ("under_maintenance", "Maintenance"),
                            ("degraded_performance", "Degraded"),
                            ("partial_outage", "Partial outage"),
                            ("major_outage", "Major outage"),
                            ("unknown", "No data"),
                        ],
                        max_length=24,
                    ),
                ),
                ("pending_since", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
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
                        name="told_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("pending", ""), ("pending_since__isnull", True)),
                            models.Q(
                                (
                                    "pending__in",
                                    [
                                        "operational",
                                        "under_maintenance",
                                        "degraded_performance",
                                        "partial_outage",
                                        "major_outage",
                                        "unknown",
                                    ],
                                ),
                                ("pending_since__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="pending_goes_with_its_moment",
                    ),
                ],
            },
        ),
    ]
