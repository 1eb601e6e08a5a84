"""From an incident to ten thousand webhooks, of which some hang and some answer 500: when has each healthy one heard?

python -m benchmarks.webhooks [--webhooks 10000]

A throw-away PostgreSQL, one process that sends as the Celery worker does (`subscriptions.tasks.send_batch`), and a
receiver in a process of its own on all addresses of 127.0.0.0/8, which writes down when what came. Of twenty webhooks
one takes the message and never answers, and one answers 500. Three runs: each webhook on a host of its own; a hundred
to a host, where whole hosts hang or answer 500; and all of them on one host and port. A table in Markdown.
"""

import argparse
import asyncio
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

EVERY = 20
HANGS, FAILS = 0, 1
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GIVE_UP_SECONDS = 600
# A row of the three: what it is called, and on which of the addresses the webhook of this number is.
RUNS: dict[str, Callable[[int], int]] = {
    "each on a host of its own": lambda number: number,
    "a hundred to a host": lambda number: number // 100,
    "all on one host": lambda _number: 0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webhooks", type=int, default=10_000)
    parser.add_argument("--run", action="append", choices=list(RUNS), help="only this one")
    parser.add_argument("--step", choices=["receive", "send"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "receive":
        asyncio.run(receive())
    elif options.step == "send":
        send(options.webhooks)
    else:
        all_runs(options.webhooks, options.run)


def all_runs(webhooks: int, runs: list[str]) -> None:
    from tests.services import free_port, postgres

    print(f"{webhooks:,} webhooks, one of {EVERY} hangs, one answers 500\n")
    print("| | half of the healthy | 99 of 100 | all healthy | requests | memory, most |\n|---|--:|--:|--:|--:|--:|")
    for name in runs or RUNS:
        with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as folder, postgres() as server:
            port = free_port()
            unwanted = ("REDIS_URL", "CELERY_BROKER_URL", "EDITION_DIR", "EMAIL_URL")
            env = {key: value for key, value in os.environ.items() if key not in unwanted}
            env |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
            env |= {"DATABASE_URL": server.url, "SECRET_KEY": "benchmark", "OUTBOUND_ALLOWED_HOSTS": "127.0.0.0/8"}
            env |= {"BENCH_RUN": name, "BENCH_PORT": str(port), "BENCH_LOG": f"{folder}/came"}
            command = [sys.executable, "-m", "benchmarks.webhooks", "--webhooks", str(webhooks), "--step"]
            receiver = subprocess.Popen([*command, "receive"], env=env)
            try:
                subprocess.run([*command, "send"], env=env, check=True)
            finally:
                receiver.send_signal(signal.SIGTERM)
                receiver.wait()


# --- the receiver


async def receive() -> None:
    """Writes `seconds number` for each request, the seconds of the machine's one monotonic clock."""
    log = Path(os.environ["BENCH_LOG"]).open("w", encoding="ascii", buffering=1)  # noqa: ASYNC230, SIM115 -- a line is quick, and it is open until the end

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length:")[2].partition("\r\n")[0])
            await reader.readexactly(length)
            number = int(head.split(" ")[1].strip("/"))
            log.write(f"{time.monotonic():.3f} {number}\n")
            if kind_of(number) == HANGS:
                await reader.read()
            else:
                status = "500 Broken" if kind_of(number) == FAILS else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "0.0.0.0", int(os.environ["BENCH_PORT"]), backlog=4096)
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    await done.wait()
    server.close()
    log.close()


def kind_of(number: int) -> int:
    """In the run with whole hosts, by host."""
    by = number // 100 if os.environ["BENCH_RUN"] == "a hundred to a host" else number
    return by % EVERY


# --- the sender


def send(webhooks: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
    import django

    django.setup()
    from django.db import connection

    from subscriptions import fanout
    from subscriptions.enums import DeliveryState
    from subscriptions.models import Delivery
    from subscriptions.tasks import send_batch

    prepare(webhooks)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    begun = time.monotonic()
    assert fanout.fan_out_pending() == webhooks
    healthy = [number for number in range(webhooks) if kind_of(number) not in {HANGS, FAILS}]
    paths = Delivery.objects.filter(state=DeliveryState.SENT)
    while paths.count() < len(healthy) and time.monotonic() - begun < GIVE_UP_SECONDS:
        send_batch("hooks")
        time.sleep(0.2)
    report(begun, healthy)


def prepare(webhooks: int) -> None:
    from datetime import timedelta

    from django.core.management import call_command

    from components.enums import ComponentStatus
    from components.models import Component, Page
    from incidents.services import open_incident
    from statuspage.core import clock
    from subscriptions.enums import Channel, SubscriberState
    from subscriptions.models import Subscriber, WebhookSecret

    call_command("migrate", verbosity=0)
    Page.objects.update_or_create(pk=1, defaults={"name": "Example", "url": "https://status.example.com"})
    api = Component.objects.create(slug="api", name="API gateway")
    place, port = RUNS[os.environ["BENCH_RUN"]], os.environ["BENCH_PORT"]
    rows = []
    for number in range(webhooks):
        at = place(number)
        host = f"127.{1 + at // 62_500}.{at // 250 % 250}.{1 + at % 250}:{port}"
        rows.append(
            Subscriber(
                channel=Channel.WEBHOOK,
                address=f"http://{host}/{number}/",
                host=host,
                state=SubscriberState.CONFIRMED,
                confirmed_at=clock.now() - timedelta(days=1),
            )
        )
    Subscriber.objects.bulk_create(rows, batch_size=1000)
    WebhookSecret.objects.bulk_create([WebhookSecret(subscriber=row, secret=SECRET) for row in rows], batch_size=1000)
    open_incident(
        title="API errors in eu-west",
        severity="critical",
        message="We see **errors** and are looking into it.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
    )


def report(begun: float, healthy: list[int]) -> None:
    came: dict[int, float] = {}
    times: Counter[int] = Counter()
    for line in Path(os.environ["BENCH_LOG"]).read_text(encoding="ascii").splitlines():
        at, number = float(line.split()[0]), int(line.split()[1])
        came.setdefault(number, at - begun)
        times[number] += 1
    missing = [number for number in healthy if number not in came]
    repeated = [number for number in healthy if times[number] > 1]
    if missing or repeated:
        raise SystemExit(f"{len(missing)} healthy ones heard nothing, {len(repeated)} more than once")
    after = sorted(came[number] for number in healthy)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    row = (after[len(after) // 2], after[len(after) * 99 // 100], after[-1])
    shown = " | ".join(f"{seconds:.1f} s" for seconds in row)
    print(f"| {os.environ['BENCH_RUN']} | {shown} | {sum(times.values()):,} | {memory} MB |", flush=True)


if __name__ == "__main__":
    main()
