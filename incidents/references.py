"""References people can say aloud: INC-2026-1121-a, MNT-2026-0519-b."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from incidents.models import Incident, Maintenance
from statuspage.core.identifiers import letters_index, reference_letters

INCIDENT_PREFIX = "INC"
MAINTENANCE_PREFIX = "MNT"


def day_stem(prefix: str, at: datetime, zone: ZoneInfo) -> str:
    """`INC-2026-1121-`: the day is the page's, since that is the day people will say."""
    return f"{prefix}-{at.astimezone(zone):%Y-%m%d}-"


def next_letters(taken: Iterable[str]) -> str:
    """The letters after the highest of the references taken that day (a gap is not filled again)."""
    indexes = (letters_index(reference.rsplit("-", 1)[-1]) for reference in taken)
    return reference_letters(max(indexes, default=-1) + 1)


def next_reference(prefix: str, at: datetime, zone: ZoneInfo) -> str:
    """The next free reference of that day. One query.

    Two transactions may be given the same one: the unique constraint lets one of them through, the other asks again.
    """
    stem = day_stem(prefix, at, zone)
    model = Incident if prefix == INCIDENT_PREFIX else Maintenance
    taken = model._default_manager.filter(reference__startswith=stem).values_list("reference", flat=True)
    return stem + next_letters(taken)
