"""The text of a mail in lines that a terminal shows whole."""

import pytest

from subscriptions.plain_text import WIDTH, as_text, unbroken, wrapped
from subscriptions.said.foot import FootLine
from subscriptions.said.words import Fact, Passage, Words

PROSE = "Requests to the interface fail for about one in ten customers, and we are looking into why that is so. "
ADDRESS = "https://status.example.com/" + "a" * 90 + "/"


def test_prose_is_wrapped_and_nothing_is_lost() -> None:
    text = wrapped(PROSE * 3)
    assert all(len(line) <= WIDTH for line in text.split("\n"))
    assert text.split() == (PROSE * 3).split()


@pytest.mark.parametrize(
    "line", [ADDRESS, f"    {'code ' * 30}", f"| {'cell | ' * 20}", f"```\n{PROSE}\n```", f"~~~ sh\n{PROSE}\n~~~"]
)
def test_what_means_something_by_its_lines_is_left_alone(line: str) -> None:
    assert wrapped(line) == line


def test_after_a_block_of_code_prose_is_wrapped_again() -> None:
    *code, first, second = wrapped(f"```\n{PROSE}\n```\n{PROSE.strip()}").split("\n")
    assert code == ["```", PROSE, "```"]
    assert f"{first} {second}" == PROSE.strip()


def test_items_and_quotes_stay_what_they_are() -> None:
    first, *rest = wrapped(f"- {PROSE}").split("\n")
    assert first.startswith("- Requests")
    assert all(line.startswith("  ") for line in rest)
    first, *rest = wrapped(f"12. {PROSE}").split("\n")
    assert all(line.startswith("    ") for line in rest)
    assert all(line.startswith("> ") for line in wrapped(f"> {PROSE}").split("\n"))


def test_an_address_is_never_torn() -> None:
    assert ADDRESS in wrapped(f"{PROSE}{ADDRESS} {PROSE}").split("\n")


def test_a_time_and_its_zone_stay_together() -> None:
    for length in range(WIDTH - 12, WIDTH + 2):
        text = wrapped(f"{'x' * length} 02:00 Asia/Kathmandu (01:00 UTC) and more words after it")
        assert "02:00 Asia/Kathmandu" in text
        assert "01:00 UTC" in text
    assert unbroken("02:00 GMT (02:00 UTC)") == "02:00\N{NO-BREAK SPACE}GMT (02:00\N{NO-BREAK SPACE}UTC)"


def test_no_break_spaces_of_the_text_stay() -> None:
    assert "99\N{NO-BREAK SPACE}%" in wrapped(f"{PROSE} 99\N{NO-BREAK SPACE}% {PROSE}")


def test_what_is_empty_leaves_no_hole() -> None:
    bare = Words(thread="", subject="S", title="Title", link_label="More", url="https://e.example/")
    assert as_text(bare, [FootLine(text="Why")]) == "Title\n\nMore:\nhttps://e.example/\n\n-- \nWhy\n"
    full = Words(
        thread="",
        subject="S",
        title="Title",
        state="State",
        about=["A", "B"],
        passages=[Passage(title="Head", text="Body\n", html="")],
        facts=[Fact(label="Label", value="Value"), Fact(value="A sentence.")],
        asking="Please:",
        link_label="More",
        url="https://e.example/",
        closing="Bye.",
    )
    assert as_text(full, [FootLine(text="Leave", url="https://l.example/")]) == (
        "State\nTitle\nA - B\n\nHead\nBody\n\nLabel: Value\nA sentence.\n\nPlease:\n\nMore:\nhttps://e.example/\n\nBye.\n"
        "\n-- \nLeave:\nhttps://l.example/\n"
    )
