"""From a name to checked addresses, and from those to a socket."""

import asyncio
import errno
import socket
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from statuspage.core.errors import BlockedAddress
from statuspage.core.http.errors import ConnectFailed, LookupFailed, NoSuchHost, OutOfResources
from statuspage.core.http.resolver import Endpoint, Resolver, connect
from tests.hostile import closed_port, hang, serving


def addresses(*found: str) -> Any:
    def lookup(_host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, port)) for ip in found]

    return lookup


def failing(error: Exception) -> Any:
    def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
        raise error

    return lookup


def resolve(
    lookup: Any, host: str = "api.example.com", *, allow_private: bool = False, seconds: float = 2
) -> list[str]:
    async def body() -> list[str]:
        resolver = Resolver(threads=1, lookup=lookup)
        try:
            deadline = asyncio.get_running_loop().time() + seconds
            found = await resolver.resolve(host, 80, allow_private=allow_private, deadline=deadline)
        finally:
            resolver.close()
        return [endpoint.address for endpoint in found]

    return asyncio.run(body())


def run_connect(*endpoints: Endpoint, seconds: float = 1) -> None:
    async def body() -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        (await connect(endpoints, deadline=deadline)).close()

    asyncio.run(body())


def test_only_allowed_addresses_come_back() -> None:
    assert resolve(addresses("10.0.0.1", "1.1.1.1", "169.254.169.254")) == ["1.1.1.1"]


def test_the_same_address_comes_back_once() -> None:
    assert resolve(addresses("1.1.1.1", "1.1.1.1", "1.0.0.1")) == ["1.1.1.1", "1.0.0.1"]


def test_a_name_with_only_blocked_addresses_is_refused_without_telling_them() -> None:
    with pytest.raises(BlockedAddress) as refusal:
        resolve(addresses("10.0.0.1", "127.0.0.1"))
    assert str(refusal.value) == "api.example.com leads to a private address; set allow_private to probe it."


def test_a_metadata_address_stays_refused_where_private_is_allowed() -> None:
    with pytest.raises(BlockedAddress):
        resolve(addresses("169.254.169.254", "fd00:ec2::254", "::ffff:10.0.0.1"), allow_private=True)


def test_an_address_is_not_looked_up() -> None:
    assert resolve(failing(AssertionError("looked up")), "1.1.1.1") == ["1.1.1.1"]


def test_a_literal_private_address_is_refused_before_any_lookup() -> None:
    with pytest.raises(BlockedAddress):
        resolve(failing(AssertionError("looked up")), "127.0.0.1")


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_NODATA])
def test_a_name_that_does_not_exist_is_the_targets_trouble(code: int) -> None:
    with pytest.raises(NoSuchHost) as failure:
        resolve(failing(socket.gaierror(code, "no")))
    assert str(failure.value) == "api.example.com has no address."
    assert not failure.value.is_ours


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM, socket.EAI_MEMORY])
def test_a_resolver_that_fails_is_our_trouble(code: int) -> None:
    with pytest.raises(LookupFailed) as failure:
        resolve(failing(socket.gaierror(code, "no")))
    assert failure.value.is_ours


def test_no_descriptors_for_the_resolver_is_our_trouble() -> None:
    with pytest.raises(OutOfResources) as failure:
        resolve(failing(OSError(errno.EMFILE, "too many")))
    assert failure.value.is_ours


def test_a_resolver_that_hangs_is_our_trouble_at_the_deadline() -> None:
    released = threading.Event()

    def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
        released.wait(5)
        return []

    try:
        with pytest.raises(LookupFailed, match="in time"):
            resolve(lookup, seconds=0.1)
    finally:
        released.set()


def test_a_refused_connection_says_so() -> None:
    with pytest.raises(ConnectFailed, match=r"^Connection refused\.$"):
        run_connect(Endpoint(address="127.0.0.1", port=closed_port()))


def test_the_second_address_is_tried_when_the_first_refuses() -> None:
    async def body() -> int:
        async with serving(hang) as server:
            endpoints = [Endpoint(address="127.0.0.1", port=port) for port in (closed_port(), server.port)]
            opened = await connect(endpoints, deadline=asyncio.get_running_loop().time() + 2)
            opened.close()
            await asyncio.sleep(0.01)
            return server.connections

    assert asyncio.run(body()) == 1


def connect_with(errors: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two addresses, each failing in its own way at the socket."""
    left = iter(errors)

    def refuse(_self: Any, *_arguments: Any) -> Coroutine[Any, Any, None]:
        raise OSError(next(left), "as the test says")

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", refuse)
    run_connect(*(Endpoint(address=f"127.0.0.{number}", port=9) for number in (1, 2)))


def test_no_route_for_one_family_does_not_hide_that_the_other_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectFailed, match="refused"):
        connect_with([errno.ECONNREFUSED, errno.ENETUNREACH], monkeypatch)


def test_no_route_to_any_address_is_our_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutOfResources, match="no route"):
        connect_with([errno.ENETUNREACH, errno.ENETUNREACH], monkeypatch)
