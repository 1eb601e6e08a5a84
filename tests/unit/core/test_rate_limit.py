from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from pytest_django import Settings

from statuspage.core.rate_limit import allow

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_what_is_over_the_limit_is_refused_until_the_next_window() -> None:
    with time_machine.travel(NOON, tick=False):
        assert [allow("ip:a", limit=2, per=MINUTE) for _ in range(3)] == [True, True, False]
    with time_machine.travel(NOON + MINUTE, tick=False):
        assert allow("ip:a", limit=2, per=MINUTE)


def test_each_key_has_a_limit_of_its_own() -> None:
    assert allow("ip:a", limit=1, per=MINUTE)
    assert allow("ip:b", limit=1, per=MINUTE)


def test_a_cache_that_is_down_lets_people_through(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert [allow("ip:a", limit=1, per=MINUTE) for _ in range(3)] == [True, True, True]
