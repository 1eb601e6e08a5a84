"""Work that beat brings round again and again, row by row: one that is broken must not hold up those behind it."""

import logging
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError
from django.db.models import Model

logger = logging.getLogger(__name__)


def one_by_one[T: Model](rows: Iterable[T], step: Callable[[T], int]) -> int:
    """The sum of what the steps give, such as how many were done.

    An error of our own is logged and the row is tried again the next time.
    Raises OperationalError and InterfaceError: without the database nothing can be done about any of them.
    """
    done = 0
    for row in rows:
        try:
            done += step(row)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s %s is left for the next time", row._meta.verbose_name, row.pk)
    return done
