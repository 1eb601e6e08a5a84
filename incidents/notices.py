"""The outbox: what people have to be told, frozen at the moment it became true.

Payload of a notice about an incident (times RFC 3339 UTC, or null):

    page        name, url, time_zone
    incident    id, reference, url, title, severity, severity_name, status, impact, private, started_at, resolved_at,
                next_update_due_at, promise (by, on_change, more_information), root_cause_summary, remediation
    update      id, status, label, body_markdown, body_html, display_at, edited (null: as it was first said)
    components  [slug, name, status, status_label]

A private incident has its severity in place of a title, and no bodies, causes or components.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus, NoticeKind
from incidents.models import AffectedComponent, Incident, IncidentUpdate, Notice
from statuspage.core.markdown import render_markdown


def write_notice(*, kind: NoticeKind, incident: Incident, update: IncidentUpdate) -> Notice:
    """One row for everybody who has to hear of this update. Call it inside the transaction that made it."""
    affected = list(incident.affected.select_related("component").order_by("component__position", "pk"))
    notice = Notice.objects.create(
        kind=kind, incident=incident, update=update, payload=incident_payload(incident, update, affected)
    )
    notice.components.set([row.component_id for row in affected])
    return notice


def incident_payload(
    incident: Incident, update: IncidentUpdate, affected: Sequence[AffectedComponent]
) -> dict[str, Any]:
    page = Page.current()
    hidden = incident.private
    return {
        "page": {"name": page.name, "url": page.url.rstrip("/"), "time_zone": page.time_zone},
        "incident": {
            "id": incident.public_id,
            "reference": incident.reference,
            "url": page.absolute_url(incident.get_absolute_url()),
            "title": incident.public_title,
            "severity": incident.severity.slug,
            "severity_name": incident.severity.name,
            "status": incident.status,
            "impact": incident.impact,
            "private": hidden,
            "started_at": rfc3339(incident.started_at),
            "resolved_at": rfc3339(incident.resolved_at),
            "next_update_due_at": rfc3339(incident.next_update_due_at),
            "promise": incident.promise,
            "root_cause_summary": "" if hidden else incident.root_cause_summary,
            "remediation": "" if hidden else incident.remediation,
        },
        "update": {
            "id": update.public_id,
            "status": update.status,
            "label": update.label,
            "body_markdown": "" if hidden else update.body,
            "body_html": "" if hidden else render_markdown(update.body),
            "display_at": rfc3339(update.display_at),
            "edited": rfc3339(update.edited_at),
        },
        "components": [] if hidden else [_component(row.component, _said(incident, row)) for row in affected],
    }


def _said(incident: Incident, row: AffectedComponent) -> ComponentStatus:
    if incident.status == IncidentStatus.RESOLVED:
        return ComponentStatus.OPERATIONAL
    return ComponentStatus(row.status)


def _component(component: Component, status: ComponentStatus) -> dict[str, str]:
    return {
        "slug": component.slug,
        "name": component.name,
        "status": status.value,
        "status_label": str(status.label),
    }


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-21T14:30:00Z`."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
