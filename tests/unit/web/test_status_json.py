"""`/status.json`: the contract, key by key."""

import json
from datetime import timedelta

import time_machine

from components.models import Page
from incidents.enums import IncidentStatus
from incidents.services import post_update, resolve_incident
from statuspage.web.selectors import home_page
from statuspage.web.status_json import status_json
from tests.unit.web.conftest import DEGRADED, NOON, MakeComponent, MakeIncident


def test_the_document_is_exactly_what_the_contract_says(
    make_component: MakeComponent, make_incident: MakeIncident
) -> None:
    make_component("postgresql", name="PostgreSQL", measured_days=90)
    mail = make_component("mail", name="Mail", position=1)
    make_incident(ago=timedelta(days=2), lasted=timedelta(minutes=41), title="Mail was late", impacts={mail: DEGRADED})
    make_incident(severity="minor", title="Mail is late", impacts={mail: DEGRADED}, private=True)
    # The text, not the parsed value: the order of keys is part of the contract.
    assert json.loads(status_json(home_page()), object_pairs_hook=list) == [
        ("overall_state", "degraded"),
        (
            "components",
            [
                [
                    ("component", "postgresql"),
                    ("label", "PostgreSQL"),
                    ("state", "operational"),
                    ("detail", "SELECT 1 in 12 ms"),
                    ("latency_ms", 12),
                    ("last_checked_at", "2026-11-21T12:00:00Z"),
                ],
                [
                    ("component", "mail"),
                    ("label", "Mail"),
                    ("state", "degraded"),
                    ("detail", ""),
                    ("latency_ms", None),
                    ("last_checked_at", None),
                ],
            ],
        ),
        ("snapshot", []),
        (
            "incidents",
            [
                [
                    ("severity", "minor"),
                    ("status", "investigating"),
                    ("discovered_at", "2026-11-21T11:30:00Z"),
                    ("contained_at", None),
                    ("resolved_at", None),
                ],
                [
                    ("severity", "critical"),
                    ("status", "resolved"),
                    ("discovered_at", "2026-11-19T12:00:00Z"),
                    ("contained_at", None),
                    ("resolved_at", "2026-11-19T12:41:00Z"),
                ],
            ],
        ),
        ("generated_at", "2026-11-21T12:00:00Z"),
    ]


def test_containment_is_dated_apart_from_the_end(make_incident: MakeIncident, at_noon: time_machine.Traveller) -> None:
    incident = make_incident(ago=timedelta(hours=3))
    at_noon.move_to(NOON - timedelta(hours=2))
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="A fix is out.")
    at_noon.move_to(NOON - timedelta(hours=1))
    resolve_incident(incident=incident, message="It is over.")
    (said,) = json.loads(status_json(home_page()))["incidents"]
    assert (said["contained_at"], said["resolved_at"]) == ("2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z")


def test_incidents_over_for_90_days_are_left_out_and_open_ones_never_are(
    page: Page, make_incident: MakeIncident
) -> None:
    make_incident(ago=timedelta(days=120), lasted=timedelta(hours=1), title="Long over")
    make_incident(ago=timedelta(days=100), title="Never ended")
    document = json.loads(status_json(home_page()))
    assert [incident["discovered_at"] for incident in document["incidents"]] == ["2026-08-13T12:00:00Z"]
