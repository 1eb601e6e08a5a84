"""The operator's own targets: made, changed, ended."""

import pytest

from components.models import Component, Page
from statuspage.core.errors import Conflict, ValidationFailed
from subscriptions.choices import Choice, read_choice
from subscriptions.enums import Channel, Event, Origin, SubscriberState
from subscriptions.models import Subscriber
from subscriptions.targets import add_target, change_target, end_target

NAME = "APPRISE_ON_CALL"


def test_a_target_is_there_at_once_and_holds_the_name_of_the_variable_alone(api: Component) -> None:
    choice = read_choice(components=["api"], events=[Event.INCIDENTS], updates=False, minimum_severity="critical")
    target = add_target(name="On call", variable=NAME, choice=choice)
    row = Subscriber.objects.get(pk=target.pk)
    assert (row.channel, row.address, row.name, row.origin) == (Channel.APPRISE, NAME, "On call", Origin.STAFF)
    assert row.is_confirmed
    assert (row.wants_incidents, row.wants_maintenance, row.wants_updates) == (True, False, False)
    assert row.minimum_severity is not None
    assert row.minimum_severity.slug == "critical"
    assert list(row.components.all()) == [api]


@pytest.mark.parametrize(
    "variable",
    ["", "SECRET_KEY", "DATABASE_URL", "APPRISE_", "apprise_x", "APPRISE_A-B", "APPRISE_A=json://x", "APPRISE_X_FILE"],
)
def test_no_other_secret_can_be_named(page: Page, variable: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        add_target(name="x", variable=variable, choice=Choice())
    assert refused.value.field == "variable"


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_target_has_a_name(page: Page, name: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        add_target(name=name, variable=NAME, choice=Choice())
    assert refused.value.field == "name"


def test_one_variable_is_one_target(page: Page) -> None:
    add_target(name="On call", variable=NAME, choice=Choice())
    with pytest.raises(ValidationFailed, match="of On call already"):
        add_target(name="Other", variable=NAME, choice=Choice())


def test_a_target_is_changed_ended_and_brought_back(api: Component) -> None:
    target = add_target(name="On call", variable=NAME, choice=Choice())
    change_target(target_id=target.pk, name="Night shift", choice=read_choice(components=["api"]))
    target.refresh_from_db()
    assert (target.name, list(target.components.all())) == ("Night shift", [api])
    end_target(target_id=target.pk)
    end_target(target_id=target.pk)
    target.refresh_from_db()
    assert target.state == SubscriberState.UNSUBSCRIBED
    with pytest.raises(Conflict):
        change_target(target_id=target.pk, name="x", choice=Choice())
    back = add_target(name="Back", variable=NAME, choice=Choice(), origin=Origin.CONFIGURED)
    assert back.pk == target.pk
    assert back.is_confirmed
    assert back.ended_at is None
    assert not back.components.exists()
