"""A connection to a target, through the guard, for the protocols that are not HTTP/1."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from probes.checkers.base import CheckContext
from statuspage.core.http.errors import connection_error
from statuspage.core.http.resolver import connect

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# What waits to be read at most: a server that sends without end is held up, not stored.
MOST_BUFFERED = 64 * 1024
READ_AT_ONCE = 16 * 1024


@asynccontextmanager
async def open_stream(
    context: CheckContext, host: str, port: int, *, tls: ssl.SSLContext | None, allow_private: bool, deadline: float
) -> AsyncIterator[Streams]:
    """Looked up once, checked, connected to where it was checked; gone at the end without a farewell to wait for.

    Raises BlockedAddress, a member of OutboundError, or TimeoutError when nobody took the connection.
    """
    endpoints = await context.resolver.resolve(host, port, allow_private=allow_private, deadline=deadline)
    opened = await connect(endpoints, deadline=deadline)
    options: dict[str, Any] = {"ssl": tls, "server_hostname": host} if tls else {}
    try:
        async with asyncio.timeout_at(deadline):
            reader, writer = await asyncio.open_connection(sock=opened, limit=MOST_BUFFERED, **options)
    except BaseException as error:
        opened.close()
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise connection_error(error) from error
        raise
    try:
        async with asyncio.timeout_at(deadline):
            yield reader, writer
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise
        raise connection_error(error) from error
    finally:
        writer.transport.abort()
