"""Against the real PostgreSQL through a relay that can stop passing bytes on, as a frozen server does."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections

from statuspage.core.postgresql import patience
from statuspage.core.postgresql.base import DatabaseWrapper
from statuspage.core.postgresql.connection import DatabaseSilent, ImpatientConnection

pytestmark = [
    pytest.mark.skipif(settings.USES_SQLITE, reason="it is about PostgreSQL"),
    pytest.mark.django_db,
]


class Relay:
    """Passes bytes on to the database until it is told to be silent; then it accepts them and says nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.is_silent = threading.Event()
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                threading.Thread(target=self._pass_on, args=[client, server], daemon=True).start()
                threading.Thread(target=self._pass_on, args=[server, client], daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.is_silent.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def relay() -> Iterator[Relay]:
    parameters = connection.get_connection_params()
    relay = Relay(parameters.get("host", "127.0.0.1"), int(parameters.get("port", 5432)))
    yield relay
    relay.close()
    patience.watch_database(None)


@pytest.fixture
def relayed(relay: Relay) -> Iterator[ImpatientConnection]:
    parameters = connection.get_connection_params() | {"host": "127.0.0.1", "port": relay.port}
    made = ImpatientConnection.connect(**parameters, autocommit=True)
    yield made
    made.close()


def test_django_opens_impatient_connections() -> None:
    connection.ensure_connection()
    assert isinstance(connections["default"], DatabaseWrapper)
    assert isinstance(connection.connection, ImpatientConnection)


def test_a_query_is_answered_as_ever(relayed: ImpatientConnection) -> None:
    patience.watch_database(lambda: False)
    assert relayed.execute("SELECT generate_series(1, 3)").fetchall() == [(1,), (2,), (3,)]


def test_an_error_of_the_server_is_told_as_ever(relayed: ImpatientConnection) -> None:
    patience.watch_database(lambda: False)
    with pytest.raises(psycopg.errors.DivisionByZero):
        relayed.execute("SELECT 1 / 0")
    assert relayed.execute("SELECT 1").fetchone() == (1,)


def test_a_query_that_the_server_takes_and_never_answers_ends(relay: Relay, relayed: ImpatientConnection) -> None:
    relay.is_silent.set()
    started = time.monotonic()
    patience.watch_database(lambda: time.monotonic() > started + 0.2)
    with pytest.raises(DatabaseSilent):
        relayed.execute("SELECT 1")
    assert time.monotonic() - started < 2
    assert relayed.closed


def test_a_slow_query_is_waited_for(relayed: ImpatientConnection) -> None:
    patience.watch_database(lambda: False)
    assert relayed.execute("SELECT pg_sleep(1.3), 7").fetchone() == ("", 7)


def test_a_database_known_to_be_silent_is_not_asked(relayed: ImpatientConnection) -> None:
    patience.watch_database(lambda: True)
    started = time.monotonic()
    with pytest.raises(DatabaseSilent):
        relayed.execute("SELECT 1")
    assert time.monotonic() - started < 0.1


def test_a_database_known_to_be_silent_is_not_connected_to() -> None:
    wrapper = DatabaseWrapper(connection.settings_dict, "default")
    patience.watch_database(lambda: True)
    started = time.monotonic()
    with pytest.raises(OperationalError):
        wrapper.ensure_connection()
    assert time.monotonic() - started < 0.1
    patience.watch_database(None)


def test_a_connection_that_was_given_up_is_replaced(relay: Relay) -> None:
    wrapper = DatabaseWrapper({**connection.settings_dict, "HOST": "127.0.0.1", "PORT": relay.port}, "default")
    wrapper.ensure_connection()
    patience.watch_database(relay.is_silent.is_set)
    relay.is_silent.set()
    with pytest.raises(OperationalError), wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")
    relay.is_silent.clear()
    wrapper.close_if_unusable_or_obsolete()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    wrapper.close()
