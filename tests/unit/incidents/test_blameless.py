"""The blameless check: people and blame are found, everything else is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.blameless import BlameWarning, StaffName, review

STAFF = (
    StaffName(first="Ada", last="Lovelace", account="ada"),
    StaffName(first="Mark", last="O'Brien", account="mobrien"),
    StaffName(first="Jürgen", last="", account="admin"),
    StaffName(first="", last="", account="li"),
)


def found_in(text: str, **more: object) -> list[str]:
    return [warning.found for warning in review({"Root cause": text}, STAFF, **more)]  # type: ignore[arg-type]  # one of the keywords of it


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Then Ada restarted it.", ["Ada"]),
        ("Then Ada Lovelace restarted it.", ["Ada Lovelace"]),
        ("Ms Lovelace restarted it.", ["Lovelace"]),
        ("We asked @mobrien and ada.", ["@mobrien", "ada"]),
        ("It was O'Brien's turn.", ["O'Brien"]),
        ("Jürgen saw it first.", ["Jürgen"]),
        ("Later Mark saw it.", ["Mark"]),
        ("**Ada** and *Jürgen*", ["Ada", "Jürgen"]),
    ],
)
def test_people_are_found(text: str, found: list[str]) -> None:
    assert found_in(text) == found


@pytest.mark.parametrize(
    "phrase",
    [
        "the on-call engineer failed to",
        "Somebody failed to",
        "they had failed to",
        "neglected to",
        "forgot",
        "should have",
        "shouldn't have",
        "should really have",
        "could easily have",
        "If only",
        "human error",
        "careless",
        "negligence",
        "the vendor's fault",
        "their own fault",
        "at fault",
        "to blame",
        "fat-fingered",
        "was not paying attention",
        "an engineer made a mistake",
        "knew better",
        "stupid",
    ],
)
def test_phrases_that_blame_are_found(phrase: str) -> None:
    found = " ".join(found_in(f"On Monday {phrase} everything else."))
    assert found.rsplit(maxsplit=1)[-1] in phrase.rsplit(maxsplit=1)[-1]


@pytest.mark.parametrize(
    "text",
    [
        "The primary failed to start because the disk was full.",
        "Requests failed. Failover to the second site was forgone.",
        "A segmentation fault in the parser; fault tolerance was lost. A page fault. Defaults apply.",
        "The kernel's fault handler ran.",
        "A fault was found in the switch.",
        "We add an alert that fires before the disk is full.",
        "Mark all messages as read. Mark the time.",
        "The radar showed Adamant and the lovelacework.",
        "The admin console was slow, as user admin saw.",
        "li li li",
        "We should add an alert and have a second disk.",
        "The blameless review is on Friday.",
    ],
)
def test_what_blames_nobody_is_left_alone(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "```\ngit blame: Ada forgot\n```",
        "~~~\nAda\n~~~",
        "```\nAda, and the block never ends",
        "Run `ada forgot`.",
        "See https://example.com/Ada/human-error/to-blame.",
        "See [the ticket](https://example.com/Ada).",
        "Text:\n\n    Ada forgot\n    the rest\n\nText.",
        "Write to ada@example.com.",
    ],
)
def test_code_and_addresses_are_not_searched(text: str) -> None:
    assert found_in(text) == []


def test_a_list_within_a_list_is_no_code() -> None:
    assert found_in("- At 12:00\n\n    - Ada forgot it") == ["Ada", "forgot"]


def test_names_of_components_are_no_people() -> None:
    assert found_in("Ada Gateway was down; Ada was not.", not_names=["Ada Gateway"]) == ["Ada"]
    assert found_in("ADA GATEWAY and ada.", not_names=["Ada Gateway"]) == ["ada"]


def test_a_warning_says_where_what_and_how_better() -> None:
    texts = {
        "Summary": "All is well.",
        "Root cause": "First.\n\n- The deploy went out. Ada forgot the flag! Then calm.",
    }
    first, second = review(texts, STAFF)
    assert first == BlameWarning(
        place="Root cause",
        found="Ada",
        sentence="Ada forgot the flag!",
        advice="Say the role, such as “the on-call engineer”, or leave the person out.",
    )
    assert (second.place, second.found, second.sentence) == ("Root cause", "forgot", "Ada forgot the flag!")
    assert second.advice


def test_a_very_long_sentence_is_cut() -> None:
    (warning,) = review({"Summary": "x " * 500 + "human error"})
    assert len(warning.sentence) <= 240


@given(st.text(alphabet=st.sampled_from("Ad`~ \n\t.@[]()>-*e'x"), max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for warning in review({"Timeline": text}, STAFF, not_names=["", " "]):
        assert warning.found
