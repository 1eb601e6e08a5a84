"""When the next public word is due. Pure arithmetic over the ladder."""

from datetime import datetime, timedelta

from incidents.enums import IncidentStatus


def next_update_due(
    *, posted_at: datetime, status: IncidentStatus, update_every: timedelta | None, promised: timedelta | None
) -> datetime | None:
    """The deadline after an update posted at that moment.

    A promise made with the update wins over the ladder's cadence; a resolved incident owes nothing; without a cadence
    nothing is promised.
    """
    if status is IncidentStatus.RESOLVED:
        return None
    interval = promised if promised is not None else update_every
    return None if interval is None else posted_at + interval
