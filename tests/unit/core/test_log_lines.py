import logging
from typing import Any, cast

import pytest
from celery.beat import SchedulingError
from django.conf import settings

from statuspage.core.log_lines import HideTokens, ShortSchedulingErrors


def record_of(error: Exception) -> logging.LogRecord:
    told = (type(error), error, error.__traceback__)
    return logging.LogRecord(
        "celery.beat", logging.ERROR, "beat.py", 1, "Message Error: %s\n%s", (error, ["stack"]), told
    )


def test_a_broker_that_is_gone_is_one_line() -> None:
    record = record_of(SchedulingError("Couldn't apply scheduled task probes.tick: Connection refused."))
    assert ShortSchedulingErrors().filter(record)
    assert logging.Formatter().format(record) == "Couldn't apply scheduled task probes.tick: Connection refused."


@pytest.mark.parametrize("error", [ValueError("x"), OSError("y")])
def test_any_other_error_keeps_its_traceback(error: Exception) -> None:
    record = record_of(error)
    assert ShortSchedulingErrors().filter(record)
    assert record.exc_info is not None


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/heartbeat/secret-token", "/heartbeat/…"),
        ("/heartbeat/secret-token/fail", "/heartbeat/…/fail"),
        ("/heartbeat/secret-token?worker=push", "/heartbeat/…?worker=push"),
        ("/Heartbeat/secret-token", "/Heartbeat/…"),
        ("/heartbeats/secret-token", "/heartbeats/…"),
        ("//heartbeat//secret-token", "//heartbeat//…"),
        ("/v1/mail-events/secret-token", "/v1/mail-events/…"),
        ("/subscribe/confirm/secret:token/", "/subscribe/confirm/…/"),
        ("/subscriptions/secret:token/unsubscribe/", "/subscriptions/…/unsubscribe/"),
        ("/components/api/", "/components/api/"),
    ],
)
def test_a_path_is_logged_without_the_token_in_it(path: str, logged: str) -> None:
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "%s: %s", ("Service Unavailable", path), None)
    assert HideTokens().filter(record)
    assert logging.Formatter().format(record) == f"Service Unavailable: {logged}"


def test_every_line_that_is_written_goes_through_it() -> None:
    handlers: dict[str, Any] = cast("Any", settings.LOGGING)["handlers"]
    assert {tuple(handler["filters"]) for handler in handlers.values()} == {("hide_tokens",)}
