"""What makes log records shorter, and keeps secrets out of them."""

import logging
import re

from celery.beat import SchedulingError


class ShortSchedulingErrors(logging.Filter):
    """One line for a broker that is gone, instead of 240 for each task of each second.

    The traceback is always the same and says nothing that the error does not.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, SchedulingError):
            record.msg, record.args, record.exc_info = str(error), (), None
        return True


class HideTokens(logging.Filter):
    """Paths whose last part lets somebody in, or report, are logged without it: `/heartbeat/…/fail`.

    On the handler, so that Django's own lines about requests pass it as well. Tracebacks name no path. A path that is
    almost right answers 404 and brings the same token: `/Heartbeat/…`, `/heartbeats/…`.
    """

    SECRET_PART = re.compile(
        r"(/(?:heartbeats?|v1/+mail-events|subscribe/confirm|subscriptions?)/+)[^/\s?\"']+", re.IGNORECASE
    )

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = self.SECRET_PART.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
