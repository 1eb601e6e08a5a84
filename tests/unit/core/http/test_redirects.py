"""The guarded client and redirects: each hop meets the same guard. Nothing here leaves loopback."""

import asyncio
from typing import Any

import pytest

from statuspage.core.http.client import GuardedClient, fetch
from statuspage.core.http.errors import BlockedRedirect, RedirectRefused
from statuspage.core.http.resolver import Resolver
from tests.hostile import answer, redirecting, serving
from tests.unit.core.http.conftest import Names, get


def test_a_redirect_is_followed() -> None:
    fetched, server = get(redirecting("/there"))
    assert (fetched.status, fetched.url) == (200, f"{server.url}/there")


def test_a_redirect_is_an_answer_where_none_is_to_be_followed() -> None:
    fetched, server = get(redirecting("/there"), max_redirects=0)
    assert (fetched.status, server.connections) == (302, 1)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://0xa9.0xfe.0xa9.0xfe/",
        "//metadata.example/",
        "http://[::ffff:169.254.169.254]/",
    ],
)
def test_a_redirect_to_a_blocked_address_is_refused_at_that_hop(location: str) -> None:
    async def body() -> int:
        resolver = Resolver(threads=1, lookup=Names(metadata_example=["169.254.169.254"]))
        async with serving(redirecting(location)) as server, GuardedClient(resolver=resolver) as client:
            with pytest.raises(BlockedRedirect) as refusal:
                await fetch(client, "GET", server.url, timeout=3, allow_private=True)
            assert not refusal.value.is_ours
            return server.connections

    assert asyncio.run(body()) == 1


def test_a_redirect_back_to_loopback_is_refused_without_allow_private() -> None:
    """The first hop stands in for a public target: its name is checked as public, its socket goes to loopback."""

    async def body() -> tuple[int, int]:
        async with (
            serving(answer()) as inside,
            serving(redirecting(f"http://127.0.0.1:{inside.port}/")) as outside,
            GuardedClient(resolver=PretendPublic()) as client,
        ):
            with pytest.raises(BlockedRedirect):
                await fetch(client, "GET", f"http://public.example:{outside.port}/", timeout=3)
            return outside.connections, inside.connections

    assert asyncio.run(body()) == (1, 0)


class PretendPublic(Resolver):
    """Lets one name through to loopback; everything else meets the real guard."""

    async def resolve(self, host: str, port: int, *, allow_private: bool, deadline: float, opened: Any = ()) -> Any:
        if host == "public.example":
            return await super().resolve("127.0.0.1", port, allow_private=True, deadline=deadline)
        return await super().resolve(host, port, allow_private=allow_private, deadline=deadline, opened=opened)


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("/", "The redirects go round in a circle."),
        ("/#top", "The redirects go round in a circle."),
        ("http://user:secret@127.0.0.1/", "The redirect carries a password."),
        ("ftp://127.0.0.1/", "The redirect leads to no web address."),
        ("javascript:alert(1)", "The redirect leads to no web address."),
        ("http://[::1/", "The redirect leads to no web address."),
    ],
)
def test_a_redirect_that_is_not_followed_says_why(location: str, sentence: str) -> None:
    with pytest.raises(RedirectRefused) as refusal:
        get(redirecting(location))
    assert str(refusal.value) == sentence


def test_redirects_without_end_are_given_up() -> None:
    async def body() -> int:
        places = redirecting(*(f"/{number}" for number in range(50)))
        async with serving(places) as server, GuardedClient() as client:
            with pytest.raises(RedirectRefused, match="More than 5 redirects"):
                await fetch(client, "GET", server.url, timeout=3, allow_private=True)
            return server.connections

    assert asyncio.run(body()) == 6


def test_only_harmless_headers_follow_to_another_origin() -> None:
    async def body() -> tuple[str, str]:
        async with (
            serving(answer()) as other,
            serving(redirecting(f"{other.url}/")) as first,
            GuardedClient() as client,
        ):
            headers = {
                "Authorization": "Bearer abc",
                "X-Api-Key": "def",
                "User-Agent": "ghi",
                "Accept": "application/json",
            }
            await fetch(client, "GET", first.url, timeout=3, allow_private=True, headers=headers)
            return first.requests[0], other.requests[0]

    first, second = asyncio.run(body())
    assert "Bearer abc" in first
    assert "X-Api-Key: def" in first
    assert "Bearer abc" not in second
    assert "def" not in second
    assert "ghi" not in second
    assert "Accept: application/json" in second


def test_headers_and_body_follow_within_the_origin() -> None:
    _, server = get(
        redirecting("/there", status=307), method="POST", body=b"{}", headers={"X-Api-Key": "def"}, same_host=True
    )
    assert server.requests[1].startswith("POST /there")
    assert "X-Api-Key: def" in server.requests[1]
    assert "Content-Length: 2" in server.requests[1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"method": "POST", "body": b"secret"}, "The redirect would take the request's body to another origin."),
        ({"same_host": True}, "The redirect leads to another host."),
    ],
)
def test_what_must_stay_here_does_not_follow_elsewhere(options: dict[str, Any], sentence: str) -> None:
    async def body() -> int:
        async with serving(answer()) as other:
            elsewhere = f"http://localhost:{other.port}/"
            async with serving(redirecting(elsewhere, status=307)) as first, GuardedClient() as client:
                with pytest.raises(RedirectRefused) as refusal:
                    await fetch(
                        client,
                        options.get("method", "GET"),
                        first.url,
                        timeout=3,
                        allow_private=True,
                        **{name: value for name, value in options.items() if name != "method"},
                    )
                assert str(refusal.value) == sentence
            return other.connections

    assert asyncio.run(body()) == 0


def test_a_caller_s_header_replaces_ours_whatever_its_case() -> None:
    _, server = get(answer(), headers={"user-agent": "theirs"})
    assert "theirs" in server.requests[0]
    assert "statuspage-probe" not in server.requests[0]
