"""The same requests without us: what a fresh connection and one GET cost a bare client, of processor time.

    python -m benchmarks.probe_baseline aiohttp|httpx REQUESTS URL...

Prints microseconds of processor time a request. Fifty at a time, one client, one TLS context, no connection reused.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Awaitable, Callable

AT_ONCE = 50
HEADERS = {"Accept-Encoding": "identity", "Connection": "close"}


async def many(ask: Callable[[str], Awaitable[int]], urls: list[str], requests: int) -> None:
    addresses = itertools.cycle(urls)
    left = iter(range(requests))

    async def work() -> None:
        for _ in left:
            if await ask(next(addresses)) != 200:
                raise RuntimeError("The target did not answer 200.")

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def by_aiohttp(urls: list[str], requests: int) -> float:
    import aiohttp

    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(url: str) -> int:
            async with session.get(url, headers=HEADERS) as answer:
                await answer.read()
                return answer.status

        return await timed(ask, urls, requests)


async def by_httpx(urls: list[str], requests: int) -> float:
    import httpx

    limits = httpx.Limits(max_keepalive_connections=0, max_connections=None)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

        async def ask(url: str) -> int:
            return (await client.get(url, headers=HEADERS)).status_code

        return await timed(ask, urls, requests)


async def timed(ask: Callable[[str], Awaitable[int]], urls: list[str], requests: int) -> float:
    await many(ask, urls, AT_ONCE)
    before = time.process_time()
    await many(ask, urls, requests)
    return (time.process_time() - before) / requests * 1e6


if __name__ == "__main__":
    run = {"aiohttp": by_aiohttp, "httpx": by_httpx}[sys.argv[1]]
    print(round(asyncio.run(run(sys.argv[3:], int(sys.argv[2])))))
