"""A maintenance window written down after it began: what was measured in it until now is left out of uptime."""

from incidents.models import Maintenance
from probes.corrections import exclude
from probes.enums import CorrectionKind
from probes.models import Correction
from statuspage.core import clock


def leave_out_past(*, maintenance: Maintenance, author: str) -> Correction | None:
    """The correction, with its audit rows; None where nothing of the window has passed. Call it in the transaction
    that announces the window. From now on the recording of results marks the slots itself."""
    until = min(maintenance.scheduled_until, clock.now())
    if maintenance.scheduled_for >= until:
        return None
    return exclude(
        components=list(maintenance.components.all()),
        starts_at=maintenance.scheduled_for,
        ends_at=until,
        kind=CorrectionKind.MAINTENANCE,
        reason=f"{maintenance.reference}: {maintenance.title}",
        author=author,
        maintenance=maintenance,
    )
