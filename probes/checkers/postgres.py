"""A database: a connection of its own, `SELECT 1`, and closed again.

`default` is the product's own database, reached the way Django does but outside of Django's connections, so that a
pool that is exhausted or a connection kept alive does not answer in its stead.
"""

import os
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from probes.checkers.base import CheckContext, CheckFailed, CheckRequest, CheckResult, loop_deadline, measured
from probes.checkers.fields import Fields, expand
from statuspage.core.http.errors import OutOfResources
from statuspage.core.http.resolver import Endpoint

DEFAULT = "default"
SCHEMES = ("postgres", "postgresql")
# Everything else a connection string may say (service files, host addresses, key files…) is not the target's business.
ALLOWED = frozenset({"host", "port", "user", "password", "dbname", "sslmode", "channel_binding"})
QUERY = "SELECT 1"
REASONS: tuple[tuple[str, str], ...] = (
    (r"connection refused", "Connection refused."),
    (r"password authentication failed|no password supplied|authentication failed", "The login was refused."),
    (r"no pg_hba\.conf entry", "The server does not let us in."),
    (r"database .* does not exist", "The database does not exist."),
    (r"role .* does not exist", "The login was refused."),
    (r"too many (clients|connections)|remaining connection slots", "The server has too many connections."),
    (r"is starting up|in recovery mode", "The server is starting up."),
    (r"is shutting down|terminating connection", "The server is shutting down."),
    (r"no route to host", "No route to the host."),
    (r"no such file or directory", "Connection refused."),
    (r"certificate", "The certificate is not valid."),
    (r"server does not support SSL", "The server does not speak TLS."),
    (r"server closed the connection|connection reset|invalid response|received", "The server broke the connection."),
)
OURS: tuple[tuple[str, str], ...] = (
    (r"too many open files", "This machine has no file descriptors left."),
    (r"network is unreachable", "This machine has no route to that network."),
    (r"cannot allocate memory|out of memory", "This machine has no memory left."),
    (r"cannot assign requested address", "This machine has no local ports left."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresConfig:
    KEYS: ClassVar[frozenset[str]] = frozenset({"url"})

    url: str

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        if fields.mapping.get("url") == DEFAULT:
            return cls(url=DEFAULT)
        noted = len(fields.errors)
        url = fields.url("url", schemes=SCHEMES)
        if len(fields.errors) == noted:
            _check_parameters(fields, fields.expanded("url", url))
        return cls(url=url)


def _check_parameters(fields: Fields, url: str) -> None:
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        fields.refuse("url", "a PostgreSQL URL such as postgresql://user:${PASSWORD}@host/database")
        return
    unknown = sorted(set(parameters) - ALLOWED)
    if unknown:
        fields.refuse("url", f"no other parameters than {', '.join(sorted(ALLOWED))}, not {', '.join(unknown)}")
    host = str(parameters.get("host", ""))
    if not host or re.search(r"[,/]", host):
        fields.refuse("url", "one host, by name or address")
    else:
        # `?host=` overrides the one before the path.
        fields.host("url", host)


class PostgresChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = PostgresConfig(**request.config)
        started = time.perf_counter()
        if config.url == DEFAULT:
            await _select_from_default(context)
        else:
            await _select(await _parameters(config, request, context))
        return measured(request, QUERY, (time.perf_counter() - started) * 1000)


async def _parameters(config: PostgresConfig, request: CheckRequest, context: CheckContext) -> dict[str, Any]:
    """The connection string with the addresses that were checked: libpq looks nothing up where it has `hostaddr`."""
    given = conninfo_to_dict(expand(config.url, os.environ))
    parameters = {name: value for name, value in given.items() if name in ALLOWED}
    host, port = str(parameters["host"]), int(parameters.get("port") or 5432)
    endpoints = await context.resolver.resolve(
        host, port, allow_private=request.allow_private, deadline=loop_deadline(request)
    )
    return {**parameters, **_pinned(host, port, endpoints)}


def _pinned(host: str, port: int, endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    return {
        "host": ",".join(host for _ in endpoints),
        "hostaddr": ",".join(endpoint.address for endpoint in endpoints),
        "port": ",".join(str(port) for _ in endpoints),
    }


async def _select_from_default(context: CheckContext) -> None:
    database = settings.DATABASES[DEFAULT]
    if "sqlite" in database["ENGINE"]:
        await context.in_thread("sqlite default", lambda: _select_from_file(str(database["NAME"])))
    else:
        await _select(_django_parameters(database))


def _django_parameters(database: dict[str, Any]) -> dict[str, Any]:
    options = {name: value for name, value in database.get("OPTIONS", {}).items() if name.startswith("ssl")}
    pairs = {
        "dbname": database.get("NAME"),
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "host": database.get("HOST"),
        "port": database.get("PORT"),
    }
    return {name: str(value) for name, value in pairs.items() if value} | options


async def _select(parameters: dict[str, Any]) -> None:
    """Connect, ask, close. The total deadline is the caller's; `connect_timeout` only shares it between addresses."""
    try:
        connection = await psycopg.AsyncConnection.connect(
            **parameters, autocommit=True, application_name="statuspage probe", gssencmode="disable"
        )
    except psycopg.Error as error:
        raise _failure(error) from error
    try:
        await connection.execute(QUERY, prepare=False)
    except psycopg.Error as error:
        raise _failure(error) from error
    finally:
        await connection.close()


def _failure(error: psycopg.Error) -> Exception:
    """Our own words: the server's name its users, databases and addresses, and the public reads them."""
    text = str(error).lower()
    for pattern, sentence in OURS:
        if re.search(pattern, text):
            return OutOfResources(sentence)
    for pattern, sentence in REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return CheckFailed(sentence)
    return CheckFailed("The connection failed.")


def _select_from_file(name: str) -> None:
    """SQLite: read-write, so that it reads through the log like everybody else, but never made when it is missing."""
    try:
        with closing(sqlite3.connect(f"file:{name}?mode=rw", uri=True, timeout=5)) as connection:
            connection.execute(QUERY).fetchone()
            # SELECT 1 alone does not open the file.
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        raise CheckFailed("The database file cannot be opened.") from error
