"""PostgreSQL probes: the product's own database for real, and servers that only pretend."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from probes.checkers.postgres import _failure
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.errors import OutOfResources
from tests.hostile import Behaviour, Recording, Server, closed_port, hang


def url_of(server: Server) -> dict[str, Any]:
    return {"url": f"postgresql://me:secret@127.0.0.1:{server.port}/db"}


def pretending(message: bytes) -> Behaviour:
    """A server that refuses TLS where it is asked for, reads the start-up message, and answers with these bytes."""

    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(8)
        if first[4:] == b"\x04\xd2\x16\x2f":  # SSLRequest
            writer.write(b"N")
            first = await reader.readexactly(8)
        await reader.readexactly(int.from_bytes(first[:4]) - 8)
        writer.write(message)
        await writer.drain()

    return behave


def error_message(code: str, words: str) -> bytes:
    """An ErrorResponse of PostgreSQL's protocol, version 3."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode()
    return b"E" + (len(fields) + 4).to_bytes(4) + fields


@pytest.mark.django_db
def test_the_products_own_database_answers(check: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if connection.vendor == "sqlite" and ":memory:" in str(settings.DATABASES["default"]["NAME"]):
        pytest.skip("a database in memory has no second connection")
    result = check(ProbeKind.POSTGRES, {"url": "default"}, allow_private=False)
    assert (result.outcome, result.detail) == (Outcome.UP, f"SELECT 1 in {round(result.latency_ms)} ms")


def use_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        settings.DATABASES, "default", {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {}}
    )


def test_a_database_in_a_file_answers(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "real.sqlite3"
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE t (x)")
    made.close()
    use_file(path, monkeypatch)
    result = check(ProbeKind.POSTGRES, {"url": "default"})
    assert (result.outcome, result.detail) == (Outcome.UP, f"SELECT 1 in {round(result.latency_ms)} ms")


def test_a_database_file_that_is_gone_is_down_and_not_made(
    check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_file(tmp_path / "gone.sqlite3", monkeypatch)
    result = check(ProbeKind.POSTGRES, {"url": "default"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The database file cannot be opened.")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_down(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    use_file(path, monkeypatch)
    assert check(ProbeKind.POSTGRES, {"url": "default"}).outcome == Outcome.DOWN


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.POSTGRES, {"url": f"postgresql://me:secret@127.0.0.1:{closed_port()}/db"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_server_that_hangs_is_down_in_time(check_server: Any) -> None:
    result = check_server(ProbeKind.POSTGRES, hang, url_of, timeout=timedelta(milliseconds=300))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 300 ms.")


@pytest.mark.parametrize(
    ("code", "words", "detail"),
    [
        ("28P01", 'password authentication failed for user "me"', "The login was refused."),
        ("28000", 'no pg_hba.conf entry for host "10.1.2.3"', "The server does not let us in."),
        ("3D000", 'database "db" does not exist', "The database does not exist."),
        ("53300", "sorry, too many clients already", "The server has too many connections."),
        ("57P03", "the database system is starting up", "The server is starting up."),
        ("57P03", "the database system is shutting down", "The server is shutting down."),
        ("XX000", "something unheard of at 10.1.2.3", "The connection failed."),
    ],
)
def test_a_refusal_is_said_in_our_own_words(code: str, words: str, detail: str, check_server: Any) -> None:
    result = check_server(ProbeKind.POSTGRES, pretending(error_message(code, words)), url_of)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_what_is_no_postgresql_is_down(check_server: Any) -> None:
    result = check_server(ProbeKind.POSTGRES, pretending(b"HTTP/1.1 400 Bad Request\r\n\r\n"), url_of)
    assert result.outcome == Outcome.DOWN


def test_a_private_address_without_permission_is_never_connected_to(check_server: Any) -> None:
    seen: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        seen.append(server)
        return url_of(server)

    result = check_server(ProbeKind.POSTGRES, hang, config, allow_private=False)
    assert (result.outcome, seen[0].connections) == (Outcome.ERROR, 0)


def test_no_descriptors_left_is_our_trouble() -> None:
    error = _failure(psycopg.OperationalError("could not create socket: Too many open files"))
    assert isinstance(error, OutOfResources)
