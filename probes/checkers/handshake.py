"""A TLS handshake on a connection that we opened, to the address that was checked."""

import asyncio
import socket
import ssl

from statuspage.core.http.errors import OutboundError, TlsFailed, connection_error

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# What a reader holds at most: one that nobody empties stops the other side.
MOST_BUFFERED = 16 * 1024


async def shake_hands(opened: socket.socket, *, tls: ssl.SSLContext, server_name: str) -> Streams:
    """The connection, encrypted. Closes it where that fails; the caller keeps the deadline.

    Raises a member of OutboundError; its cause is what OpenSSL said.
    """
    try:
        return await asyncio.open_connection(sock=opened, ssl=tls, server_hostname=server_name, limit=MOST_BUFFERED)
    except BaseException as error:
        opened.close()
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise handshake_error(error) from error
        raise


def handshake_error(error: OSError) -> OutboundError:
    if isinstance(error, ConnectionError) and not isinstance(error, ssl.SSLError):
        return TlsFailed("The server broke the connection off during the TLS handshake.")
    return connection_error(error)


def hang_up(writer: asyncio.StreamWriter) -> None:
    """At once, without the farewell of TLS: a server that hangs would be waited for."""
    writer.transport.abort()
