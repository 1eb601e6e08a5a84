"""Days hold what slots did: the slots themselves need to live for days only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0005_objectives")]

    operations = [
        migrations.RemoveIndex(
            model_name="slot",
            name="slots_by_time",
        ),
        migrations.AddField(
            model_name="componentday",
            name="excluded",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="probeday",
            name="bad_slots",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="probeday",
            name="checks",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddField(
            model_name="probeday",
            name="degraded_slots",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="probeday",
            name="good_slots",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="probeday",
            name="hours",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddField(
            model_name="probeday",
            name="is_closed",
            field=models.BooleanField(default=False, help_text="Its slots are gone: what comes late is added."),
        ),
        migrations.AddField(
            model_name="probeday",
            name="last_failure_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="probeday",
            name="maintenance_slots",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="slot",
            name="is_changed",
            # The rows that are there are in their days already; new ones are not.
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="slot",
            name="is_changed",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="slot",
            name="last_failure_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="componentday",
            index=models.Index(
                fields=["component", "date", "good", "degraded", "bad", "maintenance", "excluded"],
                name="component_days_sums",
            ),
        ),
        migrations.AddIndex(
            model_name="probeday",
            index=models.Index(condition=models.Q(("is_closed", False)), fields=["date"], name="probe_days_open"),
        ),
        migrations.AddIndex(
            model_name="probeday",
            index=models.Index(
                fields=[
                    "probe",
                    "date",
                    "location",
                    "good_slots",
                    "degraded_slots",
                    "bad_slots",
                    "maintenance_slots",
                    "up",
                    "degraded",
                    "down",
                    "error",
                    "last_failure_at",
                ],
                name="probe_days_sums",
            ),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(condition=models.Q(("is_changed", True)), fields=["probe"], name="slots_changed"),
        ),
    ]
