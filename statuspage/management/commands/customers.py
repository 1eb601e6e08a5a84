"""`manage.py customers import|count|export`: the list of customers, who are mailed when it is very serious."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from statuspage.management.base import SentenceCommand
from subscriptions.customers import COLUMNS, export_customers, import_customers, read_customers
from subscriptions.models import Customer


class Command(SentenceCommand):
    help = "Bring in, count or write out the list of customers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="import|count|export")
        importing = actions.add_parser("import", help="put those of a CSV file on the list")
        importing.add_argument("file", type=Path, help="CSV with a header: email, and name if wanted")
        importing.add_argument("--dry-run", action="store_true", help="only say what would change")
        importing.add_argument("--replace", action="store_true", help="take off the list who is not in the file")
        actions.add_parser("count", help="how many are on the list")
        actions.add_parser("export", help="write the list as CSV to standard output")

    def handle(self, *_args: object, **options: Any) -> None:
        if options["action"] == "import":
            self._import(options["file"], dry_run=options["dry_run"], replace=options["replace"])
        elif options["action"] == "count":
            self._count()
        else:
            writer = csv.writer(self.stdout, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(export_customers())

    def _import(self, file: Path, *, dry_run: bool, replace: bool) -> None:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                rows = read_customers(lines)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not UTF-8: save it as UTF-8, then import it again.") from error
        done = import_customers(rows=rows, replace=replace, dry_run=dry_run)
        self.stdout.write(
            f"{'Would be: ' if dry_run else ''}{done.added} added, {done.changed} changed, {done.removed} removed, "
            f"{done.unchanged} as they were."
        )
        if done.suppressed:
            self.stdout.write(f"{done.suppressed} of them get no mail: their mail server refused it for good.")

    def _count(self) -> None:
        listed, reachable = Customer.objects.listed().count(), Customer.objects.reachable().count()
        suppressed = f", of whom {listed - reachable} get no mail" if listed > reachable else ""
        self.stdout.write(f"{listed} customer{'' if listed == 1 else 's'}{suppressed}.")
