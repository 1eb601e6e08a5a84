"""Reports from outside and the mails about them."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0008_writing"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutageReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=statuspage.core.identifiers.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                ("what", models.TextField()),
                ("country", models.CharField(blank=True, max_length=80)),
                ("isp", models.CharField(blank=True, max_length=160)),
                ("began", models.CharField(blank=True, help_text="As they wrote it.", max_length=160)),
                ("error_text", models.TextField(blank=True)),
                ("contact", models.CharField(blank=True, max_length=320)),
                (
                    "sender_hash",
                    models.CharField(blank=True, editable=False, help_text="Of the sender's address.", max_length=64),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "New"), ("linked", "Belongs to an incident"), ("closed", "Closed")],
                        default="new",
                        max_length=16,
                    ),
                ),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                ("handled_by", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to="components.component",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("forward", "To our support"), ("reply", "Answer")], max_length=16),
                ),
                ("to", models.CharField(max_length=320)),
                ("subject", models.CharField(max_length=250)),
                ("body", models.TextField()),
                ("author", models.CharField(blank=True, max_length=150)),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, default=statuspage.core.clock.now, help_text="Empty: no more tries.", null=True
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mails", to="incidents.outagereport"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="outagereport",
            index=models.Index(fields=["-created_at"], name="reports_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="outagereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["new", "linked", "closed"])), name="report_state_is_known"
            ),
        ),
        migrations.AddIndex(
            model_name="reportmail",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)), fields=["next_attempt_at"], name="report_mails_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["forward", "reply"])), name="report_mail_is_known"
            ),
        ),
    ]
