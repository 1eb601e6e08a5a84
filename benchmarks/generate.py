"""Invented data for the benchmarks, in a folder of its own that is removed afterwards.

    python -m benchmarks.generate DATA_DIR [--components 60] [--days 90] [--incidents 819] [--history FILE]

`--history` imports real incidents (JSON Lines, see `manage.py import_statuspage`) in place of invented ones.
"""

import argparse
import io
import os
import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.models import Component
    from probes.models import Probe, ProbeDay

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("API", "Web", "Search", "Billing", "Webhooks", "Sign-in", "Uploads", "Messages", "Reports", "Exports")
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south", "sa-east")
SLOTS_A_DAY = 288


def set_up(data_dir: Path) -> None:
    """Point Django at an empty database below `data_dir`. Must come before anything of the product is imported."""
    os.environ["DATA_DIR"] = str(data_dir)
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL", "EDITION_DIR"):
        os.environ.pop(name, None)
    os.environ["STATIC_ROOT"] = str(data_dir / "static")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def fill(*, components: int, days: int, incidents: int, history: Path | None = None) -> None:
    """The same data every time: chance is seeded."""
    from components.models import Page

    chance = random.Random(2026)
    Page.current()
    made = _components(components)
    _measurements(made, days, chance)
    if history is not None:
        from django.core.management import call_command

        call_command("import_statuspage", str(history), verbosity=0, stdout=io.StringIO())
    else:
        _incidents(made, incidents, chance)


def _components(count: int) -> "list[Component]":
    from components.models import Component, Group

    groups = [
        Group.objects.create(slug=f"group-{n}", name=f"{region} services", position=n)
        for n, region in enumerate(REGIONS)
    ]
    return [
        Component.objects.create(
            slug=f"component-{n}",
            name=f"{SERVICES[n % len(SERVICES)]} {REGIONS[n // len(SERVICES) % len(REGIONS)]} {n}",
            note=f"{SERVICES[n % len(SERVICES)].lower()}-{n}.example.com",
            group=groups[n // len(SERVICES) % len(groups)],
            position=n,
            status="operational",
        )
        for n in range(count)
    ]


def _measurements(components: "list[Component]", days: int, chance: random.Random) -> None:
    from components.enums import ComponentStatus
    from probes.models import ComponentDay, Probe, ProbeDay, ProbeLocation
    from statuspage.core import clock

    now = clock.now()
    rows = []
    latencies: list[ProbeDay] = []
    for component in components:
        probe = Probe.objects.create(component=component, slug=f"{component.slug}-http", name="HTTP", kind="http")
        ProbeLocation.objects.create(
            probe=probe,
            state="up",
            next_due_at=now + timedelta(days=1),
            last_result_at=now,
            last_outcome="up",
            last_latency_ms=chance.uniform(5, 300),
            last_detail="HTTP 200 in 41 ms",
        )
        latencies += _latencies(probe, now, chance)
        for back in range(days):
            bad = chance.choice([0] * 40 + [1, 2, 5, 30])
            slow = chance.choice([0] * 20 + [3, 8])
            worst = ComponentStatus.OPERATIONAL
            if slow:
                worst = ComponentStatus.DEGRADED_PERFORMANCE
            if bad:
                worst = ComponentStatus.MAJOR_OUTAGE
            rows.append(
                ComponentDay(
                    component=component,
                    date=(now - timedelta(days=back)).date(),
                    good=SLOTS_A_DAY - bad - slow,
                    bad=bad,
                    degraded=slow,
                    worst=worst,
                    slots=bytes([1]) * (SLOTS_A_DAY - bad - slow) + bytes([2]) * slow + bytes([3]) * bad,
                )
            )
    ComponentDay.objects.bulk_create(rows, batch_size=500)
    ProbeDay.objects.bulk_create(latencies, batch_size=500)


def _latencies(probe: "Probe", now: datetime, chance: random.Random) -> "list[ProbeDay]":
    """Two days by the hour, which is what a component's own page draws."""
    from probes.histogram import bucket_of, encode
    from probes.models import ProbeDay
    from probes.series import pack_hours

    middle = chance.uniform(5, 300)
    days = []
    for back in range(2):
        hours = [Counter(bucket_of(chance.lognormvariate(0, 0.3) * middle) for _ in range(120)) for _ in range(24)]
        whole: Counter[int] = sum(hours, Counter())
        days.append(
            ProbeDay(
                probe=probe,
                location="default",
                date=(now - timedelta(days=back)).date(),
                slots=bytes([1]) * SLOTS_A_DAY,
                good_slots=SLOTS_A_DAY,
                up=SLOTS_A_DAY * 10,
                hours=pack_hours(hours),
                histogram=encode(whole),
            )
        )
    return days


def _incidents(components: "list[Component]", count: int, chance: random.Random) -> None:
    """Over four years, the newest yesterday, all resolved; five updates each."""
    from incidents.models import AffectedComponent, Incident, IncidentUpdate, SeverityPolicy
    from statuspage.core import clock

    severities, now = list(SeverityPolicy.objects.all()), clock.now()
    steps = ("investigating", "identified", "identified", "monitoring", "resolved")
    for n in range(count):
        started: datetime = now - timedelta(days=1 + n * 1460 / max(count, 1))
        resolved = started + timedelta(minutes=chance.randint(10, 400))
        incident = Incident.objects.create(
            reference=f"INC-{started:%Y-%m%d}-{n}",
            title=f"Errors in {chance.choice(SERVICES)}",
            severity=chance.choice(severities),
            status="resolved",
            started_at=started,
            contained_at=resolved,
            resolved_at=resolved,
        )
        AffectedComponent.objects.create(incident=incident, component=chance.choice(components), status="operational")
        IncidentUpdate.objects.bulk_create(
            IncidentUpdate(
                incident=incident,
                status=status,
                body="We are looking into **elevated error rates** and will say more within half an hour. " * 3,
                display_at=started + (resolved - started) * step / (len(steps) - 1),
            )
            for step, status in enumerate(steps)
        )


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", type=int, default=60)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--incidents", type=int, default=819)
    parser.add_argument("--history", type=Path)
    return parser


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("data_dir", type=Path)
    options = parser.parse_args()
    set_up(options.data_dir.resolve())
    fill(components=options.components, days=options.days, incidents=options.incidents, history=options.history)
    print(f"{options.data_dir}: {options.components} components, {options.days} days of each")


if __name__ == "__main__":
    main()
