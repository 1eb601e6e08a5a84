"""A notice for a small screen."""

import pytest

from subscriptions.said.words import Fact, plain
from subscriptions.short_text import SMS, long_text, short_text
from tests.chat_messages import said

URL = "https://status.example.com/incidents/INC-2026-1121-a/"


def test_an_sms_says_the_state_first_what_it_is_about_and_where_more_is() -> None:
    text = short_text(said("Long words"))
    assert text == f"Investigating: API errors. API gateway (Major outage). {URL}"


@pytest.mark.parametrize("title", ["x" * 250, "Many words " * 20, "😀" * 125, "Short"])
def test_an_sms_is_one_sms_and_its_link_is_whole(title: str) -> None:
    text = short_text(said("a", title=title, facts=[Fact(label="Affects", value="API gateway, " * 20)]))
    assert len(text.encode("utf-16-le")) // 2 <= SMS
    assert text.endswith(f" {URL}")
    assert text.startswith("Investigating: ")


def test_where_there_is_room_the_words_are_there_without_marks() -> None:
    text = long_text(
        said("We see **errors**.\n\n- one\n- [two](/history/)", plain("Root cause", "a_b *c*")),
        base="https://status.example.com",
        limit=3000,
    )
    assert text == (
        "We see errors.\n\n- one\n- two (https://status.example.com/history/)\n\n"
        "Root cause\na_b *c*\n\n"
        "Affects: API gateway (Major outage)\nBegan: 21 November 2026, 12:00 UTC\nNext update by 12:30 UTC.\n\n"
        f"Whole timeline: {URL}"
    )


@pytest.mark.parametrize("limit", [400, 1000, 3000])
def test_no_text_is_longer_than_its_room(limit: int) -> None:
    long = "This is a sentence of a long update. " * 300
    text = long_text(said(long, plain("Root cause", long)), base="https://status.example.com", limit=limit)
    assert len(text) <= limit
    assert text.endswith(URL)
