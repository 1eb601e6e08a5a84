"""Whether a report of each month is made for those who subscribed to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0005_home_url"),
    ]

    operations = [
        migrations.AddField(
            model_name="page",
            name="monthly_report",
            field=models.BooleanField(
                default=True,
                help_text="On the first of a month, a report of the last one for those who subscribed to it.",
            ),
        ),
    ]
