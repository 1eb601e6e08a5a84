"""What the page said when somebody reported a problem."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0012_phase_of_a_window"),
    ]

    operations = [
        migrations.AddField(
            model_name="outagereport",
            name="while_green",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="No incident was open and no component in trouble when they wrote.",
                verbose_name="page was green",
            ),
        ),
    ]
