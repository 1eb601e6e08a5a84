"""A notice as Atlassian Statuspage's webhooks say it, with our own keys beside theirs.

Made of the frozen payload alone; keys that Statuspage has and we have nothing for are null, false or empty. Times are
RFC 3339 UTC with milliseconds, as in `/api/v2`. Source: Statuspage's help, "Enable webhook notifications".
"""

from collections.abc import Mapping
from typing import Any

from incidents.enums import NoticeKind
from statuspage.core.whole_links import whole_links_in_html

type Json = dict[str, Any]
SECONDS_ONLY = len("2026-11-21T14:30:00Z")


def page_of(page: Mapping[str, Any]) -> Json:
    """Payloads of before webhooks have neither an id nor the state."""
    return {
        "id": page.get("id"),
        "name": page.get("name", ""),
        "url": page.get("url", ""),
        "status_indicator": page.get("status_indicator"),
        "status_description": page.get("status_description"),
    }


def news_of(kind: NoticeKind, payload: Mapping[str, Any]) -> Json:
    """What stands beside `meta` and `page`: an incident (or window), a component with its update, or a report."""
    if kind is NoticeKind.COMPONENT_UPDATED:
        return _component_update(payload)
    if kind is NoticeKind.MONTHLY_REPORT:
        return {key: value for key, value in payload.items() if key != "page"}
    if "maintenance" in payload:
        return {"incident": _maintenance(payload)}
    if kind is NoticeKind.POSTMORTEM_PUBLISHED:
        return {"incident": _with_postmortem(payload)}
    return {"incident": _incident(payload)}


def _incident(payload: Mapping[str, Any]) -> Json:
    row = payload["incident"]
    return {
        **_common(row, payload),
        "name": row["title"],
        "impact": row["impact"],
        "started_at": _time(row["started_at"]),
        "monitoring_at": _time(row.get("contained_at")),
        "resolved_at": _time(row["resolved_at"]),
        "scheduled_for": None,
        "scheduled_until": None,
        # Ours.
        "severity": row["severity"],
        "private": row["private"],
        "next_update_due_at": _time(row["next_update_due_at"]),
        "root_cause_summary": row["root_cause_summary"],
        "remediation": row["remediation"],
    }


def _with_postmortem(payload: Mapping[str, Any]) -> Json:
    postmortem = payload["postmortem"]
    parts = [postmortem["summary_markdown"]]
    parts += [f"## {section['title']}\n\n{section['markdown']}" for section in postmortem["sections"]]
    return {
        **_incident(payload),
        "status": "postmortem",
        "postmortem_body": "\n\n".join(part for part in parts if part) or None,
        "postmortem_body_last_updated_at": _time(postmortem["published_at"]),
        "postmortem_notified_subscribers": True,
        "postmortem_published_at": _time(postmortem["published_at"]),
        "postmortem_url": postmortem["url"],
    }


def _maintenance(payload: Mapping[str, Any]) -> Json:
    row = payload["maintenance"]
    return {
        **_common(row, payload),
        "name": row["title"],
        "impact": "maintenance",
        "started_at": _time(row["started_at"]),
        "monitoring_at": None,
        "resolved_at": _time(row["completed_at"]),
        "scheduled_for": _time(row["scheduled_for"]),
        "scheduled_until": _time(row["scheduled_until"]),
        "scheduled_auto_transition": True,
        # Ours.
        "kind": row["kind"],
        "estimated_until": _time(row["estimated_until"]),
        "expects_downtime": row["expects_downtime"],
        "impact_note": row["impact_note"],
        "reason": row["reason"],
        "regions": row["regions"],
    }


def _common(row: Mapping[str, Any], payload: Mapping[str, Any]) -> Json:
    update = payload.get("update")
    said_at = update["display_at"] if update else None
    return {
        "id": row["id"],
        "status": row["status"],
        "shortlink": row["url"],
        "page_id": payload["page"].get("id"),
        "created_at": _time(row.get("created_at") or row["started_at"] or said_at),
        "updated_at": _time(row.get("updated_at") or said_at),
        "backfilled": False,
        "impact_override": None,
        "postmortem_body": None,
        "postmortem_body_last_updated_at": None,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": False,
        "postmortem_notified_twitter": False,
        "postmortem_published_at": None,
        "scheduled_auto_transition": False,
        "scheduled_remind_prior": False,
        "scheduled_reminded_at": None,
        "incident_updates": [_update(update, row["id"], base=payload["page"].get("url", ""))] if update else [],
        "components": [_component(component) for component in payload["components"]],
        "reference": row["reference"],
    }


def _update(update: Mapping[str, Any], incident_id: str, *, base: str) -> Json:
    said_at = _time(update["display_at"])
    return {
        "id": update["id"],
        "incident_id": incident_id,
        "status": update["status"],
        "body": update["body_markdown"],
        "body_html": whole_links_in_html(update["body_html"], f"{base}/"),
        "created_at": said_at,
        "updated_at": _time(update.get("edited")) or said_at,
        "display_at": said_at,
        "affected_components": None,
        "deliver_notifications": True,
        "twitter_updated_at": None,
        "wants_twitter_update": False,
    }


def _component(component: Mapping[str, Any]) -> Json:
    return {"id": component.get("id"), **{key: component[key] for key in ("name", "slug", "status")}}


def _component_update(payload: Mapping[str, Any]) -> Json:
    row, change = payload["component"], payload["change"]
    return {
        "component_update": {
            "id": change["id"],
            "component_id": row["id"],
            "created_at": _time(change["created_at"]),
            "old_status": row["old_status"],
            "new_status": row["status"],
            "since": _time(row["since"]),
            "cause": payload["cause"],
        },
        "component": {
            "id": row["id"],
            "name": row["name"],
            "status": row["status"],
            "created_at": _time(row["created_at"]),
            "slug": row["slug"],
            "group": row["group"],
            "url": row["url"],
        },
    }


def _time(written: str | None) -> str | None:
    """`2026-11-21T14:30:00Z` → `2026-11-21T14:30:00.000Z`."""
    if written is None or len(written) != SECONDS_ONLY:
        return written
    return f"{written[:-1]}.000Z"
