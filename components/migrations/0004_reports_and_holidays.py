"""What the page takes from visitors, and whose holidays are no business days."""

from datetime import timedelta

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0003_private_incidents"),
    ]

    operations = [
        migrations.AddField(
            model_name="page",
            name="accepts_reports",
            field=models.BooleanField(default=True, help_text="Visitors may tell us of a problem."),
        ),
        migrations.AddField(
            model_name="page",
            name="holidays",
            field=models.CharField(
                blank=True,
                help_text="Whose holidays are no business days: a country such as GB, or a part of one, such as DE-BY.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="reports_to_signal",
            field=models.PositiveSmallIntegerField(
                default=3, help_text="So many reports while the page is green raise a signal."
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="reports_within",
            field=models.DurationField(default=timedelta(seconds=600), help_text="In how short a time."),
        ),
    ]
