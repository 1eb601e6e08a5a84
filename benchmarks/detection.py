"""How soon an outage is said and taken back, and what visitors notice while the database is away.

    python -m benchmarks.detection [--intervals 5 30] [--targets 8] [--away 10]

Web, worker and beat beside a throw-away PostgreSQL, Redis and mail server, as the journeys start them. For each
interval in seconds, as many targets on 127.0.0.1, each with a component and a probe of its own, with the default
thresholds: three failures, two recoveries. Every target stops listening once, at moments spread over its interval, and
starts again at moments spread over an interval after the page shows its incident. The front page is fetched from the
web process every 50 ms; what came before that is read from the rows. Then PostgreSQL is frozen (it accepts and never
answers), and after that stopped, for `--away` seconds each, while visitors ask for pages without a pause. About four
minutes. Prints Markdown tables.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.database_away import report_outages
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import ROOT, Stack, eventually
from tests.journeys.target import Target
from tests.services import postgres, redis_server

EVERY = 0.05
# Nothing is waited for longer than this, whatever fails.
DETECTION_SECONDS = 240
EVER = datetime.min.replace(tzinfo=UTC)

COMPONENT = """
[[components]]
slug = "{slug}"
name = "{name}"

[[components.probes]]
slug = "{slug}"
kind = "http"
url = "{url}"
interval = "{interval}s"
timeout = "2s"
opens_incident = true
severity = "critical"
allow_private = true
"""


@dataclass
class Trial:
    """One target that fails once. Moments are aware UTC; those of the page are when an answer had arrived."""

    slug: str
    name: str
    interval: int
    # Seconds: from the beginning until it fails, and from its incident on the page until it is back.
    fails_after: float
    back_after: float
    target: Target = field(default_factory=Target)
    failed_at: datetime | None = None
    shown_at: datetime | None = None
    recovered_at: datetime | None = None
    over_at: datetime | None = None
    first_failure_at: datetime | None = None
    last_failure_at: datetime | None = None
    incident_at: datetime | None = None
    first_success_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def is_back_due(self) -> bool:
        return self.shown_at is not None and (now() - self.shown_at).total_seconds() >= self.back_after

    @property
    def title(self) -> str:
        return f"{self.name} is not responding"


STEPS = (
    ("target fails → first failed check", "failed_at", "first_failure_at"),
    ("first failed check → incident row", "first_failure_at", "incident_at"),
    ("… of that, third failed check → incident row", "last_failure_at", "incident_at"),
    ("incident row → seen on `/`", "incident_at", "shown_at"),
    ("**target fails → seen on `/`**", "failed_at", "shown_at"),
    ("target is back → first good check", "recovered_at", "first_success_at"),
    ("first good check → resolved in its row", "first_success_at", "resolved_at"),
    ("resolved in its row → seen on `/`", "resolved_at", "over_at"),
    ("**target is back → resolved on `/`**", "recovered_at", "over_at"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intervals", type=int, nargs="+", default=[5, 30], help="seconds")
    parser.add_argument("--targets", type=int, default=8, help="for each interval")
    parser.add_argument("--away", type=float, default=10, help="seconds without the database")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="statuspage-bench-")))
        database = stack.enter_context(postgres())
        say("the product starts")
        product = stack.enter_context(running(folder, database.url, stack.enter_context(redis_server()).url))
        trials = stack.enter_context(make_trials(product, options))
        say("every target fails once")
        watch(product, trials)
        say("reading the rows")
        for trial in trials:
            read_rows(product, trial)
        report_steps(trials, options)
        report_outages(product, database, options.away)


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def running(folder: Path, database_url: str, redis_url: str) -> Iterator[Stack]:
    mails = Mailbox()
    mails.start()
    product = Stack(folder=folder, database_url=database_url, redis_url=redis_url, mails=mails)
    try:
        product.manage("migrate", "-v0", timeout=120)
        code = "import django; django.setup(); from statuspage.management import local; local.collect_static_files()"
        env = {**product.env, "DJANGO_SETTINGS_MODULE": "statuspage.settings"}
        subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True)
        product.start()
        yield product
    finally:
        product.close()
        mails.stop()


@contextmanager
def make_trials(product: Stack, options: argparse.Namespace) -> Iterator[list[Trial]]:
    """All of them up and measured."""
    trials = [
        Trial(
            slug=f"every-{interval}-number-{number}",
            name=f"Every {interval} s, number {number}",
            interval=interval,
            fails_after=interval * number / options.targets,
            # In another order than they fail in: what was checked last is not what is back first.
            back_after=interval * (number * 5 % options.targets) / options.targets,
        )
        for interval in options.intervals
        for number in range(options.targets)
    ]
    try:
        for trial in trials:
            trial.target.go_up()
        product.load_config(
            "".join(
                COMPONENT.format(slug=one.slug, name=one.name, url=one.target.url, interval=one.interval)
                for one in trials
            )
        )
        eventually(lambda: measured(product) == len(trials), within=2 * max(options.intervals) + 30)
        yield trials
    finally:
        for trial in trials:
            trial.target.go_down()


def measured(product: Stack) -> int:
    found = product.query("SELECT COUNT(DISTINCT probe_id) FROM probes_proberesult WHERE outcome = 'up'")
    return int(found[0][0])


def watch(product: Stack, trials: Sequence[Trial]) -> None:
    """Let every target fail, come back when the page says that it fails, and wait for the page to say it is over."""
    started = time.monotonic()
    while any(trial.over_at is None for trial in trials):
        elapsed = time.monotonic() - started
        if elapsed > DETECTION_SECONDS:
            missing = [trial.slug for trial in trials if trial.over_at is None]
            raise RuntimeError(f"Not over on the page after {DETECTION_SECONDS} s: {missing}")
        for trial in trials:
            if trial.failed_at is None and elapsed >= trial.fails_after:
                trial.target.go_down()
                trial.failed_at = now()
            if trial.is_back_due and trial.recovered_at is None:
                trial.target.go_up()
                trial.recovered_at = now()
        page = product.get("/").text
        look(page, now(), trials)
        time.sleep(EVERY)


def look(page: str, at: datetime, trials: Sequence[Trial]) -> None:
    """What the page says of each trial by now."""
    before, _, rest = page.partition('id="p-missed"')
    open_ones, past = before.partition('id="p-open"')[2], rest.partition('id="p-past"')[2]
    for trial in trials:
        is_open = trial.title in open_ones
        if is_open and trial.shown_at is None:
            trial.shown_at = at
        elif trial.shown_at is not None and trial.over_at is None and not is_open and trial.title in past:
            trial.over_at = at


def read_rows(product: Stack, trial: Trial) -> None:
    """When the checks began that proved it, and when the rows were written."""
    checks = "SELECT {} FROM probes_proberesult result JOIN probes_probe probe ON probe.id = result.probe_id "
    checks += "WHERE probe.slug = %s AND outcome = %s AND result.started_at {} %s"
    by_incident = "FROM incidents_incident incident {} WHERE incident.dedupe_key = %s"
    updates = "JOIN incidents_incidentupdate said ON said.incident_id = incident.id"
    key = f"probe:{trial.slug}"
    first_check = checks.format("MIN(result.started_at)", ">=")
    [(trial.first_failure_at,)] = product.query(first_check, trial.slug, "down", EVER)
    [(trial.incident_at,)] = product.query("SELECT created_at " + by_incident.format(""), key)
    [(trial.last_failure_at,)] = product.query(
        checks.format("MAX(result.started_at)", "<="), trial.slug, "down", trial.incident_at
    )
    [(trial.first_success_at,)] = product.query(first_check, trial.slug, "up", trial.recovered_at)
    [(trial.resolved_at,)] = product.query(
        "SELECT MAX(said.created_at) " + by_incident.format(updates) + " AND said.status = 'resolved'", key
    )


def report_steps(trials: Sequence[Trial], options: argparse.Namespace) -> None:
    print(f"\n{options.targets} targets for each interval, default thresholds; median / worst\n")
    print("| | " + " | ".join(f"every {interval} s" for interval in options.intervals) + " |")
    print("|---|" + "--:|" * len(options.intervals))
    for what, begin, end in STEPS:
        cells = []
        for interval in options.intervals:
            group = [trial for trial in trials if trial.interval == interval]
            seconds = [(getattr(one, end) - getattr(one, begin)).total_seconds() for one in group]
            cells.append(f"{statistics.median(seconds):.2f} / {max(seconds):.2f} s")
        print(f"| {what} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
