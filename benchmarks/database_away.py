"""What visitors get while PostgreSQL is away: a part of `benchmarks/detection.py`."""

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.journeys.stack import Stack, eventually
from tests.services import Service

VISITORS_A_PATH = 2
IN_THE_EDITION = ("/", "/status.json", "/history/", "/history.atom")
NEEDS_THE_DATABASE = ("/admin/login/",)
# With a session the login page asks the database whose it is.
COOKIE = {"Cookie": "sessionid=abcdefghijklmnop"}


@dataclass
class Visits:
    """What visitors of some paths got: answers by status, and those that were no answer."""

    # Lists: several threads append.
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def as_row(self, what: str) -> str:
        answers = ", ".join(f"{number:,} × {status}" for status, number in sorted(Counter(self.statuses).items()))
        failed = len(self.lost) + sum(status != 200 for status in self.statuses)
        return (
            f"| {what} | {answers} | {failed:,} | "
            f"{statistics.median(self.seconds) * 1000:,.1f} ms | {max(self.seconds) * 1000:,.0f} ms |"
        )


def report_outages(product: Stack, database: Service, seconds: float) -> None:
    """Frozen for so long, and then stopped for so long; a table."""
    print(f"\nWithout the database for {seconds:g} s\n")
    print("| | answers | lost, or not 200 | median | slowest |\n|---|--:|--:|--:|--:|")
    for what, go, come in (
        ("frozen", database.freeze, database.thaw),
        ("stopped", database.stop, database.start),
    ):
        eventually(lambda: product.get("/readyz").status_code == 200)
        public, staff = ask_without(product, seconds, go, come)
        print(public.as_row(f"{what}: documents of the edition"))
        print(staff.as_row(f"{what}: a page that needs the database"))


def ask_without(
    product: Stack, seconds: float, go: Callable[[], None], come: Callable[[], None]
) -> tuple[Visits, Visits]:
    """Visitors of the public documents, and of a page that asks the database, from before it goes until it is back."""
    public, staff, gone = Visits(), Visits(), threading.Event()
    paths = [(path, public) for path in IN_THE_EDITION for _ in range(VISITORS_A_PATH)]
    paths += [(path, staff) for path in NEEDS_THE_DATABASE]
    threads = [threading.Thread(target=visit, args=(product.url + path, visits, gone)) for path, visits in paths]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        go()
        try:
            time.sleep(seconds)
        finally:
            come()
        time.sleep(1)
    finally:
        gone.set()
        for thread in threads:
            thread.join()
    return public, staff


def visit(url: str, visits: Visits, gone: threading.Event) -> None:
    """One after the other over one connection, until told to go."""
    with httpx.Client(timeout=20, trust_env=False, headers=COOKIE) as client:
        while not gone.is_set():
            started = time.perf_counter()
            try:
                visits.statuses.append(client.get(url).status_code)
            except httpx.HTTPError as error:
                visits.lost.append(repr(error))
            visits.seconds.append(time.perf_counter() - started)
            gone.wait(0.01)
