"""`manage.py subscribers import|export|count|suppress`: the list of subscribers, without the console."""

import getpass
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Count

from statuspage.management.base import SentenceCommand
from subscriptions.describing import shown_address
from subscriptions.enums import ImportState, SubscriberState
from subscriptions.exports import export_lines
from subscriptions.importing.reading import COLUMNS, LARGEST_FILE, decode, ignored_columns, too_large
from subscriptions.importing.running import run_import, start_import, try_out
from subscriptions.models import Subscriber, SubscriberImport
from subscriptions.staff import subscriber_by_address, suppress_by_hand

SHOWN = 20
# Between two lines of progress.
SLICE_SECONDS = 1.0


class Command(SentenceCommand):
    help = "Bring in, write out or count subscribers, or write to one no more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="import|export|count|suppress")
        importing = actions.add_parser("import", help="bring in those of a CSV file, who confirmed elsewhere")
        importing.add_argument(
            "file", type=Path, help=f"CSV with a header: {', '.join(COLUMNS)}; only email is needed"
        )
        importing.add_argument("--reason", required=True, help="where and when they confirmed")
        importing.add_argument("--dry-run", action="store_true", help="only say what would change")
        exporting = actions.add_parser("export", help="write them as CSV to standard output")
        exporting.add_argument("--state", choices=SubscriberState.values, help="only those in this state")
        actions.add_parser("count", help="how many there are, by channel and state")
        suppressing = actions.add_parser("suppress", help="write to one address no more")
        suppressing.add_argument("address", help="mail address, or URL")
        suppressing.add_argument("--reason", required=True)

    def handle(self, *_args: object, **options: Any) -> None:
        if options["action"] == "import":
            self._import(options["file"], reason=options["reason"], dry_run=options["dry_run"])
        elif options["action"] == "export":
            self._export(options["state"])
        elif options["action"] == "count":
            self._count()
        else:
            self._suppress(options["address"], options["reason"])

    def _import(self, file: Path, *, reason: str, dry_run: bool) -> None:
        text = _read(file)
        ignored = ignored_columns(text)
        if ignored:
            self.stderr.write(f"These columns mean nothing here and are passed over: {', '.join(ignored)}.")
        row = try_out(text=text, file_name=file.name, by=_who(), reason=reason)
        if dry_run:
            SubscriberImport.objects.filter(pk=row.pk).delete()
        else:
            start_import(row=row)
            row = self._bring_in(row)
        self.stdout.write(
            f"{'Would be: ' if dry_run else ''}{row.added} added, {row.changed} confirmed who had asked, "
            f"{row.unchanged} as they were, {row.left_out} left out."
        )
        for line, why in row.skipped[:SHOWN]:
            self.stdout.write(f"  line {line}: {why}")
        if row.left_out > SHOWN:
            self.stdout.write(f"  and {row.left_out - SHOWN} more")

    def _bring_in(self, row: SubscriberImport) -> SubscriberImport:
        """By ourselves, no worker is needed; one that finds it first does as well."""
        while row.state == ImportState.RUNNING:
            if run_import(import_id=row.pk, seconds=SLICE_SECONDS) is None:
                time.sleep(SLICE_SECONDS)
            row.refresh_from_db(fields=["state", "done", "added", "changed", "unchanged", "left_out", "skipped"])
            self.stderr.write(f"{row.done:,} of {row.total:,} ({row.percent} %)")
        if row.state != ImportState.DONE:
            raise CommandError(f"The import was cancelled in the console after {row.done:,} of {row.total:,} rows.")
        return row

    def _export(self, state: str | None) -> None:
        rows = Subscriber.objects.all()
        for line in export_lines(rows.filter(state=state) if state else rows):
            self.stdout.write(line, ending="")

    def _count(self) -> None:
        counted = Subscriber.objects.order_by().values("channel", "state").annotate(number=Count("pk"))
        lines = counted.order_by("channel", "state").values_list("channel", "state", "number")
        for channel, state, number in lines:
            self.stdout.write(f"{channel:<10} {state:<14} {number:>10,}")
        if not lines:
            self.stdout.write("Nobody has subscribed yet.")

    def _suppress(self, address: str, reason: str) -> None:
        row = suppress_by_hand(subscriber_id=subscriber_by_address(address).pk, by=_who(), reason=reason)
        self.stdout.write(f"{shown_address(row)} is written to no more.")


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise too_large()
        return decode(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _who() -> str:
    """Whose shell this is, as far as it can be known."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):
        return f"{Path(sys.argv[0]).name} (command line)"
