"""Several locations with a quorum, probes that depend on others, outages that come and go."""

import datetime as dt

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0010_indexes_of_days")]

    operations = [
        migrations.CreateModel(
            name="Location",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                (
                    "last_seen_at",
                    models.DateTimeField(help_text="When a worker there last took something.", null=True),
                ),
                (
                    "called_at",
                    models.DateTimeField(help_text="When a silent one was last asked whether it is there.", null=True),
                ),
            ],
        ),
        migrations.AddField(
            model_name="probe",
            name="quorum",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="So many locations must see it down; empty: most of those with fresh results.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="probe",
            name="depends_on",
            field=models.ManyToManyField(
                blank=True,
                help_text="They fail first when it fails.",
                related_name="dependents",
                to="probes.probe",
            ),
        ),
        migrations.AddField(
            model_name="probe",
            name="hold",
            field=models.DurationField(
                default=dt.timedelta(minutes=30),
                help_text="Another outage within this time of the last belongs to the same incident.",
            ),
        ),
        migrations.AddField(
            model_name="probe",
            name="calm",
            field=models.DurationField(
                default=dt.timedelta(minutes=15),
                help_text="What comes and goes is over once it has been up for so long.",
            ),
        ),
        migrations.AddField(
            model_name="probe",
            name="is_held_back",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="It is down, and its incident waits for what it depends on.",
            ),
        ),
        migrations.AddField(
            model_name="probelocation",
            name="retired_at",
            field=models.DateTimeField(blank=True, help_text="Since when it is not measured from here.", null=True),
        ),
        migrations.AddConstraint(
            model_name="probe",
            constraint=models.CheckConstraint(
                condition=models.Q(quorum__isnull=True) | models.Q(quorum__gte=1), name="probe_quorum_is_positive"
            ),
        ),
    ]
