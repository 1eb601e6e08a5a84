"""When the beginning that stands now was said: moving a window announces it anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0013_reports_while_green"),
        ("incidents", "0013_timeline_of_a_postmortem"),
    ]

    operations = [
        migrations.AddField(
            model_name="maintenance",
            name="announced_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the beginning that stands now was said.",
                null=True,
            ),
        ),
    ]
