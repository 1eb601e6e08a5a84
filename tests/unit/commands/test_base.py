"""What every command of ours does with trouble."""

import pytest
from django.core.management.base import CommandError
from django.db import DatabaseError

from statuspage.core.errors import NotFound
from statuspage.management.base import SentenceCommand


class Failing(SentenceCommand):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def handle(self, *_args: object, **_options: object) -> None:
        raise self._error


def test_a_broken_rule_is_its_sentence() -> None:
    with pytest.raises(CommandError, match=r"^There is none\.$"):
        Failing(NotFound("There is none.")).execute(no_color=True, force_color=False, skip_checks=True)


def test_a_database_that_is_not_there_is_a_sentence_with_what_to_look_at() -> None:
    with pytest.raises(CommandError, match=r"The database refused: no such table: x\. Is DATABASE_URL right"):
        Failing(DatabaseError("no such\ntable: x")).execute(no_color=True, force_color=False, skip_checks=True)
