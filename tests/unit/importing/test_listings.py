"""Writing what a file lists: components, groups and the page."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Group, Page
from incidents.importing.tally import ImportReport
from tests.statuspage_files import component, summary

Take = Callable[..., ImportReport]


def test_a_listing_sets_up_components_and_groups(take: Take) -> None:
    group = component("Platform", "gr0upgr0upgr", group=True, components=["api0api0api0"], position=7)
    take({"components": [component(group_id="gr0upgr0upgr", only_show_if_degraded=True, showcase=False), group]})

    kept = Component.objects.get()
    assert Group.objects.get() == kept.group
    assert (kept.public_id, kept.full_name, kept.note) == ("api0api0api0", "Platform - API", "Requests of programs")
    assert (kept.position, kept.showcase, kept.only_show_if_degraded) == (1, False, True)
    assert kept.start_date == date(2020, 1, 2)
    assert kept.created_at == datetime(2020, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert kept.updated_at == datetime(2024, 5, 1, 8, 0, 0, 123_000, tzinfo=UTC)


def test_the_status_of_a_listing_is_shown_as_the_staffs_word(take: Take) -> None:
    take({"components": [component(status="partial_outage")]})

    kept = Component.objects.get()
    assert kept.state is ComponentStatus.PARTIAL_OUTAGE
    assert kept.status_since == datetime(2024, 5, 1, 8, 0, 0, 123_000, tzinfo=UTC)
    assert kept.claims.get().source == ClaimSource.STAFF


def test_a_component_known_by_name_takes_over_the_id_its_readers_know(take: Take) -> None:
    configured = Component.objects.create(slug="gateway", name="API", note="api.example.com")
    take({"components": [component()]})

    configured.refresh_from_db()
    assert configured.public_id == "api0api0api0"
    # The configuration is newer than the file: what it says stays, and only the state was not known yet.
    assert configured.note == "api.example.com"
    assert configured.state is ComponentStatus.OPERATIONAL


def test_the_same_name_in_two_groups_is_two_components(take: Take) -> None:
    take(
        {
            "components": [
                component("Europe", "gr0up0000eur", group=True),
                component("America", "gr0up0000ame", group=True),
                component("API", "api00000000e", group_id="gr0up0000eur"),
                component("API", "api00000000a", group_id="gr0up0000ame"),
            ]
        }
    )

    assert {part.full_name for part in Component.objects.all()} == {"Europe - API", "America - API"}


def test_a_newer_listing_changes_components_and_groups(take: Take) -> None:
    group = component("Platform", "gr0upgr0upgr", group=True)
    take({"components": [group, component()]})
    later = "2024-06-01T00:00:00Z"
    report = take(
        {
            "components": [
                {**group, "name": "Core", "updated_at": later},
                component(name="Gateway", status="major_outage", updated_at=later, group_id="gr0upgr0upgr"),
            ]
        }
    )

    kept = Component.objects.get()
    assert (kept.full_name, kept.state) == ("Core - Gateway", ComponentStatus.MAJOR_OUTAGE)
    assert (report.groups.changed, report.components.changed) == (1, 1)


def test_an_older_listing_changes_nothing(take: Take) -> None:
    take({"components": [component()]})
    report = take({"components": [component(name="Old", status="major_outage", updated_at="2023-01-01T00:00:00Z")]})

    assert (report.components.left, report.changed_anything) == (1, False)
    assert Component.objects.get().state is ComponentStatus.OPERATIONAL


def test_the_page_is_left_alone(take: Take) -> None:
    take(summary())

    assert Page.current().name == "Status"


def test_the_page_is_taken_over_when_asked_for(take: Take) -> None:
    report = take(summary(), with_page=True)

    page = Page.current()
    assert report.page_changed
    assert (page.public_id, page.name, page.url, page.time_zone) == (
        "p0p0p0p0p0p0",
        "Example",
        "https://status.example.org",
        "Europe/London",
    )


def test_a_zone_nobody_knows_is_not_taken_over(take: Take) -> None:
    report = take(summary(page={"name": "Example", "time_zone": "../../etc/passwd"}), with_page=True)

    assert Page.current().time_zone == "UTC"
    assert "expected an IANA name" in report.skipped[0].sentence
