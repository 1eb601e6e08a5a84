"""What the numbers cost: percentages of any window, bytes a year, and the roll-up of each minute.

python -m benchmarks.uptime [--probes 1000] [--days 90] [--rounds 21] [--objectives 50] [--rolled-up 10000]
                            [--only sqlite|postgres] [--growth]

One probe at one location for each component, throw-away PostgreSQL and SQLite; a table in Markdown for each.
`--growth` measures the same again at ten times the probes, and at ten times the days: about ten minutes more for each.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY, SLOT = timedelta(days=1), timedelta(minutes=5)
BATCH = 2_000
# So many different days are invented and used again and again.
KINDS_OF_DAY = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--objectives", type=int, default=50)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--rolled-up", type=int, default=10_000)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options)
        return
    for name in ("postgres", "sqlite"):
        if options.only in (None, name):
            run(name)
            if options.growth:
                # The last of a flag counts.
                run(name, "--probes", str(10 * options.probes), "--rolled-up", "0")
                run(name, "--days", str(10 * options.days), "--rolled-up", "0")


def run(name: str, *more: str) -> None:
    """In a process of its own: a process has one set of settings."""
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as folder:
        env = {**os.environ, "DATA_DIR": folder, "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
        for unwanted in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL", "EDITION_DIR"):
            env.pop(unwanted, None)
        command = [sys.executable, "-m", "benchmarks.uptime", "--here", *sys.argv[1:], *more]
        if name == "sqlite":
            subprocess.run(command, env=env, check=True)
            return
        from tests.services import postgres

        with postgres() as server:
            subprocess.run(command, env={**env, "DATABASE_URL": server.url, "SECRET_KEY": "benchmark"}, check=True)


def measure(options: argparse.Namespace) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    chance = random.Random(2026)
    ids = make_probes(options.probes, "p")
    size = database_size()
    make_days(ids, options.days, chance)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(f"\n{connection.vendor}: {options.probes} probes × {options.days} days, medians of {options.rounds}\n")
    print("| | wall | of processor |\n|---|--:|--:|")
    report_windows(ids, options, chance)
    report_sizes(size, options)
    if options.rolled_up:
        report_roll_up(make_probes(options.rolled_up, "r"), chance)


def make_probes(count: int, prefix: str) -> list[tuple[int, int]]:
    """Probe and component ids."""
    from components.models import Component
    from probes.models import Probe, ProbeLocation

    Component.objects.bulk_create(
        [Component(slug=f"{prefix}{n}", name=f"{prefix} {n}", position=n) for n in range(count)], batch_size=BATCH
    )
    components = Component.objects.filter(slug__startswith=prefix).order_by("pk")
    Probe.objects.bulk_create(
        [Probe(component=one, slug=one.slug, name=one.name, kind="http") for one in components], batch_size=BATCH
    )
    found = list(Probe.objects.filter(slug__startswith=prefix).order_by("pk").values_list("pk", "component_id"))
    ProbeLocation.objects.bulk_create([ProbeLocation(probe_id=pk) for pk, _ in found], batch_size=BATCH)
    return found


def invented_day(chance: random.Random) -> dict[str, Any]:
    """Ten checks in five minutes; nine days of ten have nothing to tell."""
    from probes.histogram import bucket_of, encode
    from probes.series import Checks, DayChecks, pack_checks, pack_hours

    states, checks = bytearray([1]) * 288, DayChecks()
    bad = range(begin := chance.randrange(280), begin + chance.randrange(1, 8)) if chance.random() < 0.1 else range(0)
    hours: list[Counter[int]] = [Counter() for _ in range(24)]
    usual = chance.uniform(20, 200)
    for index in range(288):
        down = chance.randrange(3, 11) if index in bad else 0
        states[index] = 3 if down else 1
        checks.add(index, Checks(up=10 - down, down=down))
        for _ in range(10 - down):
            hours[index // 12][bucket_of(usual * chance.lognormvariate(0, 0.25))] += 1
    return {
        "slots": bytes(states),
        "good_slots": states.count(1),
        "bad_slots": states.count(3),
        "checks": pack_checks(checks),
        "up": sum(checks.up),
        "down": sum(checks.down),
        "histogram": encode(sum(hours, Counter())),
        "hours": pack_hours(hours),
    }


def make_days(ids: list[tuple[int, int]], days: int, chance: random.Random) -> None:
    from probes.models import ComponentDay, ProbeDay
    from statuspage.core import clock

    kinds = [invented_day(chance) for _ in range(KINDS_OF_DAY)]
    today = clock.now().date()
    # As time writes them: a day of all probes after the other.
    for back in range(days, -1, -1):
        day = today - back * DAY
        has_hours = back <= 100
        rows, sums = [], []
        for probe_id, component_id in ids:
            kind = chance.choice(kinds)
            rows.append(probe_day(probe_id, day, kind, has_hours=has_hours))
            sums.append(
                ComponentDay(
                    component_id=component_id,
                    date=day,
                    good=kind["good_slots"],
                    bad=kind["bad_slots"],
                    worst="operational",
                    slots=kind["slots"],
                )
            )
        ProbeDay.objects.bulk_create(rows, batch_size=BATCH)
        ComponentDay.objects.bulk_create(sums, batch_size=BATCH)


def probe_day(probe_id: int, day: date, kind: dict[str, Any], *, has_hours: bool) -> Any:
    from probes.models import ProbeDay

    values = kind if has_hours else {**kind, "hours": b""}
    return ProbeDay(probe_id=probe_id, location="default", date=day, is_closed=True, **values)


def database_size() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_total_relation_size('probes_probeday') + pg_total_relation_size('probes_componentday')"
            )
            return int(cursor.fetchone()[0])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = int(cursor.fetchone()[0])
        cursor.execute("PRAGMA page_size")
        return pages * int(cursor.fetchone()[0])


def report_sizes(before: int, options: argparse.Namespace) -> None:
    a_day = (database_size() - before) / (options.probes * (options.days + 1))
    print(f"| bytes for a probe and a day, indexes and the component's day included | {a_day:,.0f} | |")
    print(f"| bytes for a probe and a year | {a_day * 365:,.0f} | |")


def report_windows(ids: list[tuple[int, int]], options: argparse.Namespace, chance: random.Random) -> None:
    from probes.objectives.report import month_report
    from probes.objectives.sla_feed import sla_feed
    from probes.windows import component_counts, component_intervals, month_window, probe_counts, rolling
    from statuspage.core import clock

    now = clock.now()
    probes, components = [one for one, _ in ids], [one for _, one in ids]
    last_month = (now.replace(day=1) - DAY).strftime("%Y-%m")
    month = month_window(last_month, ZoneInfo("Europe/London"))

    def window() -> tuple[datetime, datetime]:
        begin = now - timedelta(minutes=chance.randrange(options.days * 1440))
        return begin, begin + timedelta(minutes=chance.randrange(10, 60 * 1440))

    def say(what: str, call: Callable[[], object]) -> None:
        wall, processor = median_ms(call, options.rounds)
        print(f"| {what} | {wall:.2f} ms | {processor:.2f} ms |")

    say("rolling 30 days of all components", lambda: component_counts(components, *rolling(30, now)))
    say("a calendar month of all components, in London's zone", lambda: component_counts(components, *month))
    say("rolling 30 days of all probes, with checks and failures", lambda: probe_counts(probes, *rolling(30, now)))
    say("any window of one component", lambda: component_counts([chance.choice(components)], *window()))
    say("any window of one probe, with checks", lambda: probe_counts([chance.choice(probes)], *window()))
    say("a month of one component, interval by interval", lambda: list(component_intervals(components[0], *month)))
    say("checks by target, `/v1/status/sla`", sla_feed)
    make_objectives(components, options.objectives, begin=month[0])
    say(f"the report of last month, {options.objectives} objectives", lambda: month_report(last_month))
    say(f"the report of this month, {options.objectives} objectives", lambda: month_report(now.strftime("%Y-%m")))


def make_objectives(components: list[int], count: int, *, begin: datetime) -> None:
    """As many promises of availability: of ten, nine about a component and one about twenty together."""
    from probes.models import Objective

    for number in range(count):
        words = {"slug": f"o{number}", "name": f"Objective {number}", "kind": "availability"}
        window = "rolling_30d" if number % 2 else "calendar_month"
        objective = Objective.objects.create(**words, window=window, target="99.9", started_at=begin)
        first = number * 20 % len(components)
        objective.components.set(components[first : first + (20 if number % 10 == 0 else 1)])


def report_roll_up(ids: list[tuple[int, int]], chance: random.Random) -> None:
    """Five minutes of all probes: a slot begins, four minutes change nothing, and the one before is folded."""
    from probes.histogram import bucket_of, encode
    from probes.models import ComponentDay, ProbeDay, Slot
    from probes.rollup import roll_up
    from statuspage.core import clock

    ids = sorted(ids)
    latencies = [
        encode(Counter(bucket_of(100 * chance.lognormvariate(0, 0.25)) for _ in range(10))) for _ in range(200)
    ]

    def slots(starts_at: datetime) -> Iterator[Slot]:
        for probe_id, _ in ids:
            yield Slot(
                probe_id=probe_id,
                location="default",
                starts_at=starts_at,
                up=10,
                histogram=chance.choice(latencies),
            )

    now = clock.now()
    running = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)
    for back in (3, 2):
        Slot.objects.bulk_create(slots(running - back * SLOT), batch_size=BATCH)
    # The days are there, as they are but for the first minute of a day.
    for _ in range(100):
        roll_up()
        if not Slot.objects.filter(is_folded=False, starts_at__lt=running - SLOT).exists():
            break
    Slot.objects.bulk_create(slots(running - SLOT), batch_size=BATCH)
    Slot.objects.bulk_create(slots(running), batch_size=BATCH)
    taken, worked = [], []
    for _ in range(5):
        started, work_started = time.perf_counter(), time.process_time()
        roll_up()
        taken.append(time.perf_counter() - started)
        worked.append(time.process_time() - work_started)
    assert ProbeDay.objects.filter(probe_id__in=[one for one, _ in ids[:10]]).exists()
    assert ComponentDay.objects.filter(component_id__in=[one for _, one in ids[:10]]).exists()
    print(f"| roll-up of {len(ids)} probes, five runs of a minute each, s | {shown(taken)} | {shown(worked)} |")


def shown(seconds: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds) + f" (mean {statistics.mean(seconds):.2f})"


def median_ms(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """After one that does not count; the second without what the database did in processes of its own."""
    call()
    taken, worked = [], []
    for _ in range(rounds):
        started, work_started = time.perf_counter(), time.process_time()
        call()
        taken.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - work_started) * 1000)
    return statistics.median(taken), statistics.median(worked)


if __name__ == "__main__":
    main()
