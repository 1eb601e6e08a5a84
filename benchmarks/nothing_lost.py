"""Nothing lost: mail workers killed at random moments, Redis flushed, the database cut off, a mail server that fails.

python -m benchmarks.nothing_lost [--readers 20000] [--kills 20] [--cuts 5] [--flushes 3] [--faults 0.02]

A throw-away PostgreSQL and Redis, Celery's beat, a worker for the sweeps and two for mail. One incident is told to all
readers; of a hundred addresses one does not exist. The mail server answers 421, 451 and 550, and drops connections at
and after DATA; it counts what it takes, and the table is made of its log. Ends with an error if anything was lost.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--flushes", type=int, default=3)
    parser.add_argument("--faults", type=float, default=0.02)
    parser.add_argument("--rate", type=int, default=100, help="mails a second of each worker")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as name:
        os.environ["DATA_DIR"] = name
        import django

        django.setup()
        run(options, Path(name))


def run(options: argparse.Namespace, folder: Path) -> None:
    from tests.nothing_lost import MAILERS, OPEN, SEED, Storm, count_what_came, until
    from tests.services import postgres, redis_server
    from tests.smtp_sink import smtp_sink

    arguments = ("--faults", str(options.faults), "--gone", "gone")
    with postgres() as database, redis_server() as broker, smtp_sink(folder, *arguments) as sink:
        storm = Storm(folder=folder, database_url=database.url, redis_url=broker.url)
        storm.use(sink, mails_a_second=options.rate)
        try:
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=storm.env, check=True)
            storm.shell(SEED, READERS=options.readers)
            storm.start("beat", "sweeper", *MAILERS)
            storm.shell(OPEN)
            until(lambda: sink.count() > 0, 120)
            outcome = storm.blow(
                sink,
                readers=options.readers,
                kills=options.kills,
                cuts=options.cuts,
                flushes=options.flushes,
                patience=1800,
            )
        finally:
            storm.stop()
        count_what_came(outcome, sink, readers=options.readers, messages=1)
    rows = {
        "`kill -9` of a mail worker": outcome.kills,
        "all connections to the database cut": outcome.cuts,
        "Redis flushed": outcome.flushes,
        "readers whose address exists": options.readers - options.readers // 100,
        "… who did not get the message": len(outcome.unserved),
        "messages the server took": outcome.taken,
        "… of them dropped after DATA, without an answer": len(outcome.dropped),
        "readers who got it twice": len(outcome.repeated),
        "… most often for one reader": outcome.most_often,
        "… with another Message-ID": len(outcome.other_ids),
        "… neither leased at a kill nor dropped by the server": len(outcome.unexplained),
        "addresses that do not exist and got something": len(outcome.gone_but_served),
        "seconds until nothing waited": round(outcome.seconds),
    }
    print("| | |\n|---|--:|")
    for words, number in rows.items():
        print(f"| {words} | {number:,} |")
    if outcome.unserved or outcome.other_ids or outcome.unexplained or outcome.gone_but_served:
        sys.exit("Something was lost or doubled.")


if __name__ == "__main__":
    main()
