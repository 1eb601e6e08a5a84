import pytest
from django.db import OperationalError, connection, transaction

from statuspage.core import database
from statuspage.core.database import TRIES, is_conflict, retry_on_conflict, retry_when_cut_off


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


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CUT_OFF_PAUSE_SECONDS", 0.0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no connection to cut")
def test_what_was_cut_off_is_done_again_on_a_new_connection(no_pause: None) -> None:
    def end_our_own_connection_once() -> str:
        calls.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())" if len(calls) == 1 else "SELECT 1")
        return "done"

    calls: list[int] = []
    assert retry_when_cut_off(end_our_own_connection_once)() == "done"
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_an_error_on_a_connection_that_works_is_told_at_once(no_pause: None) -> None:
    service = Service(99, OperationalError("no such table"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with pytest.raises(OperationalError):
        retry_when_cut_off(service)()
    assert service.calls == 1


@pytest.mark.django_db
def test_inside_a_larger_transaction_nothing_is_done_again_after_a_cut(no_pause: None) -> None:
    service = Service(99, OperationalError("the connection is closed"))
    with pytest.raises(OperationalError):
        retry_when_cut_off(service)()
    assert service.calls == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_told_after_a_while(no_pause: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CUT_OFF_PATIENCE_SECONDS", 0.0)
    connection.close()
    service = Service(99, OperationalError("the server closed the connection"))
    with pytest.raises(OperationalError):
        retry_when_cut_off(service)()
    assert 1 <= service.calls <= 2
