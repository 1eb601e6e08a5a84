"""Count the states of the days that are there, and have those that still have their slots made anew from them."""

from datetime import UTC

from django.db import migrations
from django.db.models.functions import TruncDate

CHUNK = 1_000
GOOD, DEGRADED, BAD, MAINTENANCE = 1, 2, 3, 4


def fill(apps, schema_editor):
    probe_days = apps.get_model("probes", "ProbeDay")
    slots = apps.get_model("probes", "Slot")
    database = schema_editor.connection.alias
    days = probe_days.objects.using(database)
    last = 0
    while rows := list(days.filter(pk__gt=last).order_by("pk").only("pk", "slots", "date")[:CHUNK]):
        for row in rows:
            states = bytes(row.slots)
            row.good_slots = states.count(GOOD)
            row.degraded_slots = states.count(DEGRADED)
            row.bad_slots = states.count(BAD)
            row.maintenance_slots = states.count(MAINTENANCE)
        fields = ["good_slots", "degraded_slots", "bad_slots", "maintenance_slots"]
        days.bulk_update(rows, fields, batch_size=200)
        last = rows[-1].pk
    days.update(is_closed=True)
    with_slots = slots.objects.using(database).annotate(day=TruncDate("starts_at", tzinfo=UTC))
    for probe_id, location, day in with_slots.order_by().values_list("probe_id", "location", "day").distinct():
        days.filter(probe_id=probe_id, location=location, date=day).update(is_closed=False, is_dirty=True)


class Migration(migrations.Migration):
    dependencies = [("probes", "0006_days_keep_everything")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
