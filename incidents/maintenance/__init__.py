"""Windows in which something is worked on: announced, begun and ended, by themselves and by hand.

While a window runs it claims *under maintenance* of its components, what is measured of them counts as maintenance,
and probes conclude nothing from it. Each service is one transaction and locks in the order of `incidents.services`:
components, then the window, then the page.

Errors: `ValidationFailed`, `InvalidTransition`.
"""

from incidents.maintenance.announcing import schedule_maintenance
from incidents.maintenance.due import run_due
from incidents.maintenance.running import cancel_maintenance, complete_maintenance, start_maintenance

__all__ = [
    "cancel_maintenance",
    "complete_maintenance",
    "run_due",
    "schedule_maintenance",
    "start_maintenance",
]
