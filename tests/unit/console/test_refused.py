"""What a form that was refused looks like to somebody with a phone: it begins where it is wrong."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from incidents.enums import TemplateKind
from incidents.forms import DurationField
from incidents.forms_maintenance_fields import eta_of
from incidents.models import Incident, MessageTemplate, SeverityPolicy

ADD = "/admin/incidents/incident/add/"


def begins_at(text: str) -> list[str]:
    """The names of the fields that ask for the focus."""
    return [
        found[1]
        for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*\bautofocus\b[^>]*>", text)
        if (found := re.search(r'name="([^"]+)"', tag))
    ]


def declaration(**said: str) -> dict[str, str]:
    severity = str(SeverityPolicy.objects.get(slug="critical").pk)
    return {"title": "API errors", "severity": severity, "status": "investigating", "message": "Oh."} | said


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"next_update_in": "soon"}, "next_update_in"),
        ({"started_at": "2999-01-01T00:00"}, "started_at"),
        ({"publish_at": "2001-01-01T00:00", "then": "schedule"}, "publish_at"),
        ({"message": "", "next_update_in": "soon"}, "message"),
        ({"message": "Since [[time]].", "next_update_in": "soon"}, "blank-time"),
    ],
)
def test_the_page_begins_at_the_first_field_that_is_wrong(staff: Client, said: dict[str, str], field: str) -> None:
    text = staff.post(ADD, declaration(**said)).content.decode()
    assert begins_at(text) == [field]


def test_a_form_that_was_not_sent_begins_at_its_title(staff: Client, db: None) -> None:
    assert begins_at(staff.get(ADD).content.decode()) == ["title"]


def test_an_update_that_is_refused_begins_there_and_not_in_the_form_below(staff: Client, incident: Incident) -> None:
    MessageTemplate.objects.create(slug="over", name="Over", kind=TemplateKind.RESOLUTION, body="[[what]] is back.")
    sent = {"update-status": "identified", "update-message": "Found.", "update-next_update_in": "soon"}
    sent |= {"update-revision": str(incident.revision)}
    text = staff.post(f"/admin/incidents/incident/{incident.pk}/update/", sent).content.decode()
    assert begins_at(text) == ["update-next_update_in"]


def test_maintenance_that_is_refused_begins_there_too(staff: Client, db: None) -> None:
    sent = {"title": "Work", "message": "Work.", "kind": "x", "scheduled_for": "2999-01-01T02:00", "steps": "0"}
    text = staff.post("/admin/incidents/maintenance/add/", sent).content.decode()
    assert begins_at(text) == ["kind"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("20 minutes", timedelta(minutes=20)),
        ("20 min", timedelta(minutes=20)),
        ("20min", timedelta(minutes=20)),
        ("1 hour", timedelta(hours=1)),
        ("1.5 Hours", timedelta(minutes=90)),
        ("2 h", timedelta(hours=2)),
        ("30m", timedelta(minutes=30)),
        ("3 days", timedelta(days=3)),
    ],
)
def test_a_duration_is_read_as_people_write_it(typed: str, read: timedelta) -> None:
    assert DurationField().clean(typed) == read


def test_so_is_how_long_a_service_is_away() -> None:
    base = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    assert eta_of("20 minutes", base=base, zone=ZoneInfo("UTC")) == base + timedelta(minutes=20)


@pytest.mark.parametrize(
    "typed", ["20", "minutes", "20 fortnights", "1 hour 5 minutes", "-5 min", "٥ min", "1..5 min"]
)
def test_what_could_mean_something_else_is_not_guessed(typed: str) -> None:
    with pytest.raises(ValidationError, match="Expected a duration"):
        DurationField().clean(typed)
