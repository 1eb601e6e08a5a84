import logging

import pytest
from celery.beat import SchedulingError

from statuspage.core.log_lines import ShortSchedulingErrors


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
