"""What every unit test begins with."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Rate limits are counted in the cache, which lives as long as the process: one test must not use up another's."""
    cache.clear()
