"""What machines found that belongs to an incident, kept as it was when they found it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from incidents.models import Evidence, Incident
from statuspage.core.text import clean_line

# Of the columns.
WHAT_LENGTH = 160
DETAIL_LENGTH = 500
PATH_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One finding. `path` is where the public sees more of it, `staff_path` where staff do; empty: nowhere."""

    at: datetime
    what: str
    detail: str
    path: str = ""
    staff_path: str = ""


@transaction.atomic
def add_evidence(*, incident: Incident, items: Iterable[EvidenceItem]) -> None:
    """Keep these findings with the incident; texts are cut to what fits. One query."""
    Evidence.objects.bulk_create(
        Evidence(
            incident=incident,
            at=item.at,
            what=clean_line(item.what)[:WHAT_LENGTH],
            detail=clean_line(item.detail)[:DETAIL_LENGTH],
            path=_whole(item.path),
            staff_path=_whole(item.staff_path),
        )
        for item in items
    )


def evidence_of(incident: Incident) -> QuerySet[Evidence]:
    """For staff: of the incident and of the duplicates that were merged into it, oldest first."""
    return Evidence.objects.filter(Q(incident=incident) | Q(incident__merged_into=incident)).select_related("incident")


def public_evidence(incident: Incident) -> list[Evidence]:
    """What everybody may see of it: nothing of a private incident. One query, or none."""
    return [] if incident.private else list(evidence_of(incident).filter(incident__private=False))


def _whole(path: str) -> str:
    """Half an address leads elsewhere."""
    return path if len(path) <= PATH_LENGTH else ""
