"""Mails to all customers, and the new kinds of notices and signals."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0009_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=statuspage.core.identifiers.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                ("subject", models.CharField(max_length=250)),
                ("body", models.TextField(help_text="Markdown.")),
                ("requested_by", models.CharField(max_length=150)),
                ("requested_at", models.DateTimeField(default=statuspage.core.clock.now)),
                ("confirmed_by", models.CharField(blank=True, max_length=150)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=150)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-requested_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="signal",
            name="signal_source_is_known",
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("incident.created", "Incident declared"),
                    ("incident.updated", "Incident updated"),
                    ("incident.resolved", "Incident resolved"),
                    ("maintenance.scheduled", "Maintenance announced"),
                    ("maintenance.reminder", "Maintenance reminder"),
                    ("maintenance.started", "Maintenance begun"),
                    ("maintenance.updated", "Maintenance updated"),
                    ("maintenance.completed", "Maintenance completed"),
                    ("maintenance.cancelled", "Maintenance cancelled"),
                    ("postmortem.published", "Postmortem published"),
                    ("customers.mail", "Mail to all customers"),
                ],
                max_length=32,
            ),
        ),
        migrations.AlterField(
            model_name="signal",
            name="source",
            field=models.CharField(
                choices=[
                    ("probe", "Probe"),
                    ("rule", "Rule of a probe"),
                    ("engine", "Probe engine"),
                    ("monitoring", "Monitoring of ourselves"),
                    ("deadline", "A word that is due"),
                    ("reports", "Reports from outside"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "incident.created",
                            "incident.updated",
                            "incident.resolved",
                            "maintenance.scheduled",
                            "maintenance.reminder",
                            "maintenance.started",
                            "maintenance.updated",
                            "maintenance.completed",
                            "maintenance.cancelled",
                            "postmortem.published",
                            "customers.mail",
                        ],
                    )
                ),
                name="notice_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="signal",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["probe", "rule", "engine", "monitoring", "deadline", "reports"])),
                name="signal_source_is_known",
            ),
        ),
        migrations.AddField(
            model_name="customermail",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="customer_mails", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="customermail",
            name="notice",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="customer_mail",
                to="incidents.notice",
            ),
        ),
        migrations.AddConstraint(
            model_name="customermail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_at__isnull", True),
                    models.Q(("confirmed_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="customer_mail_needs_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="customermail",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"),
                name="customer_mail_is_sent_or_withdrawn",
            ),
        ),
    ]
