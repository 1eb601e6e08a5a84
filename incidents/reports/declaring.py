"""From reports to an incident: what the declare form begins with, and linking them when it is published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from components.enums import ComponentStatus
from incidents.models import Incident, OutageReport
from incidents.reports.services import link_reports
from statuspage.core.errors import InvalidTransition
from statuspage.core.text import clean_line

# As many as an address has room for.
MOST_REPORTS = 50
TITLE_SHOWN = 100
SEPARATOR = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The reports that an incident is made of, oldest first."""

    reports: tuple[OutageReport, ...]

    @property
    def ids(self) -> str:
        """For a hidden field of the form."""
        return SEPARATOR.join(report.public_id for report in self.reports)

    def initial(self, prefix: str) -> dict[str, Any]:
        """What the declare form begins with. `prefix` stands before a component's field.

        The message says nothing that a visitor wrote: their words are shown beside the form, for staff to choose from.
        """
        if not self.reports:
            return {}
        components = {report.component for report in self.reports if report.component}
        names = ", ".join(sorted(component.full_name for component in components))
        about = f"problems with {names}" if names else "problems"
        fields: dict[str, Any] = {
            "title": _shortened(clean_line(self.reports[0].what)),
            "message": f"We have had reports of {about} and are looking into them.",
            "reports": self.ids,
        }
        for component in components:
            fields[f"{prefix}{component.pk}"] = ComponentStatus.DEGRADED_PERFORMANCE.value
        return fields


def reported(public_ids: Iterable[str]) -> Reported:
    """The reports with these ids that are there. One query, none without ids."""
    wanted = [public_id for public_id in dict.fromkeys(public_ids) if public_id.isalnum()][:MOST_REPORTS]
    if not wanted:
        return Reported(reports=())
    rows = OutageReport.objects.filter(public_id__in=wanted).select_related("component__group")
    return Reported(reports=tuple(rows.order_by("created_at", "pk")))


def link_declared(*, reports: Sequence[OutageReport], incident: Incident, author: str) -> list[OutageReport]:
    """Link each to the incident that was just declared. Returns those that somebody else dealt with meanwhile."""
    left = []
    for report in reports:
        try:
            link_reports(reports=[report], incident=incident, author=author)
        except InvalidTransition:
            left.append(report)
    return left


def _shortened(line: str) -> str:
    return line if len(line) <= TITLE_SHOWN else f"{line[: TITLE_SHOWN - 1]}…"
