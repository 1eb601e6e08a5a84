"""A word for what is being done now."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0011_default_maintenance_kinds"),
    ]

    operations = [
        migrations.AddField(
            model_name="maintenance",
            name="phase",
            field=models.CharField(
                blank=True,
                help_text="A word for what is being done now, such as verifying. Shown while it runs.",
                max_length=40,
            ),
        ),
    ]
