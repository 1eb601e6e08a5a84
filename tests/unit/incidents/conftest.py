"""Invented components for the tests of incidents."""

import pytest

from components.models import Component


@pytest.fixture
def api(db: None) -> Component:
    return Component.objects.create(slug="api", name="API gateway", position=1)


@pytest.fixture
def web(db: None) -> Component:
    return Component.objects.create(slug="web", name="Web application", position=2)
