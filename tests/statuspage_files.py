"""Invented records in the two forms that can be imported."""

from typing import Any

Row = dict[str, Any]
PAGE_ID = "p0p0p0p0p0p0"


def row(**changes: Any) -> Row:
    """One line of JSON Lines: an incident that is over."""
    return {
        "id": "7001",
        "title": "Uploads are slow",
        "url": "https://status.example.org/incidents/upl0ads0slow",
        "started_at": "2024-03-05T09:10:00Z",
        "resolved_at": "2024-03-05T10:00:00Z",
        "updated_at": "2024-03-05T10:00:12Z",
        "impact": "minor",
        "components": ["Uploads"],
        "updates": [
            {"at": "2024-03-05T09:10:00Z", "status": "Investigating", "message": "Uploads take a minute."},
            {"at": "2024-03-05T09:30:00Z", "status": "Update", "message": "We found a full disk."},
            {"at": "2024-03-05T09:50:00Z", "status": "Monitoring", "message": "The disk is emptied."},
            {"at": "2024-03-05T10:00:00Z", "status": "Resolved", "message": "Uploads are quick again."},
        ],
        **changes,
    }


def window(**changes: Any) -> Row:
    """One line of JSON Lines: a maintenance that is over."""
    return {
        "id": "7002",
        "title": "Database upgrade",
        "url": "https://status.example.org/incidents/datab4s3upgr",
        "started_at": "2024-04-01T12:00:00Z",
        "resolved_at": "2024-04-03T03:30:00Z",
        "updated_at": "2024-04-03T03:30:40Z",
        "impact": "maintenance",
        "components": None,
        "updates": [
            {"at": "2024-04-01T12:00:00Z", "status": "Scheduled", "message": "We will upgrade the database."},
            {"at": "2024-04-03T02:00:00Z", "status": "In progress", "message": "It has begun."},
            {"at": "2024-04-03T03:30:00Z", "status": "Completed", "message": "It is done."},
        ],
        **changes,
    }


def component(name: str = "API", public_id: str = "api0api0api0", **changes: Any) -> Row:
    return {
        "id": public_id,
        "name": name,
        "status": "operational",
        "created_at": "2020-01-02T03:04:05.678Z",
        "updated_at": "2024-05-01T08:00:00.123Z",
        "position": 1,
        "description": "Requests of programs",
        "showcase": True,
        "start_date": "2020-01-02",
        "group_id": None,
        "page_id": PAGE_ID,
        "group": False,
        "only_show_if_degraded": False,
        **changes,
    }


def update(public_id: str, status: str, at: str, body: str, **changes: Any) -> Row:
    return {
        "id": public_id,
        "status": status,
        "body": body,
        "incident_id": "outage0outag",
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
        **changes,
    }


def said(old: str, new: str, *, code: str = "api0api0api0", name: str = "API") -> list[Row]:
    return [{"code": code, "name": name, "old_status": old, "new_status": new}]


def incident(**changes: Any) -> Row:
    """An open incident of Statuspage, with two updates, newest first."""
    return {
        "id": "outage0outag",
        "name": "The API does not answer",
        "status": "identified",
        "created_at": "2024-05-01T08:00:00.500Z",
        "updated_at": "2024-05-01T08:20:00.900Z",
        "monitoring_at": None,
        "resolved_at": None,
        "impact": "critical",
        "shortlink": "https://stspg.example/abc",
        "started_at": "2024-05-01T07:58:00.000Z",
        "page_id": PAGE_ID,
        "incident_updates": [
            update(
                "update000002",
                "identified",
                "2024-05-01T08:20:00.800Z",
                "A switch is broken.",
                affected_components=said("partial_outage", "major_outage"),
            ),
            update(
                "update000001",
                "investigating",
                "2024-05-01T08:00:00.700Z",
                "We are looking into it.",
                affected_components=said("operational", "partial_outage"),
            ),
        ],
        "components": [component(status="major_outage")],
        **changes,
    }


def summary(**changes: Any) -> Row:
    return {
        "page": {
            "id": PAGE_ID,
            "name": "Example",
            "url": "https://status.example.org",
            "time_zone": "Europe/London",
            "updated_at": "2024-05-01T08:20:01.000Z",
        },
        "components": [component()],
        "incidents": [],
        "scheduled_maintenances": [],
        "status": {"indicator": "none", "description": "All Systems Operational"},
        **changes,
    }
