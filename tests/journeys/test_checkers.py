"""The database checkers against the real servers: well, locked, frozen, gone, back again."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import redis

from probes.checkers import CheckContext, CheckRequest, CheckResult, run_check
from probes.enums import Outcome, ProbeKind
from tests.services import Service


def check(kind: ProbeKind, url: str) -> CheckResult:
    async def body() -> CheckResult:
        request = CheckRequest(
            kind=kind,
            name="it",
            config={"url": url},
            timeout=timedelta(seconds=1),
            degraded_above=None,
            allow_private=True,
        )
        async with CheckContext() as context:
            return await run_check(request, context)

    # In a thread of its own: where a browser was used before, this one has a running loop for ever.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(body())).result()


def through_trouble(service: Service, measure: Callable[[], CheckResult]) -> list[Any]:
    """What a check says while the server freezes, thaws, stops and starts."""
    said: list[Any] = [measure().outcome]
    service.freeze()
    try:
        said.append(measure().detail)
    finally:
        service.thaw()
    said.append(measure().outcome)
    service.stop()
    try:
        said.append(measure().detail)
    finally:
        service.start()
    said.append(measure().outcome)
    return said


WELL, FROZEN, GONE = Outcome.UP, "No answer within 1 s.", "Connection refused."


def test_postgresql_is_measured_through_its_troubles(postgres_service: Service) -> None:
    said = through_trouble(postgres_service, lambda: check(ProbeKind.POSTGRES, postgres_service.url))
    assert said == [WELL, FROZEN, WELL, GONE, WELL]


def test_redis_is_measured_through_its_troubles(redis_service: Service) -> None:
    said = through_trouble(redis_service, lambda: check(ProbeKind.REDIS, redis_service.url))
    assert said == [WELL, FROZEN, WELL, GONE, WELL]


def test_a_missing_database_is_told_from_a_missing_server(postgres_service: Service) -> None:
    result = check(ProbeKind.POSTGRES, postgres_service.url.removesuffix("/postgres") + "/nowhere")
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The database does not exist.")


def test_a_missing_role_is_said_without_its_name(postgres_service: Service) -> None:
    result = check(ProbeKind.POSTGRES, postgres_service.url.replace("postgres@", "nobody@"))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The login was refused.")


def test_a_check_leaves_no_connection_behind(postgres_service: Service) -> None:
    for _ in range(5):
        assert check(ProbeKind.POSTGRES, postgres_service.url).outcome == Outcome.UP
    with psycopg.connect(postgres_service.url) as connection:
        count = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'statuspage probe'")
        assert count.fetchone() == (0,)


def test_a_redis_that_wants_a_password_refuses_without_it(redis_service: Service) -> None:
    client = redis.Redis.from_url(redis_service.url)
    client.config_set("requirepass", "secret")
    try:
        without = check(ProbeKind.REDIS, redis_service.url)
        with_it = check(ProbeKind.REDIS, redis_service.url.replace("redis://", "redis://:secret@"))
    finally:
        client.config_set("requirepass", "")
        client.close()
    assert (without.outcome, without.detail) == (Outcome.DOWN, "The login was refused.")
    assert with_it.outcome == Outcome.UP
