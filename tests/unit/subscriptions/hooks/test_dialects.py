"""Markdown of staff in the dialects of chats."""

import pytest

from subscriptions.hooks import discord, slack, teams
from subscriptions.hooks.dialects import Dialect, pieces_of
from subscriptions.hooks.fitting import cut, fit, fit_line, fit_lines, join, length_of
from subscriptions.said.words import Passage, plain

PAGE = "https://status.example.com"
MORE = "(more)"


def written(markdown: str, dialect: Dialect) -> str:
    return join(pieces_of(Passage(text=markdown, html=""), dialect, base=PAGE))


@pytest.mark.parametrize(
    ("markdown", "in_slack", "in_discord", "in_teams"),
    [
        ("**bold** and *italic*", "*bold* and _italic_", "**bold** and *italic*", "**bold** and _italic_"),
        ("~~gone~~", "~gone~", "~~gone~~", "gone"),
        ("a `b < c`", "a `b &lt; c`", "a `b < c`", "a b < c"),
        ("one\ntwo", "one\ntwo", "one\ntwo", "one\n\ntwo"),
        ("- one\n- two", "• one\n• two", "- one\n- two", "- one\n- two"),
        ("3. three\n4. four", "3. three\n4. four", "3. three\n4. four", "3. three\n4. four"),
        ("- one\n  - in it", "• one\n   • in it", "- one\n   - in it", "- one\n   - in it"),
        ("## What **we** know", "*What we know*", "**What we know**", "**What we know**"),
        ("> said", "&gt; said", "> said", "said"),
        ("snake_case_name", "snake_case_name", r"snake\_case\_name", r"snake\_case\_name"),
        (r"\*as typed\*", "*as typed*", r"\*as typed\*", r"\*as typed\*"),
        ("a\n\n***\n\nb", "a\n\nb", "a\n\nb", "a\n\nb"),
    ],
)
def test_each_mark_is_written_as_the_chat_reads_it(
    markdown: str, in_slack: str, in_discord: str, in_teams: str
) -> None:
    assert written(markdown, slack.DIALECT) == in_slack
    assert written(markdown, discord.DIALECT) == in_discord
    assert written(markdown, teams.DIALECT) == in_teams


def test_a_table_has_a_line_for_each_row() -> None:
    table = "| Region | State |\n|---|---|\n| eu | down |"
    assert written(table, slack.DIALECT) == "*Region* – *State*\neu – down"
    assert written(table, teams.DIALECT) == "**Region** – **State**\n\neu – down"


def test_what_would_end_a_block_of_code_does_not() -> None:
    # Four of them hold three of them in Markdown, but not in a chat.
    text = written("````\na ``` <!channel>\n````", slack.DIALECT)
    assert text == "```\na ''' &lt;!channel&gt;\n```"


def test_a_link_leads_where_a_page_may_lead_and_a_path_begins_at_the_page() -> None:
    assert written("[a](https://example.com/?b=1&c=2)", slack.DIALECT) == "<https://example.com/?b=1&amp;c=2|a>"
    assert written("[past](/history/)", discord.DIALECT) == f"[past]({PAGE}/history/)"
    assert written("[mail](mailto:a@example.com)", slack.DIALECT) == "<mailto:a@example.com|mail>"
    # Discord links to the web alone.
    assert written("[mail](mailto:a@example.com)", discord.DIALECT) == "mail"
    for target in ("javascript:alert(1)", "data:text/html,x", "slack://open", "file:///etc/passwd"):
        assert target not in written(f"[x]({target})", slack.DIALECT).replace(f"[x]({target})", "")


def test_nothing_of_an_address_ends_its_mark() -> None:
    hostile = "[x](<https://example.com/a|b>c)d(e>)"
    for dialect in (slack.DIALECT, slack.COMPATIBLE, discord.DIALECT, teams.DIALECT):
        assert "(https://example.com/a|b" not in written(hostile, dialect)
    odd = written("[x](https://example.com/a|b(c)d)", slack.DIALECT)
    assert odd == "<https://example.com/a%7Cb%28c%29d|x>"


