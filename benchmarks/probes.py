"""How many probes one worker process keeps up with: claimed, checked and recorded, none missed.

    python -m benchmarks.probes [--probes 10000] [--interval 30] [--minutes 10] [--timeout 5] [--hang 0.5]
                                [--sqlite] [--keep]

A throw-away PostgreSQL and Redis, a target on 127.0.0.1 in a process of its own, beat, and one Celery worker with the
queues and the pool of docker-compose.yml. `--sqlite` is the embedded mode instead: SQLite, the file broker and beat in
the worker, as `make run` has it. `--hang` is the share of targets that accept and never answer.

The window begins with the first check, so it has the first round in it, in which every verdict is new. Lag is when a
check was begun less when it was due. Rows are exact when each probe that answers has one result for each of its turns
in the window. Processor time and memory are those of the worker and of all it started, read from /proc every second.
Prints a Markdown table.
"""

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.generate import ROOT
from benchmarks.usage import Usage, busiest
from statuspage.management.processes import Child, stop_children
from tests.services import free_port, postgres, redis_server

PORTS = 8
PROBES_A_COMPONENT = 10
BASELINE_REQUESTS = 4000
# Time for the worker to start before the first check is due.
START = timedelta(seconds=15)


def main() -> None:
    options = arguments()
    with (
        tempfile.TemporaryDirectory(prefix="statuspage-bench-", delete=not options.keep) as name,
        ExitStack() as stack,
    ):
        folder = Path(name)
        environment(folder, options, stack)
        ports = [free_port() for _ in range(PORTS)]
        stack.enter_context(
            running("target", [sys.executable, "-m", "benchmarks.probe_target", *map(str, ports)], folder)
        )
        say("bare clients")
        baseline = bare_clients(ports)
        say("making the probes")
        begin = make_probes(options, ports)
        usage = stack.enter_context(worker(folder, options))
        end = begin + timedelta(minutes=options.minutes)
        say("the worker starts")
        wait_until(begin)
        say(f"the window begins: {options.minutes:g} minutes")
        usage.begin()
        # Those of the last turn may still be on their way.
        wait_until(end)
        usage.end()
        say("the window is over")
        wait_until(end + timedelta(seconds=options.timeout + 10))
        say("counting")
        report(options, begin, end, usage, baseline)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int)
    parser.add_argument("--interval", type=int, default=30, help="seconds")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--timeout", type=int, default=5, help="seconds")
    parser.add_argument("--hang", type=float, default=0.0, help="share of targets that never answer")
    parser.add_argument("--sqlite", action="store_true", help="the embedded mode")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    options = parser.parse_args()
    options.probes = options.probes or (2000 if options.sqlite else 10_000)
    return options


