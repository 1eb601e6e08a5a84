from datetime import UTC, datetime, timedelta

import pytest

from components.enums import ClaimSource, ComponentStatus, worst
from components.models import Component, Page, StatusChange, StatusClaim
from components.services import claim_status, set_staff_status, withdraw_claim

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def api() -> Component:
    return Component.objects.create(slug="api", name="API")


def test_the_worst_claim_is_what_the_public_sees(api: Component) -> None:
    claim_status(component=api, status=ComponentStatus.UNDER_MAINTENANCE, source=ClaimSource.MAINTENANCE)
    claim_status(component=api, status=ComponentStatus.PARTIAL_OUTAGE, source=ClaimSource.PROBE, source_id="p")
    claim_status(component=api, status=ComponentStatus.OPERATIONAL, source=ClaimSource.STAFF)
    assert Component.objects.get().status == ComponentStatus.PARTIAL_OUTAGE


def test_without_a_claim_the_status_is_unknown(api: Component) -> None:
    claim_status(component=api, status=ComponentStatus.OPERATIONAL, source=ClaimSource.PROBE, source_id="p")
    withdraw_claim(component=api, source=ClaimSource.PROBE, source_id="p")
    assert Component.objects.get().status == ComponentStatus.UNKNOWN


def test_every_change_is_logged_with_its_cause_and_moves_the_page_on(api: Component) -> None:
    version = Page.current().version
    change = claim_status(
        component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF, cause="seen by ada", at=NOON
    )
    logged = StatusChange.objects.get()
    assert change == logged
    assert (logged.old_status, logged.new_status) == (ComponentStatus.UNKNOWN, ComponentStatus.MAJOR_OUTAGE)
    assert (logged.cause, logged.at) == ("seen by ada", NOON)
    assert Page.current().version == version + 1


def test_the_same_claim_again_changes_nothing(api: Component) -> None:
    for _ in range(2):
        claim_status(component=api, status=ComponentStatus.OPERATIONAL, source=ClaimSource.STAFF, at=NOON)
    assert StatusChange.objects.count() == 1
    assert StatusClaim.objects.get().since == NOON


def test_a_claim_with_a_new_cause_dates_from_when_its_state_began(api: Component) -> None:
    later = NOON + timedelta(hours=1)
    claim_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF, cause="seen", at=NOON)
    claim_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF, cause="known", at=later)
    claim = StatusClaim.objects.get()
    assert (claim.cause, claim.since) == ("known", NOON)
    claim_status(component=api, status=ComponentStatus.PARTIAL_OUTAGE, source=ClaimSource.STAFF, at=later)
    assert StatusClaim.objects.get().since == later


def test_taking_one_claim_back_leaves_those_of_others_of_its_kind(api: Component) -> None:
    for incident in ("one", "two"):
        claim_status(
            component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.INCIDENT, source_id=incident
        )
    withdraw_claim(component=api, source=ClaimSource.INCIDENT, source_id="one")
    assert StatusClaim.objects.get().source_id == "two"
    assert Component.objects.get().status == ComponentStatus.MAJOR_OUTAGE


def test_a_claim_that_does_not_change_the_worst_is_not_a_change(api: Component) -> None:
    claim_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.STAFF)
    version = Page.current().version
    assert claim_status(component=api, status=ComponentStatus.OPERATIONAL, source=ClaimSource.PROBE) is None
    assert Page.current().version == version


@pytest.mark.parametrize("word", [None, ComponentStatus.UNKNOWN])
def test_staff_can_leave_a_component_to_measurement_again(api: Component, word: ComponentStatus | None) -> None:
    set_staff_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, actor="ada")
    set_staff_status(component=api, status=word, actor="ada")
    assert not StatusClaim.objects.exists()


def test_an_outage_is_never_hidden_by_maintenance() -> None:
    assert worst([ComponentStatus.UNDER_MAINTENANCE, ComponentStatus.MAJOR_OUTAGE]) is ComponentStatus.MAJOR_OUTAGE


def test_the_worst_of_nothing_is_unknown() -> None:
    assert worst([]) is ComponentStatus.UNKNOWN
