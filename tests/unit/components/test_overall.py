import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.enums import ComponentStatus
from components.overall import overall_state

OK, WORK, SLOW, PART, DOWN, NONE = (
    ComponentStatus.OPERATIONAL,
    ComponentStatus.UNDER_MAINTENANCE,
    ComponentStatus.DEGRADED_PERFORMANCE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
    ComponentStatus.UNKNOWN,
)


@pytest.mark.parametrize(
    ("statuses", "description", "indicator", "three_state"),
    [
        ([OK, OK], "All Systems Operational", "none", "operational"),
        ([DOWN, DOWN], "Major System Outage", "critical", "down"),
        ([OK, DOWN], "Partial System Outage", "major", "down"),
        ([PART, PART], "Partial System Outage", "major", "degraded"),
        ([OK, PART], "Minor Service Outage", "minor", "degraded"),
        ([PART, SLOW], "Minor Service Outage", "minor", "degraded"),
        ([SLOW, SLOW], "Degraded System Service", "minor", "degraded"),
        ([OK, SLOW], "Partially Degraded Service", "minor", "degraded"),
        ([SLOW, WORK], "Partially Degraded Service", "minor", "degraded"),
        ([OK, WORK], "Service Under Maintenance", "maintenance", "degraded"),
        ([WORK], "Service Under Maintenance", "maintenance", "degraded"),
        ([OK, NONE], "Some Components Not Measured", "minor", "degraded"),
        ([NONE], "Status Unknown", "minor", "degraded"),
        ([], "No Components Yet", "none", "operational"),
    ],
)
def test_the_words_for_the_whole_page(
    statuses: list[ComponentStatus], description: str, indicator: str, three_state: str
) -> None:
    overall = overall_state(statuses)
    assert (overall.description, overall.indicator, overall.three_state) == (description, indicator, three_state)


def test_what_nobody_measured_is_not_shown_green() -> None:
    assert overall_state([OK, NONE]).status is NONE


@given(st.lists(st.sampled_from(list(ComponentStatus)), min_size=1))
def test_the_order_of_components_does_not_matter(statuses: list[ComponentStatus]) -> None:
    assert overall_state(statuses) == overall_state(reversed(statuses))


@given(st.lists(st.sampled_from(list(ComponentStatus)), min_size=1))
def test_green_is_said_only_when_everything_is_operational(statuses: list[ComponentStatus]) -> None:
    assert (overall_state(statuses).description == "All Systems Operational") == (set(statuses) == {OK})
