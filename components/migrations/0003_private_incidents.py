from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("components", "0002_longer_source_ids")]

    operations = [
        migrations.AddField(
            model_name="page",
            name="private_incidents",
            field=models.BooleanField(
                default=False,
                help_text=("New incidents publish severity, status and times only, unless staff say otherwise."),
            ),
        ),
    ]
