"""ICMP echo requests and replies as bytes (RFC 792, RFC 4443). Pure; reading never raises."""

import struct
from dataclasses import dataclass

HEADER = struct.Struct("!BBHHH")
ECHO_REPLY, ECHO_REQUEST = 0, 8
ECHO_REQUEST_V6, ECHO_REPLY_V6 = 128, 129
LEAST_IP_HEADER = 20
# As much as ping sends.
PAYLOAD_LENGTH = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    identifier: int
    sequence: int
    payload: bytes


def build_request(echo: Echo, *, version: int) -> bytes:
    """The packet of an echo request. IPv6's checksum covers addresses that only the kernel knows: it fills it in."""
    kind = ECHO_REQUEST if version == 4 else ECHO_REQUEST_V6
    packet = HEADER.pack(kind, 0, 0, echo.identifier, echo.sequence) + echo.payload
    if version == 6:
        return packet
    return HEADER.pack(kind, 0, checksum(packet), echo.identifier, echo.sequence) + echo.payload


def parse_reply(raw: bytes, *, version: int) -> Echo | None:
    """What an echo reply holds; nothing for any other packet. A raw IPv4 socket gives the IP header as well."""
    packet = _without_ip_header(raw) if version == 4 else raw
    if len(packet) < HEADER.size:
        return None
    kind, code, _, identifier, sequence = HEADER.unpack_from(packet)
    if kind != (ECHO_REPLY if version == 4 else ECHO_REPLY_V6) or code != 0:
        return None
    return Echo(identifier=identifier, sequence=sequence, payload=packet[HEADER.size :])


def _without_ip_header(raw: bytes) -> bytes:
    """An ICMP message begins with its kind, 0 for a reply; an IPv4 header with 0x45 to 0x4f."""
    if len(raw) < LEAST_IP_HEADER or raw[0] >> 4 != 4:
        return raw
    return raw[max((raw[0] & 0x0F) * 4, LEAST_IP_HEADER) :]


def checksum(packet: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = packet + b"\0" if len(packet) % 2 else packet
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