def environment(folder: Path, options: argparse.Namespace, stack: ExitStack) -> None:
    """Servers, and Django in this process; its children inherit the environment."""
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL", "EDITION_DIR", "PROBE_LOCATION"):
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": str(folder / "data"),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
    }
    if not options.sqlite:
        os.environ["DATABASE_URL"] = stack.enter_context(postgres()).url
        os.environ["REDIS_URL"] = stack.enter_context(redis_server()).url
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def make_probes(options: argparse.Namespace, ports: Sequence[int]) -> datetime:
    """Probes in rows, ten a component. Returns when the window begins: all of them are due first after that."""
    from components.models import Component, Page
    from probes.models import Location, Probe, ProbeLocation
    from probes.partitions import create_partitions
    from statuspage.core import clock

    Page.current()
    create_partitions(clock.now().date())
    Location.objects.create(name="default")
    components = Component.objects.bulk_create(
        Component(slug=f"c{number}", name=f"Component {number}", position=number)
        for number in range(-(-options.probes // PROBES_A_COMPONENT))
    )
    hanging = round(options.probes * options.hang)
    probes = Probe.objects.bulk_create(
        Probe(
            component=components[number // PROBES_A_COMPONENT],
            slug=f"p{number}",
            name=f"Probe {number}",
            kind="http",
            # As a configuration file makes it.
            config={"url": f"http://127.0.0.1:{ports[number % PORTS]}/{path_of(number, hanging, options.probes)}"},
            interval=timedelta(seconds=options.interval),
            timeout=timedelta(seconds=options.timeout),
            allow_private=True,
        )
        for number in range(options.probes)
    )
    begin = clock.now() + START
    ProbeLocation.objects.bulk_create(
        ProbeLocation(probe=probe, location="default", next_due_at=probe.grid("default").after(begin))
        for probe in probes
    )
    return begin


def path_of(number: int, hanging: int, probes: int) -> str:
    """Those that hang are spread evenly."""
    return "hang" if (number * hanging) // probes != ((number + 1) * hanging) // probes else "ok"


@contextmanager
def running(name: str, command: Sequence[str], folder: Path) -> Iterator[Child]:
    with (folder / f"{name}.log").open("ab") as log:
        child = Child(name, command, env=os.environ, cwd=ROOT, output=log)
        try:
            yield child
        finally:
            stop_children([child])


@contextmanager
def worker(folder: Path, options: argparse.Namespace) -> Iterator[Usage]:
    """The worker, with beat in it or beside it."""
    from statuspage.management.local import worker_command

    celery = [sys.executable, "-m", "celery", "--app", "statuspage"]
    with ExitStack() as stack:
        if options.sqlite:
            command = worker_command(folder / "data")
        else:
            command = [
                *(*celery, "worker", "--queues", "default,mail,hooks,apprise,probes.default"),
                *("--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING"),
            ]
            beat = [*celery, "beat", "--schedule", str(folder / "beat-schedule"), "--loglevel", "WARNING"]
            stack.enter_context(running("beat", beat, folder))
        usage = Usage(stack.enter_context(running("worker", command, folder)).pid)
        stack.callback(usage.stop.set)
        yield usage


def bare_clients(ports: Sequence[int]) -> dict[str, float]:
    """Microseconds of processor time a request."""
    urls = [f"http://127.0.0.1:{port}/ok" for port in ports]
    time.sleep(1)
    found = {}
    for client in ("aiohttp", "httpx"):
        command = [sys.executable, "-m", "benchmarks.probe_baseline", client, str(BASELINE_REQUESTS), *urls]
        found[client] = float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return found


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def wait_until(moment: datetime) -> None:
    from statuspage.core import clock

    while (left := (moment - clock.now()).total_seconds()) > 0:
        time.sleep(min(left, 1))


@dataclass
class Found:
    """What the rows say of the results whose turn was in the window; lag in seconds, by whether the target hangs."""

    lags: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    outcomes: Counter[str] = field(default_factory=Counter)
    # Of targets that answer: results by probe, and lag by round.
    turns: Counter[int] = field(default_factory=Counter)
    rounds: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def made(self) -> int:
        return self.outcomes.total()


def count_results(options: argparse.Namespace, begin: datetime, end: datetime) -> Found:
    from probes.models import ProbeResult

    found = Found()
    results = ProbeResult.objects.filter(scheduled_at__gt=begin, scheduled_at__lte=end)
    for probe_id, url, outcome, due, begun in results.values_list(
        "probe_id", "probe__config__url", "outcome", "scheduled_at", "started_at"
    ).iterator():
        lag, hangs = (begun - due).total_seconds(), url.endswith("/hang")
        found.lags[hangs].append(lag)
        found.outcomes[outcome] += 1
        if not hangs:
            found.turns[probe_id] += 1
            found.rounds[int((due - begin).total_seconds() // options.interval)].append(lag)
    return found


def report(
    options: argparse.Namespace, begin: datetime, end: datetime, usage: Usage, baseline: dict[str, float]
) -> None:
    found = count_results(options, begin, end)
    where = "SQLite, embedded" if options.sqlite else "PostgreSQL, Redis"
    print(f"\n{options.probes} HTTP probes every {options.interval} s for {options.minutes:g} minutes; {where}; "
          f"{options.hang:.0%} of the targets hang for {options.timeout} s\n")  # fmt: skip
    print("| | |\n|---|--:|")
    for what, number in [
        *rows_of_results(options, found),
        *rows_of_lag(found),
        *rows_of_usage(options, usage, baseline, found.made),
    ]:
        print(f"| {what} | {number} |")


def rows_of_results(options: argparse.Namespace, found: Found) -> Iterator[tuple[str, str]]:
    """Whether each probe that answers has one result for each of its turns."""
    from django.db.models import Sum

    from probes.models import ProbeLocation, Slot

    answering = ProbeLocation.objects.filter(probe__config__url__endswith="/ok")
    ids = list(answering.values_list("probe_id", flat=True))
    each = round(options.minutes * 60 / options.interval)
    missed, of_all = (rows.aggregate(n=Sum("missed"))["n"] for rows in (answering, ProbeLocation.objects.all()))
    counted = Slot.objects.aggregate(n=Sum("up"))["n"] or 0
    yield "checks missed", f"{of_all} (of targets that answer: {missed})"
    yield "results of targets that answer, expected", f"{len(ids) * each:,}"
    yield "results of targets that answer, recorded", f"{found.turns.total():,}"
    yield "… probes with another number of results", f"{sum(found.turns[pk] != each for pk in ids)}"
    yield "outcomes", ", ".join(f"{name} {number:,}" for name, number in sorted(found.outcomes.items()))
    yield "good checks counted in slots, all told", f"{counted:,}"


def rows_of_lag(found: Found) -> Iterator[tuple[str, str]]:
    first = sorted(found.rounds)[:5]
    yield "lag p50 / p99 / max, targets that answer", spread(found.lags[False])
    yield "… p99 of the first rounds", ", ".join(f"{p99(found.rounds[number]):.2f} s" for number in first)
    if found.lags[True]:
        yield "lag p50 / p99 / max, targets that hang", spread(found.lags[True])


def rows_of_usage(
    options: argparse.Namespace, usage: Usage, baseline: dict[str, float], made: int
) -> Iterator[tuple[str, str]]:
    """Of the worker, and of the bare clients beside it."""
    each = usage.seconds / max(1, made) * 1e6
    yield "worker, processor, of one core", f"{usage.seconds / (options.minutes * 60):.0%}"
    yield "… busiest second / minute", busiest(usage.cores)
    yield "worker, memory, peak", f"{usage.peak_mb:.0f} MB"
    yield "processor time a check, everything included", f"{each:.0f} µs"
    for name, cost in baseline.items():
        yield f"bare {name}, the request alone", f"{cost:.0f} µs ({each / cost:.1f} ×)"


def spread(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return "–"
    cuts = statistics.quantiles(seconds, n=100)
    return f"{cuts[49]:.2f} s / {cuts[98]:.2f} s / {max(seconds):.2f} s"


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] if len(seconds) > 1 else 0.0


if __name__ == "__main__":
    main()
