"""One check, run the way the engine runs it."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from probes.checkers import CheckContext, CheckRequest, CheckResult, run_check
from probes.enums import ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver
from tests.hostile import Behaviour, Server, answering_datagrams, serving

type Check = Callable[..., CheckResult]


async def check_once(
    kind: ProbeKind, config: dict[str, Any], *, client: GuardedClient | None = None, **options: Any
) -> CheckResult:
    options = {
        "name": "api",
        "timeout": timedelta(seconds=3),
        "degraded_above": None,
        "allow_private": True,
        **options,
    }
    async with CheckContext(client=client) as context:
        return await run_check(CheckRequest(kind=kind, config=config, **options), context)


@pytest.fixture
def check() -> Check:
    """`check(kind, config, **request)` → its result."""

    def run(kind: ProbeKind, config: dict[str, Any], **options: Any) -> CheckResult:
        return asyncio.run(check_once(kind, config, **options))

    return run


@pytest.fixture
def check_server() -> Check:
    """`check_server(kind, behaviour, config_of, **request)` → the result of checking a server that behaves so."""

    def run(
        kind: ProbeKind,
        behaviour: Behaviour,
        config_of: Callable[[Server], dict[str, Any]],
        *,
        tls: ssl.SSLContext | None = None,
        **options: Any,
    ) -> CheckResult:
        async def body() -> CheckResult:
            async with serving(behaviour, tls=tls) as server:
                return await check_once(kind, config_of(server), **options)

        return asyncio.run(body())

    return run


@pytest.fixture
def check_datagrams() -> Check:
    """As `check_server`, of one that answers each datagram so, and connections as `tcp` does."""

    def run(
        kind: ProbeKind,
        answers: Callable[[bytes], Iterable[bytes]],
        config_of: Callable[[Server], dict[str, Any]],
        *,
        tcp: Behaviour | None = None,
        address: str = "127.0.0.1",
        **options: Any,
    ) -> CheckResult:
        async def body() -> CheckResult:
            async with answering_datagrams(answers, tcp=tcp, address=address) as server:
                return await check_once(kind, config_of(server), **options)

        return asyncio.run(body())

    return run


@pytest.fixture
def check_once_on_ipv6() -> Check:
    """As `check_server`, of one whose name has an IPv6 address and no other. `config_of` is given the port."""

    def run(
        kind: ProbeKind,
        behaviour: Behaviour,
        config_of: Callable[[int], dict[str, Any]],
        *,
        tls: ssl.SSLContext | None = None,
        **options: Any,
    ) -> CheckResult:
        def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
            return [(0, 0, 0, "", ("::1", 0, 0, 0))]

        async def body() -> CheckResult:
            async with serving(behaviour, tls=tls, address="::1") as server:
                config = {"host": "api.example.com", **config_of(server.port)}
                client = GuardedClient(resolver=Resolver(threads=1, lookup=lookup))
                return await check_once(kind, config, client=client, **options)

        return asyncio.run(body())

    return run
