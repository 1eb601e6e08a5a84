"""What is said of a component that changed, and of a month that is over."""

from typing import Any

import pytest

from components.enums import ComponentStatus
from incidents.component_notices import CAUSES as KNOWN_CAUSES
from incidents.component_notices import OVER
from incidents.enums import NoticeKind
from incidents.models import Notice
from subscriptions.languages import Reader
from subscriptions.rendering import words_of
from subscriptions.said.component import CAUSES
from subscriptions.said.words import Words

NBSP = "\N{NO-BREAK SPACE}"
PAGE = {"name": "Example", "url": "https://status.example.com", "time_zone": "Europe/London"}


def facts_of(words: Words) -> list[tuple[str, str]]:
    return [(fact.label, fact.value) for fact in words.facts]


def component_words(**changes: Any) -> Words:
    component = {
        "id": "api0api0api0",
        "slug": "api",
        "name": "API gateway",
        "group": "Core",
        "url": "https://status.example.com/components/api/",
        "status": "major_outage",
        "old_status": "operational",
        "since": "2026-10-07T12:03:00Z",
    }
    keys = [key for key in ("cause", "incident", "maintenance") if key in changes]
    said: dict[str, Any] = {key: changes.pop(key) for key in keys}
    payload: dict[str, Any] = {"page": PAGE, "cause": "", "incident": None, "maintenance": None, **said}
    return words_of(Notice(kind=NoticeKind.COMPONENT_UPDATED, payload=payload | {"component": component | changes}))


def test_a_changed_component_says_its_state_first_and_what_it_was_before() -> None:
    words = component_words(cause="Found by our monitoring.")
    assert words.subject == "[Major outage] API gateway"
    assert words.about == ["Core", "7 October 2026, 13:03 BST (12:03 UTC)"]
    assert facts_of(words) == [("Before", "Operational"), ("", "Found by our monitoring.")]
    assert words.url == "https://status.example.com/components/api/"


@pytest.mark.parametrize("key", ["incident", "maintenance"])
def test_what_it_is_because_of_is_named(key: str) -> None:
    words = component_words(**{key: {"reference": "REF-1", "title": "Requests fail", "url": "x", "id": "y"}})
    assert (key.capitalize(), "REF-1, Requests fail") in facts_of(words)


def test_all_that_is_said_of_one_component_is_one_thread() -> None:
    assert component_words().thread == component_words(status="operational").thread


@pytest.mark.parametrize("status", list(ComponentStatus))
def test_every_state_can_be_said(status: ComponentStatus) -> None:
    assert component_words(status=status.value).subject.startswith(f"[{status.label}]")


def test_every_cause_is_known_to_the_catalogs() -> None:
    assert set(CAUSES) == {*KNOWN_CAUSES.values(), *OVER.values()}


def objective(name: str, verdict: str, figure: str | None, **changes: Any) -> dict[str, Any]:
    values = {"name": name, "verdict": verdict, "figure": figure, "figure_kind": "percent", "coverage": "100.00"}
    return {**values, "slug": name.lower(), "promise": "99.9 % of intervals", **changes}


def component(name: str, availability: str, coverage: str = "100.00", group: str = "") -> dict[str, str]:
    return {"slug": name, "name": name, "group": group, "availability": availability, "coverage": coverage}


def report_words(**changes: Any) -> Words:
    return words_of(Notice(kind=NoticeKind.MONTHLY_REPORT, payload=report_payload() | changes))


def report_payload() -> dict[str, Any]:
    longest = {"reference": "INC-1", "title": "Requests fail", "url": "x", "seconds": 3600}
    return {
        "page": PAGE,
        "report": {"month": "2026-10", "url": "https://status.example.com/slo/2026-10/"},
        "components": [component("API", "99.89", "99.94", "Core"), component("Web", "100.00")],
        "objectives": [objective("API", "missed", "99.89"), objective("Web", "met", "100.00")],
        "misses": [],
        "incidents": {"count": 3, "seconds": 7500, "longest": longest},
        "maintenance": {"count": 2, "seconds": 5400},
    }


def test_a_report_says_first_what_was_missed() -> None:
    words = report_words()
    assert words.subject == "[Monthly report] October 2026: 1 of 2 objectives met"
    assert words.css == "major"
    missed = words.passages[0]
    assert (missed.title, missed.text) == ("Missed", f"API: 99.89{NBSP}%, promised: 99.9 % of intervals")
    assert ("Met", f"Web (100{NBSP}%)") in facts_of(words)


def test_a_report_has_each_component_and_how_much_of_it_was_measured() -> None:
    (_, availability) = report_words().passages
    assert availability.text.split("\n") == [
        f"Core - API: 99.89{NBSP}% (99.94{NBSP}% of the time was measured)",
        f"Web: 100{NBSP}%",
    ]


@pytest.mark.parametrize(("language", "mark"), [("en", "."), ("de", ","), ("es", ","), ("fr", ",")])
def test_a_report_s_figures_have_the_mark_of_its_language(language: str, mark: str) -> None:
    notice = Notice(kind=NoticeKind.MONTHLY_REPORT, payload=report_payload())
    passages = words_of(notice, Reader(language=language)).passages
    assert f"99{mark}89{NBSP}%, " in passages[0].text
    assert f"99{mark}89{NBSP}% (" in passages[1].text
    assert f"99{mark}94{NBSP}%" in passages[1].text


def test_a_report_sums_up_incidents_and_maintenance() -> None:
    facts = facts_of(report_words())
    assert ("Incidents", "3, for 2 hours 5 minutes in all") in facts
    assert ("The longest", "INC-1, Requests fail (1 hour)") in facts
    assert ("Maintenance", "2, for 1 hour 30 minutes in all") in facts


def test_a_quiet_month_without_promises_says_so() -> None:
    words = report_words(
        objectives=[],
        incidents={"count": 0, "seconds": 0, "longest": None},
        maintenance={"count": 0, "seconds": 0},
    )
    assert words.subject == "[Monthly report] October 2026"
    assert facts_of(words) == [("Incidents", "none")]
    assert [passage.title for passage in words.passages] == ["Availability"]


def test_latency_is_said_in_milliseconds_and_what_has_no_figure_has_none() -> None:
    words = report_words(
        objectives=[
            objective("Fast", "met", "143.2", figure_kind="ms", coverage=None),
            objective("Backups", "not_measured", None),
        ]
    )
    assert ("Met", f"Fast (143{NBSP}ms)") in facts_of(words)
    assert ("Without a figure", "Backups") in facts_of(words)
    assert words.css == "over"


def test_of_very_many_components_a_mail_names_a_hundred() -> None:
    words = report_words(components=[component(f"c{number}", "100.00") for number in range(130)])
    lines = words.passages[-1].text.split("\n")
    assert (len(lines), lines[-1]) == (101, "30 more on the page")


def test_a_longest_incident_that_became_private_is_counted_and_not_named() -> None:
    words = report_words(incidents={"count": 3, "seconds": 7500, "longest": None})
    facts = facts_of(words)
    assert ("Incidents", "3, for 2 hours 5 minutes in all") in facts
    assert "The longest" not in [label for label, _ in facts]
