"""The ladder a new page starts with; configuration may replace it."""

from datetime import timedelta

from django.db import migrations

LADDER = [
    {
        "slug": "critical",
        "name": "Critical",
        "rank": 1,
        "impact": "critical",
        "description": "A core service is down for everybody, or data is at risk.",
        "first_update": timedelta(minutes=15),
        "update_every": timedelta(minutes=30),
        "postmortem_business_days": 7,
    },
    {
        "slug": "major",
        "name": "Major",
        "rank": 2,
        "impact": "major",
        "description": "A core service is degraded, or unavailable for some customers.",
        "first_update": timedelta(minutes=30),
        "update_every": timedelta(minutes=60),
        "postmortem_business_days": 7,
    },
    {
        "slug": "minor",
        "name": "Minor",
        "rank": 3,
        "impact": "minor",
        "description": "A single service that is not critical is degraded.",
        "first_update": timedelta(minutes=60),
        "update_every": None,
        "postmortem_business_days": None,
    },
]


def add_ladder(apps, schema_editor):
    policy = apps.get_model("incidents", "SeverityPolicy")
    for rung in LADDER:
        policy.objects.get_or_create(slug=rung["slug"], defaults=rung)


def remove_unused(apps, schema_editor):
    policy = apps.get_model("incidents", "SeverityPolicy")
    policy.objects.filter(slug__in=[rung["slug"] for rung in LADDER], incidents__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]

    operations = [migrations.RunPython(add_ladder, remove_unused)]
