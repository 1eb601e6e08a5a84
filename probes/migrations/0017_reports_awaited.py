from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0016_days_unique_by_date")]

    operations = [
        migrations.AddField(
            model_name="probe",
            name="awaited_since",
            field=models.DateTimeField(
                editable=False,
                help_text="Since when reports are waited for, if not since it was made: it was resumed, or told otherwise.",
                null=True,
            ),
        ),
    ]
