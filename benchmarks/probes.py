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
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.generate import ROOT
from statuspage.management.processes import Child, stop_children
from tests.services import free_port, postgres, process_tree, redis_server

PORTS = 8
PROBES_A_COMPONENT = 10
BASELINE_REQUESTS = 4000
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
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
def worker(folder: Path, options: argparse.Namespace) -> "Iterator[Usage]":
    """The worker, with beat in it or beside it."""
    from statuspage.management.local import worker_command

    celery = [sys.executable, "-m", "celery", "--app", "statuspage"]
    with ExitStack() as stack:
        if options.sqlite:
            command = worker_command(folder / "data")
        else:
            command = [
                *(*celery, "worker", "--queues", "default,mail,probes.default"),
                *("--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING"),
            ]
            beat = [*celery, "beat", "--schedule", str(folder / "beat-schedule"), "--loglevel", "WARNING"]
            stack.enter_context(running("beat", beat, folder))
        usage = Usage(stack.enter_context(running("worker", command, folder)).pid)
        stack.callback(usage.stop.set)
        yield usage


@dataclass
class Usage:
    """Processor time and memory of a process and all below it."""

    pid: int
    peak_mb: float = 0.0
    cores: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    _began: tuple[float, float] = (0.0, 0.0)

    def begin(self) -> None:
        self._began = (time.monotonic(), self._now()[0])
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> None:
        self.stop.set()
        self.seconds = self._now()[0] - self._began[1]

    def _watch(self) -> None:
        last = self._began
        while not self.stop.wait(1):
            used, mb = self._now()
            moment = time.monotonic()
            self.cores.append((used - last[1]) / (moment - last[0]))
            last = (moment, used)
            self.peak_mb = max(self.peak_mb, mb)

    def _now(self) -> tuple[float, float]:
        """Seconds of processor time so far, and MB resident."""
        seconds = mb = 0.0
        for pid in process_tree(self.pid):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            seconds += (int(fields[11]) + int(fields[12])) / TICKS
            mb += int(fields[21]) * PAGE / 1e6
        return seconds, mb


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


def report(
    options: argparse.Namespace, begin: datetime, end: datetime, usage: Usage, baseline: dict[str, float]
) -> None:
    from django.db.models import Sum

    from probes.models import ProbeLocation, ProbeResult, Slot

    results = ProbeResult.objects.filter(scheduled_at__gt=begin, scheduled_at__lte=end)
    lags: dict[bool, list[float]] = {True: [], False: []}
    outcomes: dict[str, int] = {}
    turns: dict[int, int] = {}
    rounds: dict[int, list[float]] = {}
    for probe_id, url, outcome, due, begun in results.values_list(
        "probe_id", "probe__config__url", "outcome", "scheduled_at", "started_at"
    ).iterator():
        hangs = url.endswith("/hang")
        lags[hangs].append((begun - due).total_seconds())
        if not hangs:
            rounds.setdefault(int((due - begin).total_seconds() // options.interval), []).append(lags[False][-1])
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if not hangs:
            turns[probe_id] = turns.get(probe_id, 0) + 1
    answering = ProbeLocation.objects.filter(probe__config__url__endswith="/ok")
    each = round(options.minutes * 60 / options.interval)
    answering_ids = list(answering.values_list("probe_id", flat=True))
    expected = len(answering_ids) * each
    missed = {
        "answering": answering.aggregate(n=Sum("missed"))["n"],
        "all": ProbeLocation.objects.aggregate(n=Sum("missed"))["n"],
    }
    counted = Slot.objects.aggregate(n=Sum("up"))["n"] or 0
    made = len(lags[True]) + len(lags[False])
    per_probe = usage.seconds / max(1, made) * 1e6
    where = "SQLite, embedded" if options.sqlite else "PostgreSQL, Redis"
    print(f"\n{options.probes} HTTP probes every {options.interval} s for {options.minutes:g} minutes; {where}; "
          f"{options.hang:.0%} of the targets hang for {options.timeout} s\n")  # fmt: skip
    rows = [
        ("checks missed", f"{missed['all']} (of targets that answer: {missed['answering']})"),
        ("results of targets that answer, expected", f"{expected:,}"),
        ("results of targets that answer, recorded", f"{sum(turns.values()):,}"),
        (
            "… probes with another number of results",
            f"{sum(turns.get(pk, 0) != each for pk in answering_ids)}",
        ),
        ("outcomes", ", ".join(f"{name} {number:,}" for name, number in sorted(outcomes.items()))),
        ("good checks counted in slots, all told", f"{counted:,}"),
        ("lag p50 / p99 / max, targets that answer", spread(lags[False])),
        ("… p99 of the first rounds", ", ".join(f"{p99(rounds[number]):.2f} s" for number in sorted(rounds)[:5])),
        *([("lag p50 / p99 / max, targets that hang", spread(lags[True]))] if lags[True] else []),
        ("worker, processor, of one core", f"{usage.seconds / (options.minutes * 60):.0%}"),
        ("… busiest second / minute", busiest(usage.cores)),
        ("worker, memory, peak", f"{usage.peak_mb:.0f} MB"),
        ("processor time a check, everything included", f"{per_probe:.0f} µs"),
        *(
            (f"bare {name}, the request alone", f"{cost:.0f} µs ({per_probe / cost:.1f} ×)")
            for name, cost in baseline.items()
        ),
    ]
    print("| | |\n|---|--:|")
    for what, number in rows:
        print(f"| {what} | {number} |")


def spread(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return "–"
    cuts = statistics.quantiles(seconds, n=100)
    return f"{cuts[49]:.2f} s / {cuts[98]:.2f} s / {max(seconds):.2f} s"


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] if len(seconds) > 1 else 0.0


def busiest(cores: Sequence[float]) -> str:
    minutes = (
        [statistics.mean(cores[at : at + 60]) for at in range(0, max(1, len(cores) - 59), 10)] if cores else [0.0]
    )
    return f"{max(cores, default=0):.0%} / {max(minutes):.0%}"


if __name__ == "__main__":
    main()
