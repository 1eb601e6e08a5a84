import pytest
from django.db import OperationalError, transaction

from statuspage.core.database import TRIES, is_conflict, retry_on_conflict


class Deadlock(Exception):
    sqlstate = "40P01"


def conflict() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


class Service:
    """Fails so many times before it works."""

    def __init__(self, failures: int, error: OperationalError) -> None:
        self.left, self.error, self.calls = failures, error, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "done"

    __name__ = "service"


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_tried_again() -> None:
    service = Service(2, conflict())
    assert retry_on_conflict(service)() == "done"
    assert service.calls == 3


@pytest.mark.django_db(transaction=True)
def test_after_some_tries_the_error_is_told() -> None:
    service = Service(99, conflict())
    with pytest.raises(OperationalError):
        retry_on_conflict(service)()
    assert service.calls == TRIES


@pytest.mark.django_db(transaction=True)
def test_another_error_is_not_tried_again() -> None:
    service = Service(1, OperationalError("no such table"))
    with pytest.raises(OperationalError):
        retry_on_conflict(service)()
    assert service.calls == 1


@pytest.mark.django_db(transaction=True)
def test_inside_a_larger_transaction_its_owner_decides() -> None:
    service = Service(1, conflict())
    with pytest.raises(OperationalError), transaction.atomic():
        retry_on_conflict(service)()
    assert service.calls == 1


def test_sqlite_says_that_it_is_locked() -> None:
    assert is_conflict(OperationalError("database is locked"))
