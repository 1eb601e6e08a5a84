"""The kinds of windows that most pages have; staff and configuration change them."""

from datetime import timedelta

from django.db import migrations

KINDS = [
    {
        "slug": "routine",
        "name": "Routine",
        "lead_time": timedelta(hours=72),
        "needs_reason": False,
        "description": "Planned work that comes back, such as updates of databases and infrastructure.",
    },
    {
        "slug": "other",
        "name": "Planned",
        "lead_time": timedelta(hours=48),
        "needs_reason": False,
        "description": "A planned change with potential impact.",
    },
    {
        "slug": "urgent",
        "name": "Urgent",
        "lead_time": None,
        "needs_reason": True,
        "description": "Work that cannot wait, such as a security patch. We say why.",
    },
]


def add_kinds(apps, schema_editor):
    kinds = apps.get_model("incidents", "MaintenanceKind")
    for position, kind in enumerate(KINDS):
        kinds.objects.get_or_create(slug=kind["slug"], defaults={**kind, "position": position})


def remove_unused(apps, schema_editor):
    kinds = apps.get_model("incidents", "MaintenanceKind")
    kinds.objects.filter(slug__in=[kind["slug"] for kind in KINDS], maintenances=None, series=None).delete()


class Migration(migrations.Migration):
    dependencies = [("incidents", "0010_mails_to_customers")]

    operations = [migrations.RunPython(add_kinds, remove_unused)]
