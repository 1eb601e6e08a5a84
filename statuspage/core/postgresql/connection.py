"""A connection whose every wait for the server can end without an answer."""

from collections.abc import Generator
from time import monotonic
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen

from statuspage.core.postgresql import patience


class DatabaseSilent(psycopg.OperationalError):
    """The database did not answer in time; the connection it was asked by is closed."""

    is_silence = True


class ImpatientConnection(psycopg.Connection[Any]):
    """Gives up when `patience` says so, and does not ask where it is known that no answer will come."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        if not patience.is_limited():
            return super().wait(gen, interval, timeout)
        try:
            check_that_it_answers()
            return super().wait(_impatiently(gen), interval, timeout)
        except DatabaseSilent:
            # Its answer could still come, and would be taken for that to the next question.
            self.pgconn.finish()
            raise


def check_that_it_answers() -> None:
    """Raises DatabaseSilent instead of letting somebody ask in vain."""
    if patience.is_known_silent():
        raise DatabaseSilent("The database has not answered for more than a second.")


def _impatiently(gen: PQGen[RV]) -> Generator[Any, Any, RV]:
    """The same generator, which ends when patience does. The waiting loop wakes it every `interval` without data."""
    started = monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and patience.is_over(started):
                raise DatabaseSilent("The database accepted a query and did not answer.")
            wanted = gen.send(ready)
    except StopIteration as end:
        result: RV = end.value
        return result
