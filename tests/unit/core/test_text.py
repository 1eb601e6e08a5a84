from hypothesis import given
from hypothesis import strategies as st

from statuspage.core.text import clean_line, clean_text


def test_control_characters_go_and_line_ends_are_folded() -> None:
    assert clean_text(" a\x00b\r\nc\x1b[0m\td ") == "ab\nc[0m\td"


def test_a_line_is_one_line() -> None:
    assert clean_line("Subject\r\nBcc: everybody@example.com") == "Subject Bcc: everybody@example.com"


def test_bidirectional_overrides_and_surrogates_go() -> None:
    assert clean_text("a\u202eb\ud800c\ufffed") == "abcd"


@given(st.text(st.characters(codec=None)))
def test_cleaning_twice_changes_nothing_more_and_always_encodes(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert once.encode("utf-8").decode() == once
