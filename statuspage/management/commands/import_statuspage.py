"""Bring the history of another status page here."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import IntegrityError

from incidents.importing.reading import read_file
from incidents.importing.records import ImportFile
from incidents.importing.services import Progress, import_file, silent
from incidents.importing.tally import ImportReport, Tally
from statuspage.core.errors import DomainError
from statuspage.management.base import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Import components, incidents and maintenance from Atlassian Statuspage's public JSON (summary.json, "
        "components.json, incidents.json, scheduled-maintenances.json) or from JSON Lines. Ids and times are kept, "
        "nobody is notified, and the same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done and keep nothing.")
        parser.add_argument("--with-page", action="store_true", help="Take over the page's name, address and zone.")

    def handle(self, *_args: Any, **options: Any) -> None:
        refused = [path for path in options["files"] if not self._import(path, options)]
        if refused:
            names = ", ".join(str(path) for path in refused)
            raise CommandError(f"Not imported: {names}.")

    def _import(self, path: Path, options: dict[str, Any]) -> bool:
        """One file; False when it is refused whole. The others are still read."""
        try:
            file = read_file(path)
            report = import_file(
                file, with_page=options["with_page"], dry_run=options["dry_run"], progress=self._progress(path.name)
            )
        except DomainError as error:
            self.stderr.write(self.style.ERROR(error.sentence))
            return False
        except IntegrityError as error:
            sentence = f"{path.name} was not kept, since something else wrote the same: {error}. Run it again."
            self.stderr.write(self.style.ERROR(sentence))
            return False
        self._say(file, report, dry_run=options["dry_run"])
        return True

    def _progress(self, name: str) -> Progress:
        if not self.stdout.isatty():
            return silent

        def show(done: int, total: int) -> None:
            self.stdout.write(f"\r{name}: {done} of {total}", ending="" if done < total else "\n")
            self.stdout.flush()

        return show

    def _say(self, file: ImportFile, report: ImportReport, *, dry_run: bool) -> None:
        for skipped in report.skipped:
            self.stderr.write(f"skipped {skipped}")
        if dry_run:
            self.stdout.write(f"{file.name} is {file.kind}. This is what would be done; nothing was kept:")
        else:
            self.stdout.write(f"{file.name} is {file.kind}:")
        tallies = {
            "groups": report.groups,
            "components": report.components,
            "incidents": report.incidents,
            "maintenance windows": report.maintenances,
        }
        for noun, tally in tallies.items():
            if tally.total:
                self.stdout.write(f"  {noun}: {_words(tally)}")
        if report.updates.total:
            self.stdout.write(f"  updates: {_words(report.updates)}")
        if report.page_changed:
            self.stdout.write("  page: taken over")
        if file.page is not None and not report.page_changed:
            self.stdout.write("  page: left as it is")
        if report.skipped:
            self.stdout.write(f"  skipped: {len(report.skipped)}, each with its reason above")
        if not report.changed_anything:
            self.stdout.write("  nothing changed")


def _words(tally: Tally) -> str:
    parts = {
        "added": tally.added,
        "changed": tally.changed,
        "unchanged": tally.unchanged,
        "left alone, newer here": tally.left,
    }
    return ", ".join(f"{count:,} {word}" for word, count in parts.items() if count)
