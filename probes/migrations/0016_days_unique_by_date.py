"""The unique indexes of days begin with the date, so that one day of all probes lies together in them.

What reads by probe or component has the indexes of the sums, which begin with those.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0015_rules_cease")]

    operations = [
        migrations.RemoveConstraint(model_name="probeday", name="one_day_a_probe_and_date"),
        migrations.AddConstraint(
            model_name="probeday",
            constraint=models.UniqueConstraint(fields=("date", "probe", "location"), name="one_day_a_probe_and_date"),
        ),
        migrations.RemoveConstraint(model_name="componentday", name="one_day_a_component_and_date"),
        migrations.AddConstraint(
            model_name="componentday",
            constraint=models.UniqueConstraint(fields=("date", "component"), name="one_day_a_component_and_date"),
        ),
    ]
