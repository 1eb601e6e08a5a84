"""The outbox of maintenance windows: what people have to be told, frozen at the moment it became true.

Payload (times RFC 3339 UTC, or null):

    page         see `incidents.notices_page`
    maintenance  id, reference, url, title, kind, kind_name, status, phase, scheduled_for, scheduled_until,
                 announced_until, started_at, completed_at, estimated_until, expects_downtime (or null),
                 impact_level, impact_note, reason, short_notice (announced later than its kind's rule says),
                 regions [name], what_to_do_markdown, what_to_do_html; newer ones also created_at, updated_at
    update       id, status, label, body_markdown, body_html, display_at; null in a reminder
    components   [slug, name, status, status_label; newer ones also id]: of those that the page shows, as they are, or
                 will be, while the window runs
    before       in a reminder alone: seconds before the beginning
"""

from datetime import timedelta
from typing import Any

from components.enums import ComponentStatus
from components.models import Page
from incidents.enums import MaintenanceStatus, NoticeKind, ServiceState
from incidents.models import Maintenance, MaintenanceUpdate, Notice
from incidents.notices import rfc3339
from incidents.notices_page import page_payload
from statuspage.core.markdown import render_markdown

OVER = (MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED)


def write_maintenance_notice(
    *,
    kind: NoticeKind,
    maintenance: Maintenance,
    update: MaintenanceUpdate | None = None,
    before: timedelta | None = None,
) -> Notice:
    """One row for everybody who has to hear of it. Call it inside the transaction that made it true."""
    payload = maintenance_payload(maintenance, update)
    if before is not None:
        payload["before"] = int(before.total_seconds())
    notice = Notice.objects.create(kind=kind, maintenance=maintenance, payload=payload)
    notice.components.set(maintenance.components.all())
    return notice


def maintenance_payload(maintenance: Maintenance, update: MaintenanceUpdate | None) -> dict[str, Any]:
    """Six queries."""
    page, kind = Page.current(), maintenance.kind
    return {
        "page": page_payload(page),
        "maintenance": {
            "id": maintenance.public_id,
            "reference": maintenance.reference,
            "url": page.absolute_url(maintenance.get_absolute_url()),
            "title": maintenance.title,
            "kind": "" if kind is None else kind.slug,
            "kind_name": "" if kind is None else kind.name,
            "status": str(maintenance.status),
            "phase": maintenance.phase,
            "scheduled_for": rfc3339(maintenance.scheduled_for),
            "scheduled_until": rfc3339(maintenance.scheduled_until),
            "announced_until": rfc3339(maintenance.announced_until),
            "started_at": rfc3339(maintenance.started_at),
            "completed_at": rfc3339(maintenance.completed_at),
            "created_at": rfc3339(maintenance.created_at),
            "updated_at": rfc3339(maintenance.updated_at),
            "estimated_until": rfc3339(maintenance.estimated_until),
            "expects_downtime": maintenance.expects_downtime,
            "impact_level": str(maintenance.impact_level),
            "impact_note": maintenance.impact_note,
            "reason": maintenance.reason,
            "short_notice": _is_short_notice(maintenance),
            "regions": [region.name for region in maintenance.regions.all()],
            "what_to_do_markdown": maintenance.what_to_do,
            "what_to_do_html": render_markdown(maintenance.what_to_do),
        },
        "update": None if update is None else _update(update),
        "components": _components(maintenance),
    }


def _is_short_notice(maintenance: Maintenance) -> bool:
    lead_time = None if maintenance.kind is None else maintenance.kind.lead_time
    if lead_time is None or maintenance.announced_at is None:
        return False
    return maintenance.scheduled_for - maintenance.announced_at < lead_time


def _update(update: MaintenanceUpdate) -> dict[str, Any]:
    return {
        "id": update.public_id,
        "status": str(update.status),
        "label": str(update.label),
        "body_markdown": update.body,
        "body_html": render_markdown(update.body),
        "display_at": rfc3339(update.display_at),
    }


def _components(maintenance: Maintenance) -> list[dict[str, str]]:
    said = dict(maintenance.services.values_list("component_id", "state"))
    found = []
    for component in maintenance.components.filter(is_visible=True).order_by("position", "pk"):
        is_up = maintenance.status in OVER or said.get(component.pk) == ServiceState.OPERATIONAL
        status = ComponentStatus.OPERATIONAL if is_up else ComponentStatus.UNDER_MAINTENANCE
        found.append(
            {
                "id": component.public_id,
                "slug": component.slug,
                "name": component.name,
                "status": status.value,
                "status_label": str(status.label),
            }
        )
    return found
