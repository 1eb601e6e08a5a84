"""Redis: a connection of its own, `PING`, and closed again."""

import asyncio
import os
import socket
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.conf import settings
from redis import exceptions
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from yarl import URL

from probes.checkers.base import CheckContext, CheckFailed, CheckRequest, CheckResult, loop_deadline, measured
from probes.checkers.fields import Fields, expand
from statuspage.core.http.errors import connection_error
from statuspage.core.http.resolver import connect

DEFAULT = "default"
SCHEMES = ("redis", "rediss")
PORT = 6379


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisConfig:
    KEYS: ClassVar[frozenset[str]] = frozenset({"url"})

    url: str

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        if fields.mapping.get("url") != DEFAULT:
            return cls(url=fields.url("url", schemes=SCHEMES))
        if not settings.REDIS_URL:
            fields.refuse("url", "a redis:// URL, for REDIS_URL is not set")
        return cls(url=DEFAULT)


class _OpenedConnection(Connection):
    """redis-py's protocol on a connection that we opened, to the address that was checked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, **options: Any) -> None:
        super().__init__(**options)
        self._streams = reader, writer

    async def _connect(self) -> None:
        self._reader, self._writer = self._streams


class RedisChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = RedisConfig(**request.config)
        is_own = config.url == DEFAULT
        url = URL(settings.REDIS_URL if is_own else expand(config.url, os.environ))
        started = time.perf_counter()
        # Our own Redis is where the settings say, private or not.
        await _ping(url, request, context, allow_private=is_own or request.allow_private)
        return measured(request, "PING", (time.perf_counter() - started) * 1000)


async def _ping(url: URL, request: CheckRequest, context: CheckContext, *, allow_private: bool) -> None:
    deadline = loop_deadline(request)
    host = url.raw_host or "localhost"
    endpoints = await context.resolver.resolve(
        host, url.explicit_port or PORT, allow_private=allow_private, deadline=deadline
    )
    opened = await connect(endpoints, deadline=deadline)
    connection = await _wrap(opened, url, host, context)
    try:
        await connection.connect()  # type: ignore[no-untyped-call]  # redis-py does not annotate it
        await connection.send_command("PING")
        answer = await connection.read_response()
    except exceptions.RedisError as error:
        raise CheckFailed(_sentence(error)) from error
    finally:
        await connection.disconnect(nowait=True)
    if answer not in {b"PONG", "PONG"}:
        raise CheckFailed("The server does not answer PING as Redis does.")


async def _wrap(opened: socket.socket, url: URL, host: str, context: CheckContext) -> _OpenedConnection:
    tls: dict[str, Any] = {"ssl": context.tls, "server_hostname": host} if url.scheme == "rediss" else {}
    try:
        reader, writer = await asyncio.open_connection(sock=opened, **tls)
    except BaseException as error:
        opened.close()
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise connection_error(error) from error
        raise
    database = url.path.strip("/")
    return _OpenedConnection(
        reader,
        writer,
        username=url.user,
        password=url.password,
        db=int(database) if database.isdigit() else 0,
        protocol=2,
        driver_info=None,
        socket_timeout=None,
        socket_connect_timeout=None,
        retry=Retry(NoBackoff(), 0),
    )


def _sentence(error: exceptions.RedisError) -> str:
    """Our own words: the server's are for its operator."""
    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError):
        return "The login was refused."
    if isinstance(error, exceptions.NoPermissionError):
        return "The login may not PING."
    if isinstance(error, exceptions.BusyLoadingError):
        return "The server is loading its data."
    if isinstance(error, exceptions.MaxConnectionsError) or "max number of clients" in str(error):
        return "The server has too many connections."
    if isinstance(error, exceptions.ConnectionError):
        return "The server broke the connection."
    if isinstance(error, exceptions.InvalidResponse):
        return "The server does not answer as Redis does."
    return "The server answered PING with an error."
