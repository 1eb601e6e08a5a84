"""The calendar, read back by a program that knows RFC 5545."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine

from components.models import Page
from incidents.importing.reading import read_file
from incidents.importing.services import import_file
from incidents.maintenance import announcing, editing, progress, running
from incidents.models import Maintenance, MaintenanceUpdate
from statuspage.web.documents import render_document
from statuspage.web.feeds.calendar import MOST_EVENTS
from tests import statuspage_files
from tests.unit.web.conftest import NOON, MakeComponent

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def body(path: str = "/calendar.ics") -> bytes:
    document = render_document(path)
    assert document is not None
    assert document.content_type == "text/calendar; charset=utf-8"
    return document.body


def read(path: str = "/calendar.ics") -> Any:
    found: Any = icalendar.Calendar.from_ical(body(path))
    assert not [event.errors for event in found.walk() if event.errors]
    return found


def event(path: str = "/calendar.ics") -> Any:
    (found,) = read(path).events
    return found


def window(begin: datetime = NOON + DAY, length: timedelta = HOUR, **changes: Any) -> Maintenance:
    values: dict[str, Any] = {"title": "Upgrade", "message": "We move.", "components": []}
    return announcing.schedule_maintenance(**(values | changes), scheduled_for=begin, scheduled_until=begin + length)


def test_without_windows_it_is_a_calendar_that_names_itself(page: Page, at_noon: object) -> None:
    calendar = read()
    assert calendar.events == []
    assert calendar.calendar_name == "Example status: maintenance"
    assert str(calendar["X-WR-CALNAME"]) == "Example status: maintenance"
    assert str(calendar["X-WR-TIMEZONE"]) == "Europe/Berlin"
    assert (calendar["REFRESH-INTERVAL"].td, str(calendar["X-PUBLISHED-TTL"])) == (HOUR, "PT1H")
    assert str(calendar["SOURCE"]) == "https://status.example.com/calendar.ics"
    assert "METHOD" not in calendar


def test_the_name_of_the_page_is_text_wherever_it_stands(page: Page, at_noon: object) -> None:
    Page.objects.filter(pk=page.pk).update(name="A, B; C\\n\r\nBEGIN:VEVENT")
    said = rb"A\, B\; C\\n BEGIN:VEVENT status: maintenance"
    assert b"\r\nNAME:" + said + b"\r\n" in body()
    assert b"\r\nX-WR-CALNAME:" + said + b"\r\n" in body()
    assert read().events == []


def test_an_event_says_what_is_planned(make_component: MakeComponent) -> None:
    api = make_component("api", name="API, public")
    row = window(
        components=[api], expects_downtime=True, impact_note="read-only; no uploads", message="We *move*.\n\nAll."
    )
    found = event()
    assert str(found["UID"]) == f"maintenance-{row.public_id}@abcdefghijkl.statuspage.invalid"
    assert (found.start, found.end) == (NOON + DAY, NOON + DAY + HOUR)
    assert (str(found["SUMMARY"]), str(found["STATUS"])) == ("Maintenance: Upgrade", "CONFIRMED")
    assert str(found["URL"]) == f"https://status.example.com/maintenance/{row.reference}/"
    assert list(found.categories) == ["Maintenance", "API, public"]
    assert str(found["TRANSP"]) == "TRANSPARENT"
    assert found["DTSTAMP"].dt == found["LAST-MODIFIED"].dt == NOON
    assert str(found["DESCRIPTION"]).splitlines() == [
        "Scheduled: Sun 22 November, 13:00 to 14:00 CET",
        "Components: API, public",
        "Downtime is expected.",
        "read-only; no uploads",
        "We move. All.",
        f"https://status.example.com/maintenance/{row.reference}/",
    ]


def test_an_event_keeps_its_id_and_its_sequence_rises_with_every_change(
    make_component: MakeComponent, at_noon: time_machine.Traveller
) -> None:
    row = window(begin=NOON + 2 * HOUR, components=[make_component()])
    seen = [(event()["UID"], event()["SEQUENCE"])]

    def look(hours: float = 0) -> Any:
        at_noon.shift(hours * HOUR)
        found = event()
        assert found["UID"] == seen[0][0]
        assert found["SEQUENCE"] > seen[-1][1]
        seen.append((found["UID"], found["SEQUENCE"]))
        assert found["LAST-MODIFIED"].dt <= datetime.now(UTC)
        return found

    editing.edit_maintenance(maintenance=row, title="Larger upgrade")
    assert str(look()["SUMMARY"]) == "Maintenance: Larger upgrade"
    editing.edit_maintenance(maintenance=row, scheduled_for=NOON + 3 * HOUR, scheduled_until=NOON + 4 * HOUR)
    assert look().start == NOON + 3 * HOUR
    progress.post_maintenance_update(maintenance=row, message="Soon.")
    assert "Soon." in str(look()["DESCRIPTION"])
    # Its time has come and nobody has begun it.
    assert str(look(3.5)["STATUS"]) == "TENTATIVE"
    running.start_maintenance(maintenance=row)
    begun = look()
    assert (str(begun["STATUS"]), begun.start) == ("CONFIRMED", NOON + 3.5 * HOUR)
    # It runs over, one hour and another.
    assert look(1).end == NOON + 5 * HOUR
    assert look(1).end == NOON + 6 * HOUR
    progress.estimate_end(maintenance=row, at=NOON + 8 * HOUR)
    assert look().end == NOON + 8 * HOUR
    progress.extend_maintenance(maintenance=row, until=NOON + 9 * HOUR)
    assert look().end == NOON + 9 * HOUR
    running.complete_maintenance(maintenance=row)
    assert look().end == NOON + 5.5 * HOUR
    assert len(seen) == 11


def test_what_did_not_change_is_the_same_bytes(make_component: MakeComponent, at_noon: time_machine.Traveller) -> None:
    window(components=[make_component()])
    before = body()
    at_noon.shift(23 * HOUR)
    assert body() == before


def test_an_import_that_changes_a_window_raises_its_sequence(page: Page, at_noon: object, tmp_path: Path) -> None:
    def imported(title: str, updated_at: str) -> int:
        updates = [
            {"at": "2026-11-18T12:00:00Z", "status": "Scheduled", "message": "We will."},
            {"at": "2026-11-19T11:00:00Z", "status": "In progress", "message": "We do."},
            {"at": "2026-11-19T12:00:00Z", "status": "Completed", "message": "We did."},
        ]
        line = statuspage_files.window(
            title=title,
            started_at=updates[0]["at"],
            resolved_at=updates[2]["at"],
            updated_at=updated_at,
            updates=updates,
        )
        path = tmp_path / "windows.jsonl"
        path.write_text(json.dumps(line))
        import_file(read_file(path))
        found = event()
        assert str(found["SUMMARY"]) == f"Maintenance: {title}"
        return int(found["SEQUENCE"])

    assert imported("First", "2026-11-19T12:00:00Z") < imported("Second", "2026-11-19T12:01:00Z")


def test_a_window_that_was_called_off_stays_and_says_so(make_component: MakeComponent) -> None:
    row = window(components=[make_component()])
    running.cancel_maintenance(maintenance=row, message="Not now.")
    found = event()
    assert (str(found["STATUS"]), str(found["SUMMARY"])) == ("CANCELLED", "Cancelled: Upgrade")
    assert (found.start, found.end) == (NOON + DAY, NOON + DAY + HOUR)


@pytest.mark.parametrize(
    ("begin", "end", "starts", "ends"),
    [
        # Over the night in March in which an hour is missing, and that in October in which one comes twice.
        ((3, 28, 23), (3, 29, 4), "2026-03-28T22:00Z", "2026-03-29T02:00Z"),
        ((10, 24, 23), (10, 25, 4), "2026-10-24T21:00Z", "2026-10-25T03:00Z"),
    ],
)
def test_a_window_over_a_change_of_clocks_has_the_right_instants(
    make_component: MakeComponent, begin: tuple[int, int, int], end: tuple[int, int, int], starts: str, ends: str
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, last = (datetime(2026, month, day, hour, tzinfo=berlin) for month, day, hour in (begin, end))
    api = make_component()
    with time_machine.travel(first.astimezone(UTC) - DAY, tick=False):
        announcing.schedule_maintenance(
            title="Night", message="We move.", components=[api], scheduled_for=first, scheduled_until=last
        )
        found = event()
    assert (found.start, found.end) == (datetime.fromisoformat(starts), datetime.fromisoformat(ends))
    assert b"DTSTART:2026" in found.to_ical()
    assert b"TZID" not in found.to_ical()


def test_lines_are_folded_at_75_octets_and_never_within_a_character(make_component: MakeComponent) -> None:
    title = "Wartung der Datenbänke für alle Größen – ☂🛠 " * 4
    window(components=[make_component(name="Ünïcödé " * 8)], title=title, message="Ä" * 500)
    lines = body().split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert all(line.decode() is not None for line in lines)
    assert b"\n" not in body().replace(b"\r\n", b"")
    assert str(event()["SUMMARY"]) == f"Maintenance: {title.strip()}"


def test_no_text_ends_a_line_or_makes_one_of_its_own(make_component: MakeComponent) -> None:
    row = window(components=[make_component(name="A\r\nB;C,D")])
    Maintenance.objects.filter(pk=row.pk).update(
        title="A\r\nEND:VEVENT\x0b\\n ]]> <script>", impact_note="x\r\nSTATUS:CANCELLED\x1b\u2028y"
    )
    MaintenanceUpdate.objects.update(body="a\r\nBEGIN:VALARM\r\nb")
    found = event()
    assert str(found["SUMMARY"]) == "Maintenance: A END:VEVENT\\n ]]> <script>"
    assert str(found["STATUS"]) == "CONFIRMED"
    assert list(found.categories) == ["Maintenance", "A B;C,D"]
    assert found.alarms.times == []
    assert not {b"\x0b", b"\x1b"} & {bytes([octet]) for octet in body()}


def test_it_has_what_ended_within_90_days_and_all_to_come(make_component: MakeComponent) -> None:
    api = make_component()
    for number, begin in enumerate((NOON - 100 * DAY, NOON - 80 * DAY, NOON + 300 * DAY)):
        window(begin, title=f"Number {number}", components=[api])
    # The newest 25 are read for the feeds, however old: what is older than that is history.
    for number in range(30):
        begin = NOON - timedelta(days=200 + number)
        Maintenance.objects.create(
            reference=f"MNT-2026-0101-{number}",
            title="Long ago",
            status="completed",
            scheduled_for=begin,
            scheduled_until=begin + HOUR,
        )
    assert [str(found["SUMMARY"])[-8:] for found in read().events if "Number" in found["SUMMARY"]] == [
        "Number 1",
        "Number 2",
    ]
    assert not [found for found in read().events if "Long ago" in found["SUMMARY"]]


def test_a_window_that_takes_no_time_has_no_end(page: Page, at_noon: object) -> None:
    Maintenance.objects.create(reference="MNT-2026-1122-a", title="Now", scheduled_for=NOON, scheduled_until=NOON)
    assert "DTEND" not in event()


def test_of_too_many_those_that_are_nearest_are_there(page: Page, at_noon: object) -> None:
    Maintenance.objects.bulk_create(
        Maintenance(
            reference=f"MNT-2027-0101-{number}",
            title=f"Number {number}",
            scheduled_for=NOON + number * DAY,
            scheduled_until=NOON + number * DAY + HOUR,
        )
        for number in range(MOST_EVENTS + 20)
    )
    titles = [str(found["SUMMARY"]) for found in read().events]
    assert (len(titles), titles[0], titles[-1]) == (
        MOST_EVENTS,
        "Maintenance: Number 0",
        f"Maintenance: Number {MOST_EVENTS - 1}",
    )


def test_a_hidden_component_is_not_named(make_component: MakeComponent) -> None:
    window(components=[make_component("api"), make_component("secret", position=1, is_visible=False)])
    assert list(event().categories) == ["Maintenance", "Api"]
    assert b"ecret" not in body()
