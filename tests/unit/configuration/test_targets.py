"""`[[targets]]`: the operator's own targets, by the names of the variables that hold their URLs."""

import pytest
from django.core.management.base import CommandError

from subscriptions.choices import Choice
from subscriptions.enums import Channel, Origin, SubscriberState
from subscriptions.models import Subscriber
from subscriptions.targets import add_target
from tests.unit.configuration.conftest import WHOLE, Load

TARGET = """
[[targets]]
name = "On call, by SMS"
url_env = "APPRISE_ON_CALL"
components = ["api"]
events = ["incidents"]
minimum_severity = "critical"
updates = false
"""
OTHER = """
[[targets]]
name = "Everybody's telephone"
url_env = "APPRISE_ALL"
"""

pytestmark = pytest.mark.django_db


def target(variable: str = "APPRISE_ON_CALL") -> Subscriber:
    return Subscriber.objects.get(channel=Channel.APPRISE, address=variable)


def test_a_target_hears_of_what_the_file_says(load: Load) -> None:
    assert "+ target APPRISE_ON_CALL" in load(WHOLE + TARGET + OTHER)
    row = target()
    assert (row.name, row.origin, row.state) == ("On call, by SMS", Origin.CONFIGURED, SubscriberState.CONFIRMED)
    assert (row.wants_incidents, row.wants_maintenance, row.wants_updates) == (True, False, False)
    assert row.minimum_severity is not None
    assert row.minimum_severity.slug == "critical"
    assert [component.slug for component in row.components.all()] == ["api"]
    usual = target("APPRISE_ALL")
    assert (usual.wants_incidents, usual.wants_maintenance, usual.wants_reports) == (True, True, False)
    assert usual.wants_updates
    assert not usual.components.exists()


def test_the_same_file_twice_changes_nothing_and_another_one_what_differs(load: Load) -> None:
    load(WHOLE + TARGET)
    assert "target" not in load(WHOLE + TARGET)
    said = load(WHOLE + TARGET.replace('["incidents"]', '["incidents", "reports"]').replace("On call", "Night shift"))
    assert "~ target APPRISE_ON_CALL: " in said
    assert "events incidents → incidents reports" in said
    assert 'name "On call, by SMS" → "Night shift, by SMS"' in said
    assert target().wants_reports


def test_a_dry_run_writes_nothing(load: Load) -> None:
    assert "+ target APPRISE_ON_CALL" in load(WHOLE + TARGET, dry_run=True)
    assert not Subscriber.objects.exists()


def test_what_is_in_the_file_no_more_stays_until_somebody_prunes(load: Load) -> None:
    load(WHOLE + TARGET + OTHER)
    add_target(name="By hand", variable="APPRISE_HAND", choice=Choice())
    said = load(WHOLE + OTHER)
    assert "target APPRISE_ON_CALL is not in the file" in said
    assert target().is_confirmed
    said = load(WHOLE + OTHER, prune=True)
    assert "- target APPRISE_ON_CALL" in said
    assert target().state == SubscriberState.UNSUBSCRIBED
    assert target("APPRISE_HAND").is_confirmed
    assert "target APPRISE_HAND is not in the file and stays: staff added it" in said
    assert "it was ended and is back" in load(WHOLE + OTHER + TARGET)
    assert target().is_confirmed


def test_a_file_without_targets_says_nothing_about_them(load: Load) -> None:
    load(WHOLE + TARGET)
    assert "target" not in load(WHOLE, prune=True)
    assert target().is_confirmed


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"APPRISE_ON_CALL"', '"twilio://secret@1/2"', "the name of an environment variable, and not the URL"),
        ('"APPRISE_ON_CALL"', '"SECRET_KEY"', "the name of an environment variable"),
        ('url_env = "APPRISE_ON_CALL"', 'url = "twilio://secret@1/2"', "is not a key here (did you mean url_env?)"),
        ('["incidents"]', '["fires"]', "a list of some of components, incidents, maintenance, postmortems, reports"),
        ('["incidents"]', "[]", "a list of some of"),
        ('["api"]', '["moon"]', "a component in this file"),
        ('"critical"\nupdates', '"awful"\nupdates', "one of"),
        ('name = "On call, by SMS"', 'name = ""', "a text of 1 to"),
        ("false", '"no"', "true or false"),
    ],
)
def test_a_mistake_is_said_with_its_place_and_without_a_secret(load: Load, before: str, after: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        load(WHOLE + TARGET.replace(before, after))
    assert said in str(refused.value)
    assert "targets[0]" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert not Subscriber.objects.exists()


def test_one_variable_is_one_target(load: Load) -> None:
    with pytest.raises(CommandError, match="a variable of its own"):
        load(WHOLE + TARGET + TARGET)
