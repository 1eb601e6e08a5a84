from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0003_more_kinds")]

    operations = [
        migrations.AddField(
            model_name="proberesult",
            name="value",
            field=models.FloatField(help_text="What its kind measures besides: days left, jobs waiting.", null=True),
        ),
    ]
