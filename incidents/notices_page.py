"""What every payload of a notice says of the page at that moment.

    page    name, url (no slash at its end), time_zone, id, status_indicator, status_description

The last three are since webhooks: payloads that were written before do not have them.
"""

from components.enums import ComponentStatus
from components.models import Component, Page
from components.overall import overall_state


def page_payload(page: Page) -> dict[str, str]:
    """One query."""
    statuses = Component.objects.visible().order_by().values_list("status", flat=True)
    overall = overall_state(ComponentStatus(status) for status in statuses)
    return {
        "name": page.name,
        "url": page.url.rstrip("/"),
        "time_zone": page.time_zone,
        "id": page.public_id,
        "status_indicator": overall.indicator,
        "status_description": overall.description,
    }