def test_a_bare_address_is_a_link_and_no_preview() -> None:
    assert written("See https://example.com/a_b_c.", discord.DIALECT) == "See <https://example.com/a_b_c>."


CALLS = ("<!channel>", "<!here|here>", "<!everyone>", "<@U012345>", "<#C012345>", "<!subteam^S1>")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "markdown", ["{}", "**{}**", "`{}`", "```\n{}\n```", "- {}", "> {}", "# {}", "[{}](https://a.example)"]
)
def test_nobody_is_called_in_slack(call: str, markdown: str) -> None:
    for dialect in (slack.DIALECT, slack.COMPATIBLE):
        text = written(markdown.format(call), dialect)
        assert call not in text
        assert call[:2] not in text


@pytest.mark.parametrize("call", ["@everyone", "@here", "@channel", "@all", "(@everyone)", "@ada"])
def test_words_after_an_at_sign_call_nobody(call: str) -> None:
    for dialect in (slack.DIALECT, slack.COMPATIBLE, discord.DIALECT, teams.DIALECT):
        assert call.strip("()") not in written(f"So {call} knows", dialect)
        assert "help@example.com" in written("Write to help@example.com", dialect)


def test_cards_compute_nothing_and_have_no_tags() -> None:
    text = written("{{DATE(2017-02-14T06:00:00Z)}} <at>Ada</at>", teams.DIALECT)
    assert "{{" not in text
    assert "<at" not in text
    assert "</at" not in text


def test_a_text_that_is_not_markdown_stays_as_it_is() -> None:
    passage = plain("Root cause", "disk_full & *not* bold\nnext\n\n1. not a list")
    (first, second) = pieces_of(passage, slack.DIALECT, base=PAGE)
    assert first.text == "disk_full &amp; *not* bold\nnext"
    assert second.text == "1. not a list"
    assert r"\*not\*" in join(pieces_of(passage, discord.DIALECT, base=PAGE))
    assert r"1\. not a list" in join(pieces_of(passage, discord.DIALECT, base=PAGE))


def test_what_fits_is_whole() -> None:
    pieces = pieces_of(Passage(text="One. Two.", html=""), slack.DIALECT, base=PAGE)
    assert fit(pieces, 9, slack.DIALECT, more=MORE) == "One. Two."


def test_what_does_not_fit_ends_with_a_sentence_and_says_where_the_rest_is() -> None:
    text = "The **first** sentence. The second sentence. The third sentence."
    pieces = pieces_of(Passage(text=text, html=""), slack.DIALECT, base=PAGE)
    assert fit(pieces, 55, slack.DIALECT, more=MORE) == f"The first sentence. The second sentence.\n\n{MORE}"


def test_whole_paragraphs_keep_their_marks_when_a_later_one_is_cut() -> None:
    text = "**Bold** one.\n\nA long second paragraph that does not end within the room there is for it."
    pieces = pieces_of(Passage(text=text, html=""), slack.DIALECT, base=PAGE)
    cut_text = fit(pieces, 60, slack.DIALECT, more=MORE)
    assert cut_text == f"*Bold* one.\n\nA long second paragraph that does not…\n\n{MORE}"
    assert length_of(cut_text) <= 60


@pytest.mark.parametrize("text", ["a " * 500, "😀" * 500, "<&>" * 500, "x" * 2000, "A. " * 700])
def test_no_text_is_longer_than_its_room_in_the_strictest_count(text: str) -> None:
    pieces = pieces_of(plain("", text), slack.DIALECT, base=PAGE)
    for limit in (30, 100, 333):
        assert length_of(fit(pieces, limit, slack.DIALECT, more=MORE)) <= limit
        assert length_of(fit_line(text, limit, slack.DIALECT.escape)) <= limit


def test_an_escaped_character_is_not_cut_in_two() -> None:
    assert fit_line("<" * 40, 50, slack.DIALECT.escape).replace("&lt;", "") in {"", "…"}


def test_lines_are_whole_or_left_out() -> None:
    assert fit_lines(["one", "two", "three"], 8) == "one\ntwo"


def test_a_cut_before_the_first_sentence_ends_is_at_a_word() -> None:
    assert cut("Several words without any end", 17, length_of) == "Several words…"
