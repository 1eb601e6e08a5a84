"""Where the product itself is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0004_reports_and_holidays"),
    ]

    operations = [
        migrations.AddField(
            model_name="page",
            name="home_url",
            field=models.URLField(blank=True, help_text="Where the product itself is.", max_length=300),
        ),
    ]
