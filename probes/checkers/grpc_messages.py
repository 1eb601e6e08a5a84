"""The two messages of grpc.health.v1, by hand: one text out, one number back.

https://github.com/grpc/grpc/blob/master/doc/health-checking.md and https://protobuf.dev/programming-guides/encoding/
"""

from enum import IntEnum

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
SERVICE = STATUS = 1  # the one field of the request, and of the response
PREFIX = 5  # a byte that says whether it is compressed, and four of length
MOST_VARINT = 10


class ServingStatus(IntEnum):
    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class BadMessage(ValueError):
    """Not a message of this protocol."""


def request_message(service: str) -> bytes:
    """A HealthCheckRequest, as gRPC frames it. The empty service is the server as a whole."""
    name = service.encode()
    body = bytes([SERVICE << 3 | BYTES]) + _varint(len(name)) + name if name else b""
    return b"\0" + len(body).to_bytes(PREFIX - 1) + body


def response_status(data: bytes) -> int:
    """The status in a framed HealthCheckResponse. Raises BadMessage."""
    if len(data) < PREFIX or data[0] != 0 or len(data) - PREFIX != int.from_bytes(data[1:PREFIX]):
        raise BadMessage
    status, position = 0, PREFIX
    while position < len(data):
        tag, position = _read_varint(data, position)
        value, position = _read_value(data, position, tag & 7)
        if tag == STATUS << 3 | VARINT:
            status = value
    return status


def _read_value(data: bytes, position: int, kind: int) -> tuple[int, int]:
    """The number, or 0 for what we have no field for, and where it ends."""
    if kind == VARINT:
        return _read_varint(data, position)
    size = {FIXED64: 8, FIXED32: 4}.get(kind)
    if kind == BYTES:
        size, position = _read_varint(data, position)
    if size is None or position + size > len(data):
        raise BadMessage
    return 0, position + size


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    number = 0
    for place in range(MOST_VARINT):
        if position + place >= len(data):
            break
        byte = data[position + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte <= 0x7F:
            return number, position + place + 1
    raise BadMessage
