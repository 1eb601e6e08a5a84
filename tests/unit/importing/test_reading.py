"""What kind of file it is, and what is left out of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.enums import ComponentStatus
from incidents.enums import IncidentStatus, MaintenanceStatus
from incidents.importing.reading import read_file
from incidents.importing.records import UnknownFormat
from tests.statuspage_files import component, incident, row, said, summary, update, window

Lines = Callable[..., Path]
Document = Callable[..., Path]


def test_a_summary_is_known_by_its_keys(document: Document) -> None:
    file = read_file(document(summary(incidents=[incident()])))

    assert file.kind == "a summary"
    assert (len(file.components), len(file.incidents), len(file.maintenances)) == (1, 1, 0)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("components", "components"),
        ("incidents", "incidents"),
        ("scheduled_maintenances", "scheduled maintenances"),
    ],
)
def test_each_document_is_known_by_its_key(document: Document, key: str, kind: str) -> None:
    assert read_file(document({key: []})).kind == kind


def test_a_single_line_is_json_lines(lines: Lines) -> None:
    file = read_file(lines(row()))

    assert file.kind == "JSON Lines"
    assert len(file.incidents) == 1


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[1, 2]", '{"a": 1}', '{"a": 1}\n{"b": 2}\n', "null", "\x00\x01", "[" * 100_000],
)
def test_a_file_of_another_kind_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.txt"
    path.write_text(content)

    with pytest.raises(UnknownFormat, match=r"other\.txt is none of the files we can import"):
        read_file(path)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match="No such file"):
        read_file(tmp_path / "absent.json")


def test_a_byte_order_mark_does_not_hide_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{json.dumps(row())}\n{json.dumps(window())}\n".encode())

    file = read_file(path)

    assert (len(file.incidents), len(file.maintenances), file.skipped) == (1, 1, ())


def test_a_broken_line_does_not_stop_the_others(lines: Lines) -> None:
    file = read_file(lines('{"title": "cut off', row(), "[]", window()))

    assert (len(file.incidents), len(file.maintenances)) == (1, 1)
    assert [skipped.place for skipped in file.skipped] == ["history.jsonl:1", "history.jsonl:3"]
    assert file.skipped[1].sentence == "the line is []; expected an object."


def test_a_line_that_is_not_utf8_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"title": "\xff"}\n' + json.dumps(row()).encode())

    file = read_file(path)

    assert len(file.incidents) == 1
    assert file.skipped[0].place == "history.jsonl:1"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": None}, "title is missing."),
        ({"title": 5}, "title is 5; expected text."),
        ({"started_at": "yesterday"}, "started_at is 'yesterday'; expected a time with its zone"),
        ({"started_at": "2024-03-05T09:10:00"}, "expected a time with its zone"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "expected a time with its zone"),
        ({"impact": "terrible"}, "impact is 'terrible'; expected one of critical, major, minor, none."),
        ({"updates": "none"}, "updates is 'none'; expected a list."),
        ({"components": "API"}, "components is 'API'; expected a list."),
        ({"id": None, "url": None}, "it has neither an id nor an address"),
        ({"started_at": None, "resolved_at": None, "updates": []}, "says when it was"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(lines: Lines, changes: dict[str, object], sentence: str) -> None:
    file = read_file(lines(row(**changes)))

    assert file.incidents == ()
    assert len(file.skipped) == 1
    assert sentence in str(file.skipped[0])


def test_an_update_that_cannot_be_used_is_left_out_alone(lines: Lines) -> None:
    updates = [*row()["updates"], {"at": None, "status": "Update", "message": "When?"}, "nonsense"]
    file = read_file(lines(row(updates=updates)))

    assert len(file.incidents[0].updates) == 4
    assert [skipped.sentence for skipped in file.skipped] == [
        "updates[4] left out: at is missing.",
        "updates[5] left out: the update is 'nonsense'; expected an object.",
    ]


def test_the_public_id_is_at_the_end_of_the_address(lines: Lines) -> None:
    assert read_file(lines(row())).incidents[0].public_id == "upl0ads0slow"


def test_a_row_without_an_address_has_the_same_id_each_time(lines: Lines) -> None:
    first = read_file(lines(row(url=None))).incidents[0].public_id
    second = read_file(lines(row(url=None, title="Renamed"))).incidents[0].public_id

    assert first == second
    assert len(first) == 12


def test_a_row_of_maintenance_is_known_by_its_impact_or_its_words(lines: Lines) -> None:
    file = read_file(lines(window(), window(url="https://x.example/an0therwind0", impact="none")))

    assert len(file.maintenances) == 2


def test_a_window_runs_from_in_progress_to_completed(lines: Lines) -> None:
    record = read_file(lines(window())).maintenances[0]

    assert record.scheduled_for == record.started_at == datetime(2024, 4, 3, 2, 0, tzinfo=UTC)
    assert record.scheduled_until == record.completed_at == datetime(2024, 4, 3, 3, 30, tzinfo=UTC)
    assert record.created_at == datetime(2024, 4, 1, 12, 0, tzinfo=UTC)
    assert record.status is MaintenanceStatus.COMPLETED


def test_the_word_update_repeats_the_state_before(lines: Lines) -> None:
    updates = read_file(lines(row())).incidents[0].updates

    assert [update.status.value for update in updates] == ["investigating", "investigating", "monitoring", "resolved"]
    assert [update.is_repeat for update in updates] == [False, True, False, False]


def test_a_null_end_is_taken_from_the_update_that_says_resolved(lines: Lines) -> None:
    record = read_file(lines(row(resolved_at=None))).incidents[0]

    assert record.status is IncidentStatus.RESOLVED
    assert record.resolved_at == datetime(2024, 3, 5, 10, 0, tzinfo=UTC)


def test_a_row_without_an_end_is_open(lines: Lines) -> None:
    record = read_file(lines(row(resolved_at=None, updates=row()["updates"][:2]))).incidents[0]

    assert record.status is IncidentStatus.INVESTIGATING
    assert record.resolved_at is None


def test_null_times_are_taken_from_the_updates(lines: Lines) -> None:
    record = read_file(lines(row(started_at=None, updated_at=None))).incidents[0]

    assert record.started_at == datetime(2024, 3, 5, 9, 10, tzinfo=UTC)
    assert record.contained_at == datetime(2024, 3, 5, 9, 50, tzinfo=UTC)
    assert record.updated_at == datetime(2024, 3, 5, 10, 0, tzinfo=UTC)


def test_an_end_before_the_beginning_moves_the_beginning(lines: Lines) -> None:
    record = read_file(lines(row(resolved_at="2024-03-05T08:00:00Z"))).incidents[0]

    assert record.started_at == record.resolved_at == datetime(2024, 3, 5, 8, 0, tzinfo=UTC)


def test_of_two_rows_about_the_same_the_newer_counts(lines: Lines) -> None:
    newer = row(title="Uploads were slow", updated_at="2024-03-06T00:00:00Z")
    file = read_file(lines(newer, row()))

    assert [record.title for record in file.incidents] == ["Uploads were slow"]
    assert str(file.skipped[0]) == "history.jsonl:2: the same one is at history.jsonl:1, which is newer."


def test_control_characters_do_not_come_in(lines: Lines) -> None:
    updates = [{"at": "2024-03-05T09:10:00Z", "status": "Resolved", "message": "a\x00b\ud800c\nd"}]
    record = read_file(lines(row(title="Up\x07loads\u202e slow", updates=updates))).incidents[0]

    assert record.title == "Uploads slow"
    assert record.updates[0].body == "abc\nd"


def test_an_address_that_is_no_web_address_is_not_kept(lines: Lines) -> None:
    record = read_file(lines(row(url="javascript:alert(1)/upl0ads0slow"))).incidents[0]

    assert (record.external_url, record.public_id) == ("", "upl0ads0slow")


def test_postmortem_counts_as_resolved_and_does_not_move_the_end(document: Document) -> None:
    updates = [
        update("update000003", "postmortem", "2024-05-09T12:00:00Z", "What we learned."),
        update("update000002", "resolved", "2024-05-01T09:00:00Z", "Over."),
    ]
    record = read_file(document({"incidents": [incident(status="postmortem", incident_updates=updates)]})).incidents[0]

    assert record.status is IncidentStatus.RESOLVED
    assert record.resolved_at == datetime(2024, 5, 1, 9, 0, tzinfo=UTC)
    assert [update.is_repeat for update in record.updates] == [False, True]


def test_updates_of_the_same_moment_keep_their_order(document: Document) -> None:
    at = "2024-05-01T09:00:00Z"
    updates = [
        update("update000002", "identified", at, "said second"),
        update("update000001", "identified", at, "said first"),
    ]
    record = read_file(document({"incidents": [incident(incident_updates=updates)]})).incidents[0]

    assert [update.body for update in record.updates] == ["said first", "said second"]


def test_the_newest_word_on_a_component_counts_while_open(document: Document) -> None:
    record = read_file(document({"incidents": [incident()]})).incidents[0]

    assert record.said == {"api0api0api0": ComponentStatus.MAJOR_OUTAGE}


def test_the_last_bad_word_on_a_component_counts_once_over(document: Document) -> None:
    over = update(
        "update000003",
        "resolved",
        "2024-05-01T09:00:00Z",
        "Over.",
        affected_components=said("major_outage", "operational"),
    )
    value = incident(status="resolved", incident_updates=[over, *incident()["incident_updates"]])
    record = read_file(document({"incidents": [value]})).incidents[0]

    assert record.said == {"api0api0api0": ComponentStatus.MAJOR_OUTAGE}


def test_broken_entries_of_a_document_are_named_by_their_place(document: Document) -> None:
    file = read_file(
        document(
            summary(
                components=[component(), component(name=""), "nonsense", component(status="on fire")],
                incidents=[incident(id=None), incident(status="lost")],
            )
        )
    )

    assert len(file.components) == 1
    assert [str(skipped) for skipped in file.skipped] == [
        "summary.json: components[1]: name is missing.",
        "summary.json: components[2]: the entry is 'nonsense'; expected an object.",
        (
            "summary.json: components[3]: status is 'on fire'; expected one of degraded_performance, major_outage, "
            "operational, partial_outage, under_maintenance, unknown."
        ),
        "summary.json: incidents[0]: it has no id: it could not be known again.",
        (
            "summary.json: incidents[1]: status is 'lost'; expected one of identified, investigating, monitoring, "
            "postmortem, resolved."
        ),
    ]


def test_a_long_title_is_cut_with_an_ellipsis(lines: Lines) -> None:
    record = read_file(lines(row(title="x" * 400))).incidents[0]

    assert len(record.title) == 250
    assert record.title.endswith("…")
