"""What a variable stood for does not leave a check, whoever wrote the sentence."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from probes import checkers
from probes.checkers import CheckContext, CheckRequest, CheckResult, hiding, run_check
from probes.checkers.base import CheckFailed
from probes.checkers.fields import expand
from probes.enums import ProbeKind

VALUE = "s3cr3t+/=Value"


def after_expanding(value: str, sentence: str) -> str:
    with hiding.collecting():
        expand("Bearer ${TOKEN}", {"TOKEN": value})
        return hiding.hide(sentence)


@pytest.mark.parametrize(
    "sentence",
    [f"It said {VALUE}.", f"It said {VALUE.upper()}.", "It said s3cr3t%2B/%3DValue.", "It said s3cr3t%2B%2F%3DValue."],
)
def test_a_value_goes_back_to_its_name(sentence: str) -> None:
    assert after_expanding(VALUE, sentence) == "It said ${TOKEN}."


@pytest.mark.parametrize("part", ["inside.example", "somebody", "word"])
def test_the_parts_of_a_url_are_hidden_as_well(part: str) -> None:
    url = "https://somebody:word@inside.example:8443/path"
    assert after_expanding(url, f"{part} has no address.") == "${TOKEN} has no address."


def test_a_value_too_short_to_be_a_secret_does_not_eat_the_numbers() -> None:
    assert after_expanding("200", "Answered 200 in 200 ms.") == "Answered 200 in 200 ms."


def test_a_value_with_backslashes_is_taken_as_it_is() -> None:
    assert after_expanding(r"a\1\g<0>", r"It said a\1\g<0>.") == "It said ${TOKEN}."


def test_a_value_that_begins_like_another_leaves_nothing_of_the_longer_one() -> None:
    with hiding.collecting():
        expand("${SHORT} ${LONG}", {"SHORT": "hunter", "LONG": "hunter-two"})
        assert hiding.hide("It said hunter-two.") == "It said ${LONG}."


def test_nothing_of_one_check_is_known_to_the_next() -> None:
    after_expanding(VALUE, "")
    assert hiding.hide(VALUE) == VALUE


@pytest.mark.parametrize("error", [CheckFailed(f"It said {VALUE}."), ValueError(f"invalid header {VALUE!r}")])
def test_neither_the_sentence_nor_the_log_of_a_check_says_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Stand:
        async def check(self, *_arguments: Any) -> CheckResult:
            expand("${TOKEN}", {"TOKEN": VALUE})
            raise error

    async def body() -> CheckResult:
        request = CheckRequest(
            kind=ProbeKind.TCP,
            name="api",
            config={},
            timeout=timedelta(seconds=1),
            degraded_above=None,
            allow_private=False,
        )
        async with CheckContext() as context:
            return await run_check(request, context)

    monkeypatch.setitem(checkers.CHECKERS, ProbeKind.TCP, Stand())
    with caplog.at_level(logging.DEBUG):
        result = asyncio.run(body())
    assert result.detail in {"It said ${TOKEN}.", "The check itself failed."}
    assert VALUE not in caplog.text
