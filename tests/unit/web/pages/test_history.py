"""The history by month."""

from datetime import timedelta

from pytest_django import DjangoAssertNumQueries

from components.models import Page
from incidents.models import Maintenance
from statuspage.web.pages.history import history_page
from statuspage.web.selectors import site_info
from tests.unit.web.conftest import NOON, MakeIncident


def test_an_empty_history_has_no_months(page: Page) -> None:
    history = history_page()
    assert history is not None
    assert (history.latest, history.months) == (None, ())


def test_every_month_with_something_in_it_is_listed_with_counts(make_incident: MakeIncident) -> None:
    make_incident(ago=timedelta(days=1), lasted=timedelta(minutes=1))
    make_incident(ago=timedelta(days=2), lasted=timedelta(minutes=1))
    make_incident(ago=timedelta(days=70), lasted=timedelta(minutes=1))
    begin = NOON - timedelta(days=400)
    Maintenance.objects.create(
        reference="MNT-2025-1017-a", title="Upgrade", status="completed", scheduled_for=begin, scheduled_until=begin
    )
    history = history_page()
    assert history is not None
    assert [(month.key, month.incidents, month.maintenances) for month in history.months] == [
        ("2026-11", 2, 0),
        ("2026-09", 1, 0),
        ("2025-10", 0, 1),
    ]
    assert history.latest is not None
    assert [day.label for day in history.latest.days] == ["20 November", "19 November"]


def test_a_private_incident_is_in_its_month_without_words(make_incident: MakeIncident) -> None:
    make_incident(title="Secret", message="Secret words", private=True)
    history = history_page()
    assert history is not None
    assert history.latest is not None
    (card,) = history.latest.days[0].incidents
    assert (card.title, card.excerpt) == ("Critical incident", "")


def test_a_month_leads_to_the_months_beside_it(make_incident: MakeIncident) -> None:
    for days in (1, 70, 400):
        make_incident(ago=timedelta(days=days), lasted=timedelta(minutes=1))
    history = history_page("2026-09")
    assert history is not None
    assert history.latest is not None
    assert history.latest.newer is not None
    assert history.latest.older is not None
    assert (history.latest.newer.key, history.latest.older.key) == ("2026-11", "2025-10")


def test_a_month_in_which_nothing_happened_has_no_page(make_incident: MakeIncident) -> None:
    make_incident()
    assert history_page("2026-10") is None
    assert history_page("2026-13") is None


def test_months_begin_at_midnight_of_the_pages_zone(make_incident: MakeIncident) -> None:
    # 23:30 UTC on 31 October is half past midnight on 1 November in Berlin.
    make_incident(ago=timedelta(days=20, hours=12, minutes=30), lasted=timedelta(minutes=1))
    history = history_page()
    assert history is not None
    assert [month.key for month in history.months] == ["2026-11"]
    assert history.latest is not None
    assert [day.label for day in history.latest.days] == ["1 November"]


def test_what_is_still_to_come_is_no_history(page: Page) -> None:
    Maintenance.objects.create(
        reference="MNT-2026-1124-a", title="Upgrade", scheduled_for=NOON, scheduled_until=NOON + timedelta(hours=1)
    )
    history = history_page()
    assert history is not None
    assert history.months == ()


def test_the_history_is_seven_queries_however_long_it_is(
    make_incident: MakeIncident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        make_incident(ago=timedelta(days=number * 20), lasted=timedelta(minutes=1))
    # What the foot of the page links is read once a version.
    site_info()
    with django_assert_num_queries(7):
        history_page()


def test_a_private_incident_has_no_words_in_the_history(make_incident: MakeIncident) -> None:
    make_incident(title="Secret", message="Secret words", private=True, lasted=timedelta(minutes=1))
    assert "Secret" not in repr(history_page())
