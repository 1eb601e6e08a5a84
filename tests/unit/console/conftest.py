"""Staff at the console."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents.models import Incident
from incidents.services import open_incident


@pytest.fixture
def api(db: None) -> Component:
    return Component.objects.create(slug="api", name="API gateway", position=1)


@pytest.fixture
def web(db: None) -> Component:
    return Component.objects.create(slug="web", name="Web application", position=2)


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """Logged in with every permission."""
    client.force_login(User.objects.create(username="ada", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    """Staff who may only look at incidents."""
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_incident"))
    client.force_login(user)
    return client


@pytest.fixture
def incident(api: Component) -> Incident:
    return open_incident(
        title="API errors",
        severity="critical",
        message="We are **looking**.",
        impacts={api: ComponentStatus.PARTIAL_OUTAGE},
        author="grace",
    )
