import pytest
from pytest_django import DjangoAssertNumQueries

from components.models import Component, Group
from incidents import services as incidents
from incidents.models import Incident, SeverityPolicy
from statuspage.core import clock
from statuspage.core.errors import NotFound, ValidationFailed
from subscriptions.choices import (
    DEFAULT_EVENTS,
    Choice,
    apply_choice,
    incident_to_follow,
    read_choice,
    take_in_new_members,
)
from subscriptions.enums import Event
from subscriptions.models import Subscriber


def test_nothing_said_means_what_most_people_want_of_everything(page: object) -> None:
    assert read_choice() == Choice(events=DEFAULT_EVENTS)


def test_a_choice_survives_being_kept_as_json(api: Component, incident: Incident) -> None:
    choice = read_choice(
        components=["api"],
        events=[Event.REPORTS],
        updates=False,
        minimum_severity="major",
        time_zone="Asia/Tokyo",
        language="de",
        incident=incident.reference,
    )
    assert Choice.from_json(choice.as_json()) == choice
    # What an older release wrote down and what is still waiting.
    assert Choice.from_json({}) == Choice()


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("events", {"events": ()}),
        ("components", {"components": ["nope"]}),
        ("minimum_severity", {"minimum_severity": "nope\x00"}),
        ("time_zone", {"time_zone": "Europe/Nowhere"}),
        ("language", {"language": "EN"}),
        ("incident", {"incident": "nope"}),
        ("incident", {"incident": "INC\x00"}),
        ("incident", {"incident": "\ud800"}),
        ("incident", {"incident": "x" * 10_000}),
    ],
)
def test_a_mistake_is_named_at_its_field_in_a_short_sentence(
    page: object, field: str, asked: dict[str, object]
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read_choice(**asked)  # type: ignore[arg-type] # each case has the type of its key
    assert refused.value.field == field
    assert 10 < len(refused.value.sentence) < 200


def test_no_events_are_right_for_who_follows_an_incident(incident: Incident) -> None:
    assert read_choice(events=(), incident=incident.reference).is_one_incident
    assert read_choice(events=(), may_be_empty=True).events == frozenset()


def test_a_duplicate_is_followed_where_it_goes_on(api: Component, incident: Incident) -> None:
    twin = incidents.open_incident(title="Twin", severity="minor", message="x", impacts={})
    incidents.merge_incident(duplicate=twin, into=incident)
    assert incident_to_follow(twin.reference) == incident
    assert read_choice(events=(), incident=twin.reference).follows_id == incident.pk


def test_what_is_over_is_not_followed(incident: Incident) -> None:
    incidents.resolve_incident(incident=incident, message="Done.")
    with pytest.raises(ValidationFailed, match="is over"):
        read_choice(incident=incident.reference)
    with pytest.raises(NotFound):
        incident_to_follow("nope")


def test_what_is_gone_since_it_was_asked_for_is_left_out(api: Component, web: Component, subscriber: object) -> None:
    row = Subscriber.objects.create(address="ada@example.org")
    least = SeverityPolicy.objects.create(slug="odd", name="Odd", rank=9)
    choice = Choice(component_ids=(api.pk, web.pk, 10**9), minimum_severity_id=least.pk, follows_id=10**9)
    Component.objects.filter(pk=web.pk).update(retired_at=clock.now())
    least.delete()
    apply_choice(row, choice)
    assert list(row.components.all()) == [api]
    assert row.minimum_severity is None
    assert not row.follows.exists()


def test_reading_the_usual_choice_asks_the_database_nothing(
    page: object, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        read_choice(time_zone="Europe/Paris", language="fr")


# --- whole groups


@pytest.fixture
def platform(api: Component) -> Group:
    group = Group.objects.create(slug="platform", name="Platform")
    Component.objects.filter(pk=api.pk).update(group=group)
    return group


def whole(*slugs: str, components: tuple[str, ...] = ()) -> Subscriber:
    row = Subscriber.objects.create(address="ada@example.org")
    apply_choice(row, Choice.from_json(read_choice(groups=slugs, components=components).as_json()))
    return row


def slugs_of(row: Subscriber) -> set[str]:
    return set(row.components.values_list("slug", flat=True))


def test_a_whole_group_is_all_that_is_in_it_beside_what_else_is_chosen(platform: Group, web: Component) -> None:
    Component.objects.create(slug="jobs", name="Jobs", group=platform)
    Component.objects.create(slug="hidden", name="Hidden", group=platform, is_visible=False)
    row = whole("platform", components=("web",))
    assert slugs_of(row) == {"api", "jobs", "web"}
    assert list(row.groups.all()) == [platform]


def test_what_is_added_to_a_group_is_taken_in_and_once(platform: Group, web: Component) -> None:
    row = whole("platform")
    everything = Subscriber.objects.create(address="bob@example.org")
    Component.objects.create(slug="jobs", name="Jobs", group=platform)
    Component.objects.create(slug="hidden", name="Hidden", group=platform, is_visible=False)
    assert take_in_new_members() == 1
    assert take_in_new_members() == 0
    assert slugs_of(row) == {"api", "jobs"}
    assert slugs_of(everything) == set()


def test_choosing_single_components_lets_go_of_the_group(platform: Group, web: Component) -> None:
    row = whole("platform")
    apply_choice(row, read_choice(components=["web"]))
    Component.objects.create(slug="jobs", name="Jobs", group=platform)
    take_in_new_members()
    assert slugs_of(row) == {"web"}


@pytest.mark.parametrize("slug", ["nope", "empty", "x\x00", "x" * 10_000])
def test_a_group_that_is_not_on_the_page_is_named(platform: Group, slug: str) -> None:
    Group.objects.create(slug="empty", name="Empty")
    with pytest.raises(ValidationFailed) as refused:
        read_choice(groups=[slug])
    assert refused.value.field == "components"
    assert len(refused.value.sentence) < 200
