"""One unary gRPC call over HTTP/2 (gRPC over HTTP2; RFC 9113), with the `h2` package on a connection of ours."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import DenialOfServiceError, ProtocolError

from probes.checkers.base import CheckFailed
from probes.checkers.grpc_messages import BadMessage, request_message, response_status
from probes.checkers.stream import READ_AT_ONCE
from statuspage.core.http.client import USER_AGENT

PATH = "/grpc.health.v1.Health/Check"
MOST_READ = 256 * 1024
LARGEST_ANSWER = 4096
MOST_HEADERS = 32 * 1024
NOT_GRPC = "The answer is not gRPC."
NOT_HTTP2 = "The server does not speak HTTP/2 there."
OK = "0"
FRAME_HEAD = 9
SETTINGS = 4
# https://grpc.io/docs/guides/status-codes/
SENTENCES = {
    "1": "The server cancelled the call.",
    "2": "The server failed without saying why (gRPC status UNKNOWN).",
    "3": "The server refused the call as invalid.",
    "4": "The server ran out of time.",
    "5": "The server does not know that service.",
    "7": "The call is not allowed (gRPC status PERMISSION_DENIED).",
    "8": "The server has no resources left.",
    "12": "The server does not have the gRPC health service.",
    "13": "The server failed in itself (gRPC status INTERNAL).",
    "14": "The server says that it is unavailable.",
    "16": "The login was refused.",
}
# The tables of headers are logged at its lowest level, and with them what is in the headers.
logging.getLogger("hpack").setLevel(logging.INFO)


@dataclass(slots=True)
class _Answer:
    """What of the answer has come. Headers have lower-case names; trailers are among them."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    is_whole: bool = False


async def ask_health(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    authority: str,
    scheme: str,
    service: str,
    metadata: Mapping[str, str],
    timeout_ms: int,
) -> int:
    """The serving status as a number. Whoever calls keeps the deadline. Raises CheckFailed, or OSError."""
    connection = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1"))
    connection.initiate_connection()
    connection.decoder.max_header_list_size = MOST_HEADERS
    stream = connection.get_next_available_stream_id()
    connection.send_headers(
        stream,
        [
            (":method", "POST"),
            (":scheme", scheme),
            (":path", PATH),
            (":authority", authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", USER_AGENT),
            ("grpc-timeout", f"{timeout_ms}m"),
            *((name.lower(), value) for name, value in metadata.items()),
        ],
    )
    connection.send_data(stream, request_message(service), end_stream=True)
    return _status_in(await _read_answer(connection, reader, writer))


async def _read_answer(
    connection: H2Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> _Answer:
    answer, left, beginning = _Answer(), MOST_READ, b""
    while not answer.is_whole:
        writer.write(connection.data_to_send())
        await writer.drain()
        data = await reader.read(READ_AT_ONCE)
        left -= len(data)
        if not data:
            raise CheckFailed("The server broke the connection before it answered.")
        if left < 0:
            raise CheckFailed("The server sends far more than an answer.")
        if len(beginning) < FRAME_HEAD:
            beginning = (beginning + data)[:FRAME_HEAD]
            _check_beginning(beginning)
        try:
            for event in connection.receive_data(data):
                _take(event, answer)
        except DenialOfServiceError:
            raise CheckFailed("The answer's headers are too large.") from None
        except ProtocolError:
            raise CheckFailed(NOT_GRPC if answer.headers else NOT_HTTP2) from None
    return answer


def _check_beginning(beginning: bytes) -> None:
    """The first frame of a server is its settings (RFC 9113, section 3.4); else h2 would wait for its end."""
    if len(beginning) == FRAME_HEAD and (beginning[3] != SETTINGS or int.from_bytes(beginning[:3]) > READ_AT_ONCE):
        raise CheckFailed(NOT_HTTP2)


def _take(event: Event, answer: _Answer) -> None:
    if isinstance(event, ResponseReceived | TrailersReceived):
        answer.headers.update({_text(name): _text(value) for name, value in event.headers or ()})
    elif isinstance(event, DataReceived):
        answer.data += event.data or b""
        if len(answer.data) > LARGEST_ANSWER:
            raise CheckFailed(NOT_GRPC)
    elif isinstance(event, StreamEnded):
        answer.is_whole = True
    elif isinstance(event, StreamReset) and not answer.is_whole:
        raise CheckFailed(f"The server gave the call up (HTTP/2 error {int(event.error_code or 0)}).")
    elif isinstance(event, ConnectionTerminated) and not answer.is_whole and event.error_code:
        raise CheckFailed(f"The server ended the connection (HTTP/2 error {int(event.error_code)}).")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _status_in(answer: _Answer) -> int:
    status = answer.headers.get(":status", "")
    if status != "200":
        raise CheckFailed(f"Answered {status[:3]} instead of gRPC.")
    code = answer.headers.get("grpc-status")
    if code is None or not answer.headers.get("content-type", "").startswith("application/grpc"):
        raise CheckFailed(NOT_GRPC)
    if code != OK:
        number = code if code.isascii() and code.isdigit() and len(code) < 4 else "unknown"
        raise CheckFailed(SENTENCES.get(code, f"The call failed (gRPC status {number})."))
    try:
        return response_status(bytes(answer.data))
    except BadMessage:
        raise CheckFailed("The answer is not one of the gRPC health service.") from None
