from collections.abc import Callable

import pytest

from components.models import Component, Group
from incidents.models import Incident, SeverityPolicy
from subscriptions.describing import describe, in_a_row, in_short, shown_address
from subscriptions.enums import Channel, Event
from subscriptions.models import Subscriber

Make = Callable[..., Subscriber]


def test_the_usual_choice_in_words(subscriber: Make) -> None:
    assert describe(subscriber("ada@example.org")) == [
        ("What", "Incidents, maintenance and postmortems"),
        ("Of", "Everything on this page"),
        ("How often", "Each update"),
    ]


def test_all_that_can_be_chosen_in_words(subscriber: Make, api: Component, incident: Incident) -> None:
    api.group = Group.objects.create(slug="platform", name="Platform")
    api.save(update_fields=["group"])
    row = subscriber(
        "ada@example.org",
        api,
        wants_maintenance=False,
        wants_postmortems=False,
        wants_updates=False,
        minimum_severity=SeverityPolicy.objects.get(slug="major"),
        time_zone="Asia/Tokyo",
        language="de",
    )
    row.follows.add(incident)
    assert describe(row) == [
        ("What", "Incidents"),
        ("Of", "Platform - API gateway"),
        ("How often", "The beginning and the end only"),
        ("How bad at least", "Major"),
        ("Until it is over", f"API errors in eu-west ({incident.reference})"),
        ("Times in", "Asia/Tokyo"),
        ("Language", "Deutsch"),
    ]


def test_of_a_follower_only_what_they_follow(subscriber: Make, incident: Incident) -> None:
    row = subscriber("ada@example.org", wants_updates=False, **{f"wants_{event.value}": False for event in Event})
    row.follows.add(incident)
    assert describe(row) == [
        ("Until it is over", f"API errors in eu-west ({incident.reference})"),
        ("How often", "Its end only"),
    ]


def test_a_whole_group_is_named_once(subscriber: Make, api: Component, web: Component) -> None:
    group = Group.objects.create(slug="platform", name="Platform")
    Component.objects.filter(pk=api.pk).update(group=group)
    row = subscriber("ada@example.org", api, web)
    row.groups.add(group)
    assert ("Of", "All of Platform and Web application") in describe(row)


@pytest.mark.parametrize(("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b")])
def test_a_row_of_words(words: list[str], said: str) -> None:
    assert in_a_row(words) == said


def test_of_a_url_only_the_host_and_the_end_are_shown(subscriber: Make) -> None:
    row = subscriber("https://hooks.slack.example/T/B/secret1234", channel=Channel.SLACK)
    assert shown_address(row) == "hooks.slack.example/…1234"
    row.host = "hooks.slack.example"
    assert shown_address(row) == "hooks.slack.example/…1234"


def test_in_a_list_it_is_said_in_short(subscriber: Make, api: Component, web: Component, incident: Incident) -> None:
    group = Group.objects.create(slug="platform", name="Platform")
    Component.objects.filter(pk=api.pk).update(group=group)
    row = subscriber("ada@example.org", api, web)
    row.groups.add(group)
    assert in_short(row) == f"All of Platform, {web.name}"
    assert in_short(subscriber("bob@example.org")) == "Everything"
    one = subscriber("eve@example.org", **{f"wants_{event.value}": False for event in Event})
    one.follows.add(incident)
    assert in_short(one) == incident.reference
