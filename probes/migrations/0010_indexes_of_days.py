"""The days whose hours may go are found without reading all days; an index that another one begins with is dropped."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0009_metrics")]

    operations = [
        migrations.AddIndex(
            model_name="probeday",
            index=models.Index(
                condition=models.Q(("hours", b""), _negated=True), fields=["date"], name="probe_days_with_hours"
            ),
        ),
        migrations.AlterField(
            model_name="probeday",
            name="probe",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="days",
                to="probes.probe",
            ),
        ),
        migrations.AlterField(
            model_name="componentday",
            name="component",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="days",
                to="components.component",
            ),
        ),
    ]
