"""Senders that are killed, cut off and refused while they send: what the journey and the benchmark have in common.

`Storm` runs beat, a worker for the sweeps and two workers for mail, all of them the real thing, and tells so many
invented people of an incident. Who got what is read from the mail server's own log (`tests.smtp_sink`).
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from statuspage.management.processes import Child, stop_children
from subscriptions.senders.mail import RECORD_EVERY
from tests.smtp_sink import Sink, ids_by_recipient

ROOT = Path(__file__).resolve().parents[1]
MAILERS = ("mail-1", "mail-2")
SEED = """
import sys
from datetime import timedelta
from components.models import Component, Page
from incidents.services import open_incident
from statuspage.core import clock
from subscriptions.models import Subscriber
Page.objects.update_or_create(pk=1, defaults={"name": "Example", "url": "https://status.example.com"})
Component.objects.create(slug="api", name="API", position=1)
yesterday = clock.now() - timedelta(days=1)
Subscriber.objects.bulk_create(
    [
        Subscriber(
            address=f"{'gone' if number % 100 == 99 else 'reader'}{number}@example.org",
            state="confirmed",
            confirmed_at=yesterday,
        )
        for number in range(READERS)
    ],
    batch_size=2000,
)
"""
OPEN = """
from components.models import Component
from incidents.services import open_incident
component = Component.objects.get()
open_incident(title="It burns", severity="critical", message="We look.", impacts={component: "major_outage"})
"""
UPDATE = """
from incidents.models import Incident
from incidents.services import post_update
post_update(incident=Incident.objects.get(), status="identified", message="A disk is full.")
"""
WAITING = "SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending'"
LEASED = """
    SELECT s.address FROM subscriptions_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
    WHERE d.state = 'pending' AND d.lease <> ''
"""
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the mail server says, beside what we did to the senders."""

    kills: int = 0
    cuts: int = 0
    flushes: int = 0
    leased_at_a_kill: set[str] = field(default_factory=set)
    taken: int = 0
    dropped: set[str] = field(default_factory=set)
    unserved: set[str] = field(default_factory=set)
    gone_but_served: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)  # recipients who got the same message twice
    most_often: int = 0
    other_ids: set[str] = field(default_factory=set)  # who got more Message-IDs than there were messages
    seconds: float = 0.0

    @property
    def unexplained(self) -> set[str]:
        """Repeats of what nobody held when a sender was killed, and that the server did not drop itself."""
        return self.repeated - self.leased_at_a_kill - self.dropped

    @property
    def most_repeats(self) -> int:
        """What the killed senders had sent at most without writing it down, and what the server dropped."""
        return self.kills * RECORD_EVERY + len(self.dropped)


class Storm:
    def __init__(self, *, folder: Path, database_url: str, redis_url: str) -> None:
        self.database_url, self.redis_url = database_url, redis_url
        self._folder = folder
        self._children: dict[str, Child] = {}
        self._starts: Counter[str] = Counter()
        self.env = {
            **os.environ,
            "DATA_DIR": str(folder / "data"),
            "SECRET_KEY": "only-for-this-storm-and-for-nothing-else-at-all",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CELERY_BROKER_URL": redis_url,
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }

    def use(self, sink: Sink, *, mails_a_second: int = 0) -> None:
        """For the workers that are started from now on; the limit is for each of them, 0 is none."""
        self.env["EMAIL_URL"] = f"smtp://127.0.0.1:{sink.port}"
        self.env["MAIL_RATE_LIMIT"] = str(mails_a_second)

    def shell(self, code: str, **values: int) -> None:
        words = "".join(f"{name} = {value}\n" for name, value in values.items())
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", words + code]
        run = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"the shell failed:\n{run.stdout}\n{run.stderr}")

    def start(self, *names: str) -> None:
        for name in names:
            self._starts[name] += 1
            with (self._folder / f"{name}.log").open("ab") as log:
                self._children[name] = Child(name, self._command(name), env=self.env, cwd=ROOT, output=log)

    def stop(self, *names: str) -> None:
        stop_children([self._children.pop(name) for name in names or tuple(self._children)])

    def kill(self, name: str) -> None:
        """`kill -9`, the process and its children."""
        child = self._children.pop(name)
        stop_children([child], grace_seconds=0)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def waiting(self) -> int:
        ((count,),) = self.query(WAITING)
        return int(count)

    def flush(self) -> None:
        subprocess.run(["redis-cli", "-u", self.redis_url, "FLUSHALL"], check=True, capture_output=True, timeout=10)

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def blow(self, sink: Sink, *, readers: int, kills: int, cuts: int, flushes: int, patience: float) -> Outcome:
        """Disturb the senders at random moments of what they send, then wait until nothing waits any more."""
        outcome, began = Outcome(), time.monotonic()
        chance = random.Random()  # noqa: S311 -- other moments each time
        actions = [self._kill_one] * kills + [self._cut] * cuts + [self._flush] * flushes
        chance.shuffle(actions)
        moments = sorted(chance.randint(readers // 50, readers * 4 // 5) for _ in actions)
        for moment, act in zip(moments, actions, strict=True):
            until(partial(self._is_at, sink, moment), patience)
            act(outcome, chance)
        until(lambda: not self.waiting(), patience)
        sink.settled()
        outcome.seconds = time.monotonic() - began
        return outcome

    def _is_at(self, sink: Sink, moment: int) -> bool:
        return sink.count() >= moment or not self.waiting()

    def _kill_one(self, outcome: Outcome, chance: random.Random) -> None:
        name = chance.choice(MAILERS)
        # One that has not begun yet holds nothing.
        until(lambda: self.log(name).count(" ready.") >= self._starts[name], 60)
        self.kill(name)
        outcome.kills += 1
        outcome.leased_at_a_kill |= {str(address) for (address,) in self.query(LEASED)}
        self.start(name)

    def _cut(self, outcome: Outcome, _: random.Random) -> None:
        self.query(CUT)
        outcome.cuts += 1

    def _flush(self, outcome: Outcome, _: random.Random) -> None:
        self.flush()
        outcome.flushes += 1

    def _command(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "--app", "statuspage"]
        if name == "beat":
            return [*celery, "beat", "--schedule", str(self._folder / "beat-schedule"), "--loglevel", "INFO"]
        queue = "mail" if name in MAILERS else "default"
        quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
        return [*celery, "worker", "--queues", queue, "--concurrency", "1", "--hostname", f"{name}@storm", *quiet]


def count_what_came(outcome: Outcome, sink: Sink, *, readers: int, messages: int) -> None:
    """Read the server's log, when so many messages were for each of so many readers."""
    lines = sink.lines()
    found = ids_by_recipient(lines)
    outcome.taken = len(lines)
    outcome.dropped = {line.recipient for line in lines if line.dropped}
    for number in range(readers):
        gone = number % 100 == 99
        address = f"{'gone' if gone else 'reader'}{number}@example.org"
        ids = found.get(address, Counter())
        if gone:
            outcome.gone_but_served |= {address} if ids else set()
        elif len(ids) < messages:
            outcome.unserved.add(address)
        elif len(ids) > messages:
            outcome.other_ids.add(address)
        if any(times > 1 for times in ids.values()):
            outcome.repeated.add(address)
            outcome.most_often = max(outcome.most_often, *ids.values())


def until(check: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.1)
