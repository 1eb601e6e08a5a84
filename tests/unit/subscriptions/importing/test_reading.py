"""What a CSV file of subscribers says, line by line."""

from datetime import UTC, datetime

import pytest
import time_machine

from statuspage.core.errors import ValidationFailed
from subscriptions.choices import DEFAULT_EVENTS
from subscriptions.enums import Event
from subscriptions.importing import reading
from subscriptions.importing.reading import LeftOut, Row, Vocabulary, decode, ignored_columns, read_rows

WORDS = Vocabulary(components={"api": 1, "web": 2}, severities={"critical": 5}, groups={"platform": (7, (2, 3))})


def rows(text: str) -> list[Row | LeftOut]:
    return list(read_rows(text, WORDS))


def one(header: str, cells: str) -> Row:
    (row,) = rows(f"email,{header}\nada@example.org,{cells}\n")
    assert isinstance(row, Row), row
    return row


def test_a_row_with_every_column() -> None:
    header = "components,events,updates,minimum_severity,time_zone,language,confirmed_at"
    row = one(header, "api;web,incidents;reports,no,critical,Europe/Berlin,de,2025-03-01T09:30+02:00")
    assert (row.line, row.email) == (2, "ada@example.org")
    assert row.choice.component_ids == (1, 2)
    assert row.choice.events == {Event.INCIDENTS, Event.REPORTS}
    assert not row.choice.updates
    assert row.choice.minimum_severity_id == 5
    assert (row.choice.time_zone, row.choice.language) == ("Europe/Berlin", "de")
    assert row.confirmed_at == datetime(2025, 3, 1, 7, 30, tzinfo=UTC)


def test_a_file_of_addresses_alone_wants_everything_that_is_usual() -> None:
    (row,) = rows("Email\nADA@Example.ORG\n")
    assert isinstance(row, Row)
    assert (row.email, row.confirmed_at) == ("ada@example.org", None)
    assert (row.choice.component_ids, row.choice.events, row.choice.updates) == ((), DEFAULT_EVENTS, True)


@pytest.mark.parametrize(
    ("header", "cell", "word"),
    [
        ("components", "api;wbe", "'wbe'"),
        ("events", "incident", "'incident'"),
        ("updates", "perhaps", "yes or no"),
        ("minimum_severity", "worst", "'worst'"),
        ("time_zone", "Berlin", "'Berlin'"),
        ("language", "xx", "'xx'"),
        ("confirmed_at", "last year", "'last year'"),
        ("confirmed_at", "0001-01-01T00:00+14:00", "expected a time"),
    ],
)
def test_a_line_that_is_wrong_is_left_out_with_its_reason_and_the_next_one_goes_on(
    header: str, cell: str, word: str
) -> None:
    wrong, right = rows(f"email,{header}\nada@example.org,{cell}\nbob@example.org,\n")
    assert isinstance(wrong, LeftOut)
    assert wrong.line == 2
    assert word in wrong.reason
    assert isinstance(right, Row)


def test_nobody_has_confirmed_in_the_future() -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, 0, tzinfo=UTC)):
        (row,) = rows("email,confirmed_at\nada@example.org,2026-11-21T12:01Z\n")
    assert row == LeftOut(line=2, reason="confirmed_at is in the future.")


@pytest.mark.parametrize("address", ["ada", "a@b,c@d", "ada@example.org bcc:x@y.org", "=cmd@@x"])
def test_what_is_no_single_address_is_left_out(address: str) -> None:
    (row,) = rows(f'email\n"{address}"\n')
    assert isinstance(row, LeftOut)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_files_of_spreadsheets_are_separated_as_their_country_does(mark: str) -> None:
    (row,) = rows(mark.join(["email", "components"]) + "\n" + mark.join(["ada@example.org", '"api, web"']) + "\n")
    assert isinstance(row, Row)
    assert row.choice.component_ids == (1, 2)


def test_an_apostrophe_of_our_own_export_is_taken_off_again() -> None:
    (row,) = rows("email\n'+ada@example.org\n")
    assert isinstance(row, Row)
    assert row.email == "+ada@example.org"


def test_empty_lines_and_columns_of_others_are_passed_over() -> None:
    text = "id,email,Quarantined At\n7,ada@example.org,\n,,\n\n8,bob@example.org,\n"
    assert [row.line for row in rows(text)] == [2, 5]
    assert ignored_columns(text) == ["id", "Quarantined At"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "one of them is email"), ("name\nAda\n", "one of them is email"), ("email,email\na,b\n", "twice")],
)
def test_a_header_that_is_no_use_refuses_the_whole(text: str, word: str) -> None:
    with pytest.raises(ValidationFailed, match=word):
        rows(text)


def test_a_field_without_an_end_is_no_csv() -> None:
    with pytest.raises(ValidationFailed, match="is no CSV"):
        rows('email\n"' + "x" * 200_000)


def test_bytes_become_text_or_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode(b"\xef\xbb\xbfemail\r\nada@example.org\r") == "email\nada@example.org\n"
    with pytest.raises(ValidationFailed, match="UTF-8"):
        decode("email\nm\xfcller@example.org".encode("latin-1"))
    with pytest.raises(ValidationFailed, match="NUL"):
        decode(b"email\n\x00")
    monkeypatch.setattr(reading, "LARGEST_FILE", 5)
    with pytest.raises(ValidationFailed, match="split it"):
        decode(b"email\n")


def test_a_whole_group_is_chosen_with_each_that_is_in_it() -> None:
    choice = one("components,groups", "api;web,platform").choice
    assert (choice.component_ids, choice.group_ids) == ((1, 2, 3), (7,))
    (out,) = rows("email,groups\nada@example.org,plattform\n")
    assert isinstance(out, LeftOut)
    assert "no group called 'plattform'" in out.reason


@pytest.mark.parametrize(("cells", "word"), [("none,confirmed", "one incident"), ("incidents,unsubscribed", "'unsub")])
def test_of_an_export_only_those_are_brought_in_who_confirmed_more_than_one_incident(cells: str, word: str) -> None:
    (out,) = rows(f"email,events,state\nada@example.org,{cells}\n")
    assert isinstance(out, LeftOut)
    assert word in out.reason
    assert isinstance(rows("email,events,state\nada@example.org,incidents,confirmed\n")[0], Row)
    assert ignored_columns("email,state,origin\n") == ["origin"]
