"""Where the guard lets us go."""

from ipaddress import ip_address, ip_network

import pytest

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import InvalidUrl
from statuspage.core.http.netguard import blocked_as, check_address, literal_address, normalise_host

# Public IPv4 inside IPv6 forms is 8.8.8.8 (808:808).
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "192.167.1.1", "223.255.255.254", "2606:4700::1111"]
PUBLIC += ["64:ff9b::808:808", "2002:808:808::1", "2001:4860:4860::8888"]
OPENED = ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"]
OPENED += ["::1", "fc00::1", "fd12:3456::1"]
NEVER = [
    "0.0.0.0",  # noqa: S104 -- to be refused, not bound to
    "0.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.1.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2001:0:808:808::80ff:fffe",  # Teredo: the client, inverted, is 127.0.0.1
    "2001:0:7f00:1::f7f7:f7f7",  # Teredo: the server is 127.0.0.1
    "2606:4700::5efe:7f00:1",  # ISATAP
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    "4000::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert blocked_as(ip_address(address)) is None


@pytest.mark.parametrize("address", [*OPENED, *NEVER])
def test_everything_else_is_refused_by_default(address: str) -> None:
    with pytest.raises(BlockedAddress):
        check_address(address, allow_private=False)


@pytest.mark.parametrize("address", OPENED)
def test_allow_private_opens_loopback_and_private_networks(address: str) -> None:
    with pytest.raises(BlockedAddress, match="set allow_private to probe it"):
        check_address(address, allow_private=False)
    check_address(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_allow_private_opens_nothing_more(address: str) -> None:
    with pytest.raises(BlockedAddress, match="never contacted"):
        check_address(address, allow_private=True)


def test_the_sentence_says_what_the_address_is_and_what_to_do() -> None:
    with pytest.raises(BlockedAddress) as refusal:
        check_address("127.0.0.1", allow_private=False)
    assert refusal.value.sentence == "127.0.0.1 is a loopback address; set allow_private to probe it."


def test_a_named_target_keeps_its_address_to_itself() -> None:
    with pytest.raises(BlockedAddress) as refusal:
        check_address("10.9.8.7", allow_private=False, name="db.example.com")
    assert refusal.value.sentence == "db.example.com leads to a private address; set allow_private to probe it."


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "127.0.0.01",
        "0",
        "0x",
        "4294967296",
        "1.2.3.4.5",
        "example.0x7f",
    ],
)
def test_an_address_in_disguise_is_refused_even_where_private_is_allowed(host: str) -> None:
    with pytest.raises(BlockedAddress, match="in disguise"):
        literal_address(host)


def test_a_disguise_is_answered_with_the_plain_form() -> None:
    with pytest.raises(BlockedAddress) as refusal:
        literal_address("0x7f.1")
    assert refusal.value.sentence == "0x7f.1 is an IPv4 address in disguise; write it as 127.0.0.1."


def test_an_address_with_a_network_interface_is_refused() -> None:
    with pytest.raises(BlockedAddress):
        literal_address("fe80::1%eth0")


@pytest.mark.parametrize("host", ["example.com", "a1", "127.0.0.1.example.com", "3com.com", "xn--bcher-kva.example"])
def test_a_name_is_no_address(host: str) -> None:
    assert literal_address(host) is None


@pytest.mark.parametrize("written", ["１２７.0.0.1", "127。0。0。1", "127.0.0.1", "①②⑦.0.0.1"])
def test_unicode_digits_and_dots_are_seen_through(written: str) -> None:
    assert str(literal_address(normalise_host(written))) == "127.0.0.1"


def test_a_host_is_lower_case_and_idna() -> None:
    assert normalise_host("BÜCHER.example") == "xn--bcher-kva.example"
    assert normalise_host("[::1]") == "::1"


@pytest.mark.parametrize("host", ["", "a b", "a/b", "user@host", "a" * 300 + "\x00"])
def test_what_is_no_host_is_said_to_be_none(host: str) -> None:
    with pytest.raises(InvalidUrl):
        normalise_host(host)


def test_an_opened_network_opens_private_addresses_in_it_and_nothing_else() -> None:
    opened = [ip_network("10.1.0.0/16"), ip_network("169.254.0.0/16"), ip_network("fd00::/16")]
    for address in ("10.1.2.3", "fd00::1", "93.184.216.34"):
        check_address(address, allow_private=False, opened=opened)
    for address in ("10.2.0.1", "127.0.0.1", "169.254.169.254", "169.254.1.1", "fd01::1"):
        with pytest.raises(BlockedAddress):
            check_address(address, allow_private=False, opened=opened)
