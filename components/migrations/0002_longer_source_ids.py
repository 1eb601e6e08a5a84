"""A claim may come from a rule of a probe: the probe's slug, and behind it the rule's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("components", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="statuschange",
            name="source_id",
            field=models.CharField(blank=True, max_length=130),
        ),
        migrations.AlterField(
            model_name="statusclaim",
            name="source_id",
            field=models.CharField(blank=True, max_length=130),
        ),
    ]
