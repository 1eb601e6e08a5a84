"""What our commands share: a broken rule or a missing database is one sentence on stderr and exit code 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from statuspage.core.errors import DomainError


class SentenceCommand(BaseCommand):
    """A command that a person runs by hand, perhaps at night: never a traceback for what they can put right."""

    requires_system_checks = ()

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DomainError as error:
            raise CommandError(error.sentence) from error
        except DatabaseError as error:
            reason = " ".join(str(error).split())
            raise CommandError(
                f"The database refused: {reason}. Is DATABASE_URL right, and has `manage.py migrate` been run?"
            ) from error
