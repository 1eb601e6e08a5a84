"""A page that is green, and visitors who say that it is not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Page
from components.services import claim_status
from incidents.models import OutageReport
from incidents.reports.services import submit_report

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Submit = Callable[..., OutageReport]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(db: None) -> Page:
    Page.current()
    Page.objects.filter(pk=1).update(name="Example", url="https://status.example.com", support_email="")
    return Page.current()


@pytest.fixture
def api(page: Page) -> Component:
    component = Component.objects.create(slug="api", name="API gateway", position=1)
    claim_status(component=component, status=ComponentStatus.OPERATIONAL, source=ClaimSource.STAFF)
    return component


@pytest.fixture
def submit(page: Page, at_noon: time_machine.Traveller) -> Submit:
    """A report from an address of its own."""
    count = iter(range(1, 250))

    def make(**said: Any) -> OutageReport:
        number = next(count)
        return submit_report(**({"what": f"It does not work ({number}).", "sender": f"192.0.2.{number}"} | said))

    return make
