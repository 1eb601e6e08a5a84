"""From an update of an incident to a hundred thousand mails: how long each part takes, and what a worker needs.

python -m benchmarks.fanout [--subscribers 100000] [--mails 100000] [--bare 10000]

A throw-away PostgreSQL and an SMTP server in a process of its own, which counts what it takes. Senders run what the
Celery worker runs (`subscriptions.tasks.send_batch`), each in a process of its own; beside them, in the same run, a
loop of smtplib sends the same messages, made beforehand, over one connection. A table in Markdown.
"""

import argparse
import os
import random
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

COMPONENTS = 60
BATCH = 5_000
ROUNDS = 5
CSRF = "a" * 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--bare", type=int, default=10_000, help="messages of the bare loop")
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
        import django

        django.setup()
        STEPS[options.step](options)
        return
    from tests.services import postgres
    from tests.smtp_sink import smtp_sink

    name = "statuspage-bench-"
    with tempfile.TemporaryDirectory(prefix=name) as folder, postgres() as server, smtp_sink(Path(folder)) as sink:
        unwanted = ("REDIS_URL", "CELERY_BROKER_URL", "EDITION_DIR", "MAIL_RATE_LIMIT")
        env = {key: value for key, value in os.environ.items() if key not in unwanted}
        env |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
        env |= {"DATABASE_URL": server.url, "SECRET_KEY": "benchmark", "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}"}
        Run(env, sink).all(options)


class Run:
    def __init__(self, env: dict[str, str], sink: Any) -> None:
        self._env, self._sink = env, sink
        self._folder = Path(env["DATA_DIR"])
        self.processor: list[float] = []  # seconds of each process of the last `_rate`

    def all(self, options: argparse.Namespace) -> None:
        print(f"{options.subscribers:,} confirmed subscribers with mixed choices\n\n| | |\n|---|--:|")
        self._step("prepare")
        self._step("tell")
        bare = [self._rate("bare", options.bare)]
        bare_cost = self.processor[0] / options.bare
        one = self._rate("send", options.mails, "memory")
        cost = self.processor[0] / options.mails
        bare.append(self._rate("bare", options.bare))
        self._step("again")
        two = self._rate("send", options.mails, "", "")
        bare_two = self._rate("bare", 2 * options.bare, "", "")
        bare.append(self._rate("bare", options.bare))
        alone = statistics.median(bare)
        print(f"| bare loop of smtplib, one process, three times | {' · '.join(f'{one:,.0f}/s' for one in bare)} |")
        print(f"| bare loop of smtplib, two processes | {bare_two:,.0f}/s |")
        print(f"| one worker | {one:,.0f}/s ({one / alone:.2f} of one bare loop) |")
        print(f"| two workers | {two:,.0f}/s ({two / bare_two:.2f} of two bare loops) |")
        print(f"| processor time a message, bare loop · worker | {bare_cost * 1e6:.0f} · {cost * 1e6:.0f} µs |")
        lines = self._sink.lines()
        print(f"| messages that the sink took in all, bare loops included | {len(lines):,} |")

    def _step(self, name: str) -> None:
        subprocess.run(self._command(name), env=self._env, check=True)

    def _rate(self, name: str, expected: int, *notes: str) -> float:
        """Messages a second, as the sink saw them: of so many processes as there are notes."""
        for path in self._folder.glob("processor-*"):
            path.unlink()
        before = self._sink.settled()
        processes = [
            subprocess.Popen(self._command(name), env={**self._env, "NOTE": note}) for note in (notes or ("",))
        ]
        codes = [process.wait() for process in processes]
        if any(codes):
            raise RuntimeError(f"{name} failed")
        self._sink.settled()
        lines = self._sink.lines(skip=before)
        if len(lines) != expected:
            raise RuntimeError(f"{name}: the sink took {len(lines)} messages of {expected}")
        if name == "send" and len({line.message_id for line in lines}) != expected:
            raise RuntimeError("some Message-ID came twice")
        self.processor = [float(path.read_text()) for path in self._folder.glob("processor-*")]
        times = sorted(line.at for line in lines)
        return float((len(times) - 1) / (times[-1] - times[0]))

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "-m", "benchmarks.fanout", "--step", name, *sys.argv[1:]]


