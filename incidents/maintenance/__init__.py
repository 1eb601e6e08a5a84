"""Windows in which something is worked on: announced, begun and ended, by themselves and by hand.

While a window runs it claims *under maintenance* of its components, but for those whose service it says to be
operational; what is measured of the claimed ones counts as maintenance, and probes conclude nothing from it. Each
service is one transaction and locks in the order of `incidents.services`: components, then the window, then the page.

Errors: `ValidationFailed` (with the field), `InvalidTransition`, `StaleRevision` (somebody else changed the window
since `expected_revision`), `Duplicate` (the reference is taken).
"""

from incidents.maintenance.announcing import schedule_maintenance
from incidents.maintenance.claims import components_in_maintenance
from incidents.maintenance.due import run_due
from incidents.maintenance.editing import Changes, edit_maintenance
from incidents.maintenance.occurrences import make_due_windows, occurrences
from incidents.maintenance.plans import ServicePlan, StepPlan
from incidents.maintenance.progress import estimate_end, extend_maintenance, post_maintenance_update, set_service
from incidents.maintenance.rules import lead_time_warning
from incidents.maintenance.running import cancel_maintenance, complete_maintenance, start_maintenance, take_over
from incidents.maintenance.series import create_series, edit_series, end_series
from incidents.maintenance.steps import advance_step, set_steps, skip_step

__all__ = [
    "Changes",
    "ServicePlan",
    "StepPlan",
    "advance_step",
    "cancel_maintenance",
    "complete_maintenance",
    "components_in_maintenance",
    "create_series",
    "edit_maintenance",
    "edit_series",
    "end_series",
    "estimate_end",
    "extend_maintenance",
    "lead_time_warning",
    "make_due_windows",
    "occurrences",
    "post_maintenance_update",
    "run_due",
    "schedule_maintenance",
    "set_service",
    "set_steps",
    "skip_step",
    "start_maintenance",
    "take_over",
]
