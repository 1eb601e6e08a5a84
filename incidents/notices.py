"""The outbox: what people have to be told, frozen at the moment it became true.

Payload of a notice about an incident (times RFC 3339 UTC, or null):

    page        see `incidents.notices_page`
    incident    id, reference, url, title, severity, severity_name, status, impact, private, started_at, resolved_at,
                next_update_due_at, promise (by, on_change, more_information), root_cause_summary, remediation;
                newer ones also created_at, updated_at, contained_at
    update      id, status, label, body_markdown, body_html, display_at, edited (null: as it was first said)
    components  [slug, name, status, status_label; newer ones also id]: of those that the page shows

A private incident has its severity in place of a title, and no bodies, causes or components. Its notices go to
everybody: who is told of it would say what it is about.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus, NoticeKind
from incidents.models import AffectedComponent, Incident, IncidentUpdate, Notice
from incidents.notices_page import page_payload
from statuspage.core.markdown import render_markdown


def write_notice(*, kind: NoticeKind, incident: Incident, update: IncidentUpdate) -> Notice:
    """One row for everybody who has to hear of this update. Call it inside the transaction that made it."""
    affected = list(incident.affected.select_related("component").order_by("component__position", "pk"))
    notice = Notice.objects.create(
        kind=kind,
        incident=incident,
        update=update,
        severity_rank=incident.severity.rank,
        payload=incident_payload(incident, update, affected),
    )
    set_concerned(notice, incident, affected)
    return notice


def set_concerned(notice: Notice, incident: Incident, affected: Iterable[AffectedComponent]) -> None:
    """Whose choice of components decides whether they are told: nobody's where the components are a secret."""
    notice.components.set([] if incident.private else [row.component_id for row in affected])


def hide_words(incident: Incident) -> None:
    """The incident became private: what is still to be sent says no more than the page does.

    What was sent is sent; mails to all customers are theirs. Call it inside the transaction that made it private.
    """
    for notice in incident.notices.exclude(kind=NoticeKind.CUSTOMER_MAIL).select_for_update():
        notice.payload = _without_words(notice.payload, title=incident.public_title)
        notice.save(update_fields=["payload"])
        notice.components.clear()
    changes = Notice.objects.filter(kind=NoticeKind.COMPONENT_UPDATED, payload__incident__id=incident.public_id)
    for notice in changes.select_for_update():
        notice.payload = {**notice.payload, "incident": None, "cause": ""}
        notice.save(update_fields=["payload"])
    reports = Notice.objects.filter(
        kind=NoticeKind.MONTHLY_REPORT, payload__incidents__longest__reference=incident.reference
    )
    for notice in reports.select_for_update():
        notice.payload = {**notice.payload, "incidents": {**notice.payload["incidents"], "longest": None}}
        notice.save(update_fields=["payload"])


def _without_words(payload: Mapping[str, Any], *, title: str) -> dict[str, Any]:
    hidden = {**payload, "components": []}
    nothing = {"root_cause_summary": "", "remediation": ""}
    hidden["incident"] = {**payload["incident"], "title": title, "private": True, **nothing}
    if "update" in payload:
        hidden["update"] = {**payload["update"], "body_markdown": "", "body_html": ""}
    if "postmortem" in payload:
        hidden["postmortem"] = {**payload["postmortem"], "summary_markdown": "", "summary_html": "", "sections": []}
    return hidden


def incident_payload(
    incident: Incident, update: IncidentUpdate, affected: Sequence[AffectedComponent]
) -> dict[str, Any]:
    page = Page.current()
    hidden = incident.private
    return {
        "page": page_payload(page),
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
            "created_at": rfc3339(incident.created_at),
            "updated_at": rfc3339(incident.updated_at),
            "contained_at": rfc3339(incident.contained_at),
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
        "components": []
        if hidden
        else [_component(row.component, _said(incident, row)) for row in affected if row.component.is_visible],
    }


def _said(incident: Incident, row: AffectedComponent) -> ComponentStatus:
    if incident.status == IncidentStatus.RESOLVED:
        return ComponentStatus.OPERATIONAL
    return ComponentStatus(row.status)


def _component(component: Component, status: ComponentStatus) -> dict[str, str]:
    return {
        "id": component.public_id,
        "slug": component.slug,
        "name": component.name,
        "status": status.value,
        "status_label": str(status.label),
    }


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-21T14:30:00Z`."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
