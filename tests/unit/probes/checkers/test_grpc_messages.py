"""The messages of gRPC health, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checkers.grpc_messages import BadMessage, request_message, response_status


def framed(body: bytes) -> bytes:
    return b"\0" + len(body).to_bytes(4) + body


def varint(number: int) -> bytes:
    """Slow and obvious: seven bits at a time, the lowest first, all but the last marked."""
    groups = [number >> place & 0x7F for place in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("", b"\0\0\0\0\0"),
        ("a.B", b"\0\0\0\0\x05\x0a\x03a.B"),
        ("x" * 200, b"\0\0\0\0\xcb\x0a\xc8\x01" + b"x" * 200),
    ],
)
def test_a_request_carries_the_name_of_the_service(service: str, message: bytes) -> None:
    assert request_message(service) == message


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 0),
        (b"\x08\x01", 1),
        (b"\x08\x02", 2),
        (b"\x08\x01\x08\x03", 3),  # the last one counts
        (b"\x12\x03abc\x08\x01", 1),  # fields that a later version may have
        (b"\x11" + b"\0" * 8 + b"\x1d" + b"\0" * 4 + b"\x08\x01", 1),
        (b"\x08\xac\x02", 300),
    ],
)
def test_a_response_is_read(body: bytes, status: int) -> None:
    assert response_status(framed(body)) == status


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0\0\x02\x08",
        b"\x01\0\0\0\x02\x08\x01",
        framed(b"\x08\x01") + b"more",
        framed(b"\x08"),
        framed(b"\x08" + b"\xff" * 11),
        framed(b"\x12\x7fabc"),
        framed(b"\x0b"),
        framed(b"\x11\0"),
    ],
)
def test_what_is_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        response_status(data)


@given(st.integers(0, 2**63 - 1), st.binary(max_size=300))
def test_a_number_is_read_as_it_was_written(number: int, other: bytes) -> None:
    unknown = b"\x12" + varint(len(other)) + other
    assert response_status(framed(unknown + b"\x08" + varint(number))) == number


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        status = response_status(framed(body))
    except BadMessage:
        return
    assert status >= 0
