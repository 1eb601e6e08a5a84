"""Which months were reported on: one row a month."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0018_told_states"),
        ("probes", "0017_reports_awaited"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthlyReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "month",
                    models.CharField(help_text="Such as 2026-10, in the page's zone.", max_length=7, unique=True),
                ),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="incidents.notice",
                    ),
                ),
            ],
            options={
                "ordering": ["-month"],
            },
        ),
    ]