def prepare(options: argparse.Namespace) -> None:
    """Of a hundred: 45 chose nothing in particular, 40 one to five components, 15 something else besides."""
    from django.core.management import call_command
    from django.db import connection

    from components.models import Component, Page
    from incidents.models import SeverityPolicy
    from statuspage.core import clock
    from subscriptions.enums import SubscriberState
    from subscriptions.models import Subscriber

    call_command("migrate", verbosity=0)
    Page.objects.update_or_create(pk=1, defaults={"name": "Example", "url": "https://status.example.com"})
    Component.objects.bulk_create(
        Component(slug=f"c{number}", name=f"Component {number}", position=number) for number in range(COMPONENTS)
    )
    components = list(Component.objects.order_by("pk").values_list("pk", flat=True))
    worst = SeverityPolicy.objects.order_by("rank").first()
    chance, yesterday = random.Random(2026), clock.now() - timedelta(days=1)
    kinds: Sequence[dict[str, Any]] = (
        {"wants_updates": False},
        {"minimum_severity": worst},
        {"paused_at": yesterday},
        {"wants_incidents": False},
        {"time_zone": "Europe/Berlin"},
    )
    made: list[Subscriber] = []
    for number in range(options.subscribers):
        special = kinds[number % len(kinds)] if number % 20 < 3 else {}
        address = f"reader{number}@example.org"
        values = {"state": SubscriberState.CONFIRMED, "confirmed_at": yesterday, **special}
        made.append(Subscriber(address=address, **values))
    Subscriber.objects.bulk_create(made, batch_size=BATCH)
    through = Subscriber.components.through
    chosen = (
        through(subscriber_id=row.pk, component_id=component)
        for row in made
        if chance.random() < 0.45
        for component in chance.sample(components, chance.randint(1, 5))
    )
    through.objects.bulk_create(chosen, batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def tell(options: argparse.Namespace) -> None:
    """An incident with five updates through the service and five through the console's form, then all fanned out."""
    from components.enums import ComponentStatus
    from components.models import Component
    from incidents.enums import IncidentStatus
    from incidents.models import Incident, Notice
    from incidents.services import open_incident, post_update
    from subscriptions.fanout import fan_out
    from subscriptions.models import Delivery

    bad = Component.objects.order_by("pk")[:3]
    incident = open_incident(
        title="Requests fail",
        severity="critical",
        message="We look.",
        impacts=dict.fromkeys(bad, ComponentStatus.MAJOR_OUTAGE),
    )
    fan_out(Notice.objects.get())

    def post() -> None:
        post_update(
            incident=Incident.objects.get(pk=incident.pk),
            status=IncidentStatus.IDENTIFIED,
            message="A cause is found.",
        )

    services = [seconds(post) for _ in range(ROUNDS)]
    print(f"| posting an update: the service, {ROUNDS} times | {shown(services)} |")
    poster = console(incident.pk)
    print(
        f"| … the request of the console's form, {ROUNDS} times | {shown([seconds(poster) for _ in range(ROUNDS)])} |"
    )
    written, taken = 0, []
    for notice in Notice.objects.pending().filter(audience="subscribers").order_by("pk"):
        began = time.perf_counter()
        written += fan_out(notice)
        taken.append(time.perf_counter() - began)
    each = f"{written // len(taken):,} of them"
    print(f"| writing the deliveries of an update, {each}, {len(taken)} times | {shown(taken)} |")
    leave(options.mails)
    if Delivery.objects.pending().count() != options.mails:
        raise RuntimeError("fewer deliveries than mails are wanted")


def console(incident: int) -> Callable[[], None]:
    from django.contrib.auth.models import User
    from django.test import Client

    from incidents.models import Incident

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("ana", "ana@example.com", "x"))

    def post() -> None:
        form = {
            "update-status": "identified",
            "update-message": "Still at it.",
            "update-notify": "on",
            "update-promise": "",
            "update-revision": str(Incident.objects.get(pk=incident).revision),
        }
        response = client.post(f"/admin/incidents/incident/{incident}/update/", form)
        if response.status_code != 302:
            raise RuntimeError(f"the form answered {response.status_code}")

    # What a process loads once is not what is measured.
    post()
    return post


def leave(mails: int) -> None:
    """So many deliveries wait; no others are there."""
    from django.db import connection

    from subscriptions.models import Delivery

    last = Delivery.objects.order_by("pk").values_list("pk", flat=True)[mails - 1]
    Delivery.objects.filter(pk__gt=last).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def again(_: argparse.Namespace) -> None:
    """What was sent waits once more."""
    from django.db import connection

    from subscriptions.models import Delivery

    Delivery.objects.update(state="pending", sent_at=None, attempts=0, next_attempt_at="2026-01-01T00:00:00Z")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL ANALYZE subscriptions_delivery")


def send(_: argparse.Namespace) -> None:
    """As the Celery task does, batch after batch until none is due, with a look at the memory in between."""
    from subscriptions import sending

    sent, used, began = 0, {}, time.process_time()
    while handled := sending.send_batch("mail").handled:
        sent += handled
        used[sent] = resident()
    note_processor(began)
    if os.environ["NOTE"] == "memory":
        first = next(kilobytes for number, kilobytes in used.items() if number >= 1_000)
        print(
            f"| memory of a worker after 1,000 mails, after {sent:,}, at most | "
            f"{first / 1000:.1f} · {resident() / 1000:.1f} · {max(used.values()) / 1000:.1f} MB "
            f"({100 * max(used.values()) / first - 100:+.1f} %) |"
        )


def bare(options: argparse.Namespace) -> None:
    """The same messages, made beforehand, over one connection of smtplib's."""
    import email.policy
    from urllib.parse import urlsplit

    from subscriptions.mail_kinds import MailKinds
    from subscriptions.models import Delivery
    from subscriptions.rendering import cast_mail

    kinds, made = MailKinds(), []
    rows = Delivery.objects.select_related("subscriber", "customer", "notice").order_by("pk")[: options.bare]
    for row in rows:
        mail = cast_mail(kinds.kind_for(row), row)
        made.append((mail.to, mail.message(policy=email.policy.SMTP).as_bytes()))
    server = smtplib.SMTP("127.0.0.1", urlsplit(os.environ["EMAIL_URL"]).port or 25, local_hostname="localhost")
    began = time.process_time()
    for to, data in made:
        server.sendmail("status@localhost", to, data)
    note_processor(began)
    server.quit()


def note_processor(began: float) -> None:
    """What this process took, for the table."""
    path = Path(os.environ["DATA_DIR"]) / f"processor-{os.getpid()}"
    path.write_text(str(time.process_time() - began))


def resident() -> int:
    """Kilobytes (of 1,000)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1000


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def shown(taken: list[float]) -> str:
    return f"{statistics.median(taken):.3f} s, at most {max(taken):.3f} s"


STEPS: dict[str, Callable[[argparse.Namespace], None]] = {
    "prepare": prepare,
    "tell": tell,
    "send": send,
    "again": again,
    "bare": bare,
}

if __name__ == "__main__":
    main()
