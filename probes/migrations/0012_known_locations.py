"""Every location that probes are measured from is known as one."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def know_locations(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    names = apps.get_model("probes", "ProbeLocation").objects.order_by().values_list("location", flat=True).distinct()
    location = apps.get_model("probes", "Location")
    location.objects.bulk_create([location(name=name) for name in names], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("probes", "0011_locations_and_dependencies")]

    operations = [migrations.RunPython(know_locations, migrations.RunPython.noop)]
