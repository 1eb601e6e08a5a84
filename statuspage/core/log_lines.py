"""What makes log records shorter."""

import logging

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
