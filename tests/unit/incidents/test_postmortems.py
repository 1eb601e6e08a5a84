"""Postmortems: owed by what happened, prefilled from what was said, published once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus, NoticeKind, Origin
from incidents.follow_ups import add_action, remove_action, set_action_done
from incidents.models import FollowUpAction, Incident, Notice, Postmortem, PostmortemRule, SeverityPolicy
from incidents.postmortems import (
    edit_postmortem,
    owe_postmortem,
    publish_postmortem,
    release_postmortem,
    start_postmortem,
)
from incidents.services import edit_incident, open_incident, post_update, resolve_incident
from statuspage.core.errors import InvalidTransition, NotFound, StaleRevision, ValidationFailed

WEDNESDAY = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
IN_FIVE_DAYS = datetime(2026, 11, 25, 22, 59, 59, tzinfo=UTC)


@pytest.fixture
def travel(db: None) -> Any:
    Page.current()
    Page.objects.update(time_zone="Europe/Berlin", url="https://status.example.com")
    SeverityPolicy.objects.update(postmortem_business_days=None)
    SeverityPolicy.objects.filter(slug="critical").update(postmortem_business_days=5)
    with time_machine.travel(WEDNESDAY, tick=False) as traveller:
        yield traveller


def happen(api: Component, travel: Any, *, minutes: int = 20, severity: str = "critical", **said: Any) -> Incident:
    """An incident with three words, that began on Wednesday at nine."""
    travel.move_to(WEDNESDAY)
    incident = open_incident(
        title="API errors",
        severity=severity,
        message="We are looking.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
        **said,
    )
    travel.shift(timedelta(minutes=minutes / 2))
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Found:\n\n* a disk\n* another disk")
    travel.shift(timedelta(minutes=minutes / 2))
    resolve_incident(
        incident=incident,
        message="All is well again.",
        root_cause_summary="The disk was full.",
        remediation="A larger disk.",
    )
    return incident


def draft_of(incident: Incident) -> Postmortem:
    return Postmortem.objects.get(incident=incident)


def test_resolving_makes_a_draft_prefilled_from_what_was_said(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    assert (draft.state, draft.due_at, draft.due_because) == (
        "draft",
        IN_FIVE_DAYS,
        "severity Critical: 5 business days",
    )
    assert draft.timeline == (
        "- **18 November 2026, 10:00 CET** – It began.\n"
        "- **18 November 2026, 10:00 CET** – Investigating: We are looking.\n"
        "- **18 November 2026, 10:10 CET** – Identified: Found:\n"
        "\n"
        "  * a disk\n"
        "  * another disk\n"
        "- **18 November 2026, 10:20 CET** – Resolved: All is well again."
    )
    assert draft.root_cause == "The disk was full."
    assert draft.resolution == "A larger disk.\n\nAll is well again."
    assert (draft.summary, draft.prevention) == ("", "")


def test_a_severity_without_a_postmortem_owes_none(api: Component, travel: Any) -> None:
    happen(api, travel, severity="minor")
    assert not Postmortem.objects.exists()


def test_a_rule_makes_one_due_whatever_the_severity(api: Component, travel: Any) -> None:
    PostmortemRule.objects.create(slug="r", longer_than=timedelta(minutes=30), data_impact=True, business_days=2)
    happen(api, travel, severity="minor", minutes=30)
    assert not Postmortem.objects.exists()
    long = draft_of(happen(api, travel, severity="minor", minutes=32))
    touched = draft_of(happen(api, travel, severity="minor", data_impact=True))
    assert (long.due_because, touched.due_because) == (
        "longer than 30 minutes: 2 business days",
        "data was touched: 2 business days",
    )
    assert long.due_at == IN_FIVE_DAYS - timedelta(days=5)


def test_holidays_of_the_page_are_no_business_days(api: Component, travel: Any) -> None:
    Page.objects.update(holidays="US")
    SeverityPolicy.objects.filter(slug="critical").update(postmortem_business_days=6)
    assert draft_of(happen(api, travel)).due_at == IN_FIVE_DAYS + timedelta(days=2)  # over Thanksgiving


def test_a_country_that_is_not_known_any_more_keeps_no_incident_open(api: Component, travel: Any) -> None:
    Page.objects.update(holidays="XX")
    assert draft_of(happen(api, travel)).due_at == IN_FIVE_DAYS


def test_the_deadline_counts_from_when_it_was_over(api: Component, travel: Any) -> None:
    incident = open_incident(
        title="Errors", severity="critical", message="Oh.", impacts={}, started_at=WEDNESDAY - timedelta(days=3)
    )
    resolve_incident(incident=incident, message="Since yesterday.", resolved_at=WEDNESDAY - timedelta(days=1))
    assert draft_of(incident).due_at == IN_FIVE_DAYS - timedelta(days=1)


def test_a_reopened_incident_owes_it_when_it_is_over_again(api: Component, travel: Any) -> None:
    incident = happen(api, travel)
    draft = draft_of(incident)
    edit_postmortem(postmortem=draft, sections={"timeline": "- Mine", "root_cause": ""})
    travel.move_to(WEDNESDAY + timedelta(days=1))
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Again.")
    draft.refresh_from_db()
    assert (draft.due_at, draft.due_because) == (None, "")
    resolve_incident(incident=incident, message="Over, again.", root_cause_summary="The other disk.")
    draft.refresh_from_db()
    assert draft.due_at == IN_FIVE_DAYS + timedelta(days=1)
    # What was written stays; what was said since is added; what was empty is filled.
    assert draft.timeline == (
        "- Mine\n"
        "- **19 November 2026, 10:00 CET** – Investigating: Again.\n"
        "- **19 November 2026, 10:00 CET** – Resolved: Over, again."
    )
    assert draft.root_cause == "The other disk."
    assert draft.resolution == "A larger disk.\n\nAll is well again."


def test_each_word_is_added_once_however_often_it_comes_back(api: Component, travel: Any) -> None:
    incident = happen(api, travel)
    draft = draft_of(incident)
    edit_postmortem(postmortem=draft, sections={"timeline": "- Mine"})
    for number in ("one", "two", "three"):
        post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message=f"Back, {number}.")
        resolve_incident(incident=incident, message=f"Over, {number}.")
    draft.refresh_from_db()
    said = [line.partition(": ")[2] for line in draft.timeline.splitlines()[1:]]
    assert said == [f"{word}, {number}." for number in ("one", "two", "three") for word in ("Back", "Over")]


def test_what_was_done_is_the_last_word_of_its_end(api: Component, travel: Any) -> None:
    incident = happen(api, travel, severity="minor")
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Again.")
    resolve_incident(incident=incident, message="Over for good.")
    assert start_postmortem(incident=incident).resolution == "A larger disk.\n\nOver for good."


def test_owing_twice_changes_nothing(api: Component, travel: Any) -> None:
    incident = happen(api, travel)
    before = Postmortem.objects.values().get()
    owe_postmortem(incident)
    assert Postmortem.objects.values().get() == before


def test_a_published_one_stays_when_its_incident_comes_back(api: Component, travel: Any) -> None:
    incident = happen(api, travel)
    publish_postmortem(postmortem=draft_of(incident))
    before = Postmortem.objects.values().get()
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Again.")
    resolve_incident(incident=incident, message="Over, again.")
    assert Postmortem.objects.values().get() == before


def test_data_that_turns_out_to_be_touched_makes_one_due_afterwards(api: Component, travel: Any) -> None:
    PostmortemRule.objects.create(slug="data", data_impact=True, business_days=5)
    incident = happen(api, travel, severity="minor")
    edit_incident(
        incident=incident,
        title="API errors",
        severity="minor",
        private=False,
        data_impact=True,
        root_cause_summary="",
        remediation="",
    )
    assert draft_of(incident).due_at == IN_FIVE_DAYS


@pytest.mark.parametrize("change", [{"is_retroactive": True}, {"origin": Origin.IMPORT}])
def test_what_was_written_down_afterwards_owes_none_unless_staff_begin_one(
    api: Component, travel: Any, change: dict[str, Any]
) -> None:
    incident = happen(api, travel)
    Postmortem.objects.all().delete()
    Incident.objects.update(**change)
    assert owe_postmortem(incident) is None
    draft = start_postmortem(incident=incident)
    assert draft.due_at is None
    assert "Identified: Found:" in draft.timeline


def test_a_merged_duplicate_owes_none(api: Component, travel: Any) -> None:
    original, duplicate = happen(api, travel), happen(api, travel)
    Incident.objects.filter(pk=duplicate.pk).update(merged_into=original)
    release_postmortem(duplicate)
    assert draft_of(duplicate).due_at is None
    owe_postmortem(duplicate)
    assert draft_of(duplicate).due_at is None
    with pytest.raises(InvalidTransition, match="merged"):
        publish_postmortem(postmortem=draft_of(duplicate))
    Postmortem.objects.filter(incident=duplicate).delete()
    with pytest.raises(InvalidTransition, match="merged"):
        start_postmortem(incident=duplicate)


def test_staff_begin_one_while_it_is_open_and_it_is_owed_at_the_end(api: Component, travel: Any) -> None:
    incident = open_incident(title="Errors", severity="critical", message="Oh.", impacts={})
    draft = start_postmortem(incident=incident)
    assert start_postmortem(incident=incident).pk == draft.pk
    seen = [draft.due_at]
    resolve_incident(incident=incident, message="Over.", remediation="Better disks.")
    draft.refresh_from_db()
    assert [*seen, draft.due_at] == [None, IN_FIVE_DAYS]
    assert draft.timeline.endswith("Investigating: Oh.\n- **18 November 2026, 10:00 CET** – Resolved: Over.")
    assert draft.resolution == "Better disks.\n\nOver."


def test_many_long_updates_are_shortened_to_what_fits(api: Component, travel: Any) -> None:
    incident = open_incident(title="Errors", severity="critical", message="x " * 9000, impacts={})
    for _ in range(3):
        post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="y " * 9000)
    resolve_incident(incident=incident, message="Over.", remediation="z" * 20_000)
    draft = draft_of(incident)
    assert len(draft.timeline) < 2000
    assert draft.timeline.endswith("Resolved: Over.")
    assert len(draft.resolution) <= 20_000
    edit_postmortem(postmortem=draft, sections={"resolution": draft.resolution + " "})


def test_publishing_tells_those_who_want_to_hear_of_it_once(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    edit_postmortem(postmortem=draft, sections={"summary": "A disk was **full**."})
    version = Page.current().version
    publish_postmortem(postmortem=draft, author="ada")
    publish_postmortem(postmortem=draft, author="eve", expected_revision=1)
    draft.refresh_from_db()
    assert (draft.state, draft.published_at, draft.published_by) == ("published", travel_now(travel), "ada")
    assert Page.current().version == version + 1
    notice = Notice.objects.get(kind=NoticeKind.POSTMORTEM_PUBLISHED)
    assert list(notice.components.all()) == [api]
    payload = notice.payload
    assert set(payload) == {"page", "incident", "postmortem", "components"}
    assert payload["incident"]["title"] == "API errors"
    said = payload["postmortem"]
    assert said["url"] == f"https://status.example.com/incidents/{draft.incident.reference}/postmortem/"
    assert said["published_at"] == "2026-11-18T09:20:00Z"
    assert said["summary_html"] == "<p>A disk was <strong>full</strong>.</p>"
    assert [section["key"] for section in said["sections"]] == ["summary", "timeline", "root_cause", "resolution"]


def travel_now(travel: Any) -> datetime:
    return datetime(2026, 11, 18, 9, 20, tzinfo=UTC)


def test_nobody_is_told_when_one_does_not_want_it(api: Component, travel: Any) -> None:
    publish_postmortem(postmortem=draft_of(happen(api, travel)), notify=False)
    assert not Notice.objects.filter(kind=NoticeKind.POSTMORTEM_PUBLISHED).exists()


def test_the_notice_of_a_private_incident_says_no_more_than_is_public(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel, private=True))
    edit_postmortem(postmortem=draft, sections={"summary": "A secret."})
    publish_postmortem(postmortem=draft)
    payload = Notice.objects.get(kind=NoticeKind.POSTMORTEM_PUBLISHED).payload
    assert payload["incident"]["title"] == "Critical incident"
    assert payload["components"] == payload["postmortem"]["sections"] == []
    for word in ("secret", "disk", "API"):
        assert word not in str(payload)


def test_nothing_is_published_before_it_says_something(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    edit_postmortem(postmortem=draft, sections={"root_cause": " \n", "summary": ""})
    with pytest.raises(ValidationFailed, match="what caused it"):
        publish_postmortem(postmortem=draft)
    edit_postmortem(postmortem=draft, sections={"summary": "Short."})
    publish_postmortem(postmortem=draft)
    with pytest.raises(ValidationFailed, match="what caused it"):
        edit_postmortem(postmortem=draft, sections={"summary": ""})


def test_nothing_is_published_while_the_incident_is_open(api: Component, travel: Any) -> None:
    incident = happen(api, travel)
    post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Again.")
    with pytest.raises(InvalidTransition, match="not over yet"):
        publish_postmortem(postmortem=draft_of(incident))


def test_a_published_one_that_is_changed_says_that_it_was_edited(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    edit_postmortem(postmortem=draft, sections={"summary": "First."})
    publish_postmortem(postmortem=draft)
    travel.shift(timedelta(hours=1))
    seen = [(draft.edited_at, Page.current().version)]
    for text in ("First.", "Second."):
        edit_postmortem(postmortem=draft, sections={"summary": text})
        seen.append((draft.edited_at, Page.current().version))
    version = seen[0][1]
    assert seen == [
        (None, version),
        (None, version),
        (datetime(2026, 11, 18, 10, 20, tzinfo=UTC), version + 1),
    ]
    assert Notice.objects.filter(kind=NoticeKind.POSTMORTEM_PUBLISHED).count() == 1


def test_a_draft_changes_nothing_public(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    version = Page.current().version
    edit_postmortem(postmortem=draft, sections={"summary": "Not yet."})
    assert Page.current().version == version


def test_the_second_of_two_writers_is_told(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    seen = draft.revision
    edit_postmortem(postmortem=draft, sections={"summary": "Hers."}, expected_revision=seen)
    with pytest.raises(StaleRevision, match="Nothing was saved"):
        edit_postmortem(postmortem=draft, sections={"summary": "His."}, expected_revision=seen)
    with pytest.raises(StaleRevision):
        publish_postmortem(postmortem=draft, expected_revision=seen)
    draft.refresh_from_db()
    assert (draft.summary, draft.state) == ("Hers.", "draft")


def test_a_section_has_a_name_and_an_end(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    with pytest.raises(ValidationFailed, match="at most 20000"):
        edit_postmortem(postmortem=draft, sections={"summary": "x" * 20_001})
    with pytest.raises(ValidationFailed, match="There is no section 'state'"):
        edit_postmortem(postmortem=draft, sections={"state": "published"})
    Postmortem.objects.all().delete()
    with pytest.raises(NotFound):
        edit_postmortem(postmortem=draft, sections={"summary": "x"})


def test_follow_ups_have_owners_and_an_end(api: Component, travel: Any) -> None:
    draft = draft_of(happen(api, travel))
    action = add_action(postmortem=draft, text=" Buy\na disk ", owner="ada")
    assert add_action(postmortem=draft, text="Buy a disk", owner="ada").pk == action.pk
    assert (action.text, action.owner) == ("Buy a disk", "ada")
    set_action_done(action=action, done=True, author="eve")
    travel.shift(timedelta(hours=1))
    set_action_done(action=action, done=True, author="ada")
    assert (action.done_by, action.done_at) == ("eve", datetime(2026, 11, 18, 9, 20, tzinfo=UTC))
    set_action_done(action=action, done=False)
    assert (action.done_by, action.done_at) == ("", None)
    with pytest.raises(ValidationFailed, match="Say what"):
        add_action(postmortem=draft, text=" ")
    remove_action(action=action)
    assert not FollowUpAction.objects.exists()
    with pytest.raises(NotFound):
        set_action_done(action=action, done=True)
