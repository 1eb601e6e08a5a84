"""One fetch of a server that behaves in some way, and a resolver that says what it is told."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from statuspage.core.http.client import Fetched, GuardedClient, fetch
from statuspage.core.http.resolver import Resolver
from tests.hostile import Behaviour, Server, serving


class Names:
    """A resolver's answers by name, in turn, and which names were asked for."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        found = self.answers.get(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        address = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


def get(
    behaviour: Behaviour,
    path: str = "/",
    *,
    names: Names | None = None,
    url: Callable[[Server], str] | None = None,
    tls: ssl.SSLContext | None = None,
    trusted: ssl.SSLContext | None = None,
    method: str = "GET",
    **options: Any,
) -> tuple[Fetched, Server]:
    """One fetch of a server that behaves so."""
    options = {"timeout": 3, "allow_private": True, **options}
    noted: list[Server] = []

    async def body() -> Fetched:
        resolver = Resolver(threads=2, lookup=names or Names())
        async with serving(behaviour, tls=tls) as server, GuardedClient(resolver=resolver, tls=trusted) as client:
            noted.append(server)
            return await fetch(client, method, url(server) if url else f"{server.url}{path}", **options)

    return asyncio.run(body()), noted[0]
