from datetime import timedelta

import pytest
from django.test import Client

from components.models import Component, Group, Page
from statuspage.core import clock
from subscriptions.enums import SubscriberState
from subscriptions.models import Subscriber


@pytest.fixture
def visitor() -> Client:
    """A browser that checks CSRF as a real one is checked, and must never be given a cookie."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def api(db: None) -> Component:
    Page.objects.update_or_create(pk=1, defaults={"name": "Example", "url": "https://status.example.com"})
    group = Group.objects.create(slug="platform", name="Platform", position=1)
    Component.objects.create(slug="web", name="Web application", position=2)
    return Component.objects.create(slug="api", name="API gateway", note="api.example.com", group=group, position=1)


@pytest.fixture
def ada(api: Component) -> Subscriber:
    yesterday = clock.now() - timedelta(days=1)
    return Subscriber.objects.create(
        address="ada@example.org", state=SubscriberState.CONFIRMED, confirmed_at=yesterday
    )


@pytest.fixture
def pending(api: Component) -> Subscriber:
    return Subscriber.objects.create(address="new@example.org")
