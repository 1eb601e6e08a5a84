"""`manage.py load_config FILE`: the page, its components, probes and severity ladder from a file."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from components.models import Page
from incidents.models import MaintenanceKind, SeverityPolicy
from statuspage.configuration.apply import apply_configuration
from statuspage.configuration.changes import Changes
from statuspage.configuration.parse import There, parse_configuration
from statuspage.configuration.source import read_source
from statuspage.core import clock
from statuspage.core.errors import ConfigurationError
from statuspage.management.base import SentenceCommand


class Command(SentenceCommand):
    help = "Check a configuration file whole, then make the page what it says. Nothing is ever half applied."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a TOML file; its keys are in docs/configuration.md")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument(
            "--prune", action="store_true", help="retire components, probes and groups that are not in the file"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        source = read_source(Path(options["file"]))
        configuration, errors = parse_configuration(source, environ=os.environ, there=_there())
        if errors:
            raise CommandError(_refusal(options["file"], errors))
        try:
            changes = apply_configuration(configuration, prune=options["prune"], dry_run=options["dry_run"])
        except ConfigurationError as error:
            raise CommandError(_refusal(options["file"], [error])) from error
        if options["verbosity"] > 0:
            self._report(changes, dry_run=options["dry_run"], prune=options["prune"])

    def _report(self, changes: Changes, *, dry_run: bool, prune: bool) -> None:
        for line in changes.lines:
            self.stdout.write(line)
        if not changes:
            self.stdout.write("Nothing to change.")
        elif dry_run:
            self.stdout.write("This was a dry run: nothing was written.")
        for line in (*changes.kept, *changes.left):
            self.stdout.write(f"  {line}")
        if changes.left and not prune:
            self.stdout.write("  --prune takes out what is not in the file.")


def _there() -> There:
    """No row is made for it: a file that is refused leaves nothing behind."""
    page = Page.objects.filter(pk=1).first() or Page()
    return There(
        severities=set(SeverityPolicy.objects.values_list("slug", flat=True)),
        kinds=set(MaintenanceKind.objects.values_list("slug", flat=True)),
        time_zone=page.time_zone,
        now=clock.now(),
    )


def _refusal(file: str, errors: list[ConfigurationError]) -> str:
    count = "One thing is" if len(errors) == 1 else f"{len(errors)} things are"
    return "\n".join([f"{count} wrong in {file}; nothing was changed.", *(error.sentence for error in errors)])
