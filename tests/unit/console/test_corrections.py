"""Leaving a time out of uptime at the console, and taking it back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from components.models import Component
from components.uptime import SLOT
from incidents.models import Incident
from incidents.services import resolve_incident
from probes.models import Correction
from statuspage.core import clock

LIST = "/admin/probes/correction/"

pytestmark = pytest.mark.django_db


def form(component: Component, **changes: str) -> dict[str, object]:
    values: dict[str, object] = {
        "kind": "maintenance",
        "components": [component.pk],
        "starts_at_0": "2026-11-01",
        "starts_at_1": "10:02",
        "ends_at_0": "2026-11-01",
        "ends_at_1": "11:00",
        "reason": "The window was announced too late.",
    }
    return values | changes


def test_a_time_is_left_out_with_the_author_and_whole_slots(staff: Client, api: Component) -> None:
    assert staff.post(f"{LIST}add/", form(api)).status_code == 302
    correction = Correction.objects.get()
    assert (correction.author, list(correction.components.all())) == ("ada", [api])
    assert correction.starts_at == datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
    assert staff.get(f"{LIST}{correction.pk}/change/").status_code == 200
    assert staff.get(LIST).status_code == 200


def test_what_cannot_be_meant_is_refused_beside_its_field(staff: Client, api: Component) -> None:
    answer = staff.post(f"{LIST}add/", form(api, ends_at_0="2026-10-01"))
    assert "The end must be after the beginning." in answer.content.decode()
    answer = staff.post(f"{LIST}add/", form(api, ends_at_0="2126-11-01"))
    assert "the end lies in the future" in answer.content.decode()
    assert not Correction.objects.exists()


def test_the_same_again_is_refused(staff: Client, api: Component) -> None:
    staff.post(f"{LIST}add/", form(api))
    assert "is left out already" in staff.post(f"{LIST}add/", form(api)).content.decode()
    assert Correction.objects.count() == 1


def test_a_correction_is_withdrawn_with_a_reason_and_never_deleted(staff: Client, api: Component) -> None:
    staff.post(f"{LIST}add/", form(api))
    correction = Correction.objects.get()
    address = f"{LIST}{correction.pk}/withdraw/"
    assert "Its time will count again" in staff.get(address).content.decode()
    staff.post(address, {"reason": ""})
    assert Correction.objects.valid().exists()
    staff.post(address, {"reason": "It was announced in time."})
    correction.refresh_from_db()
    assert (correction.withdrawn_by, correction.withdrawn_reason) == ("ada", "It was announced in time.")
    assert staff.post(f"{LIST}{correction.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nothing_of_a_correction_is_edited(staff: Client, api: Component) -> None:
    staff.post(f"{LIST}add/", form(api))
    correction = Correction.objects.get()
    text = staff.get(f"{LIST}{correction.pk}/change/").content.decode()
    assert 'name="_save"' not in text
    assert f"{LIST}{correction.pk}/withdraw/" in text
    assert staff.post(f"{LIST}{correction.pk}/change/", form(api, reason="Another.")).status_code == 403
    correction.refresh_from_db()
    assert correction.reason == "The window was announced too late."


def test_an_incident_that_was_not_ours_is_left_out_from_its_page(
    staff: Client, incident: Incident, api: Component
) -> None:
    address = f"/admin/incidents/incident/{incident.pk}/not-ours/"
    assert staff.get(address).status_code == 404
    Incident.objects.update(started_at=clock.now() - timedelta(hours=2))
    incident.refresh_from_db()
    resolve_incident(incident=incident, message="It is over.", author="ada")
    assert address in staff.get(f"/admin/incidents/incident/{incident.pk}/change/").content.decode()
    assert "will be left out of uptime" in staff.get(address).content.decode()
    staff.post(address, {"reason": "The provider was down."})
    correction = Correction.objects.get()
    assert (correction.incident, correction.kind, list(correction.components.all())) == (incident, "not_ours", [api])
    assert correction.ends_at - correction.starts_at >= 24 * SLOT


def test_who_may_not_correct_sees_and_does_nothing(client: Client, incident: Incident) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_incident"))
    client.force_login(user)
    Incident.objects.update(status="resolved", resolved_at=clock.now())
    assert "not-ours" not in client.get(f"/admin/incidents/incident/{incident.pk}/change/").content.decode()
    assert client.post(f"/admin/incidents/incident/{incident.pk}/not-ours/", {"reason": "No."}).status_code == 403


def test_who_may_only_look_is_not_led_to_withdrawing(staff: Client, client: Client, api: Component) -> None:
    staff.post(f"{LIST}add/", form(api))
    correction = Correction.objects.get()
    address = f"{LIST}{correction.pk}/change/"
    assert "/withdraw/" in staff.get(address).content.decode()
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_correction"))
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    assert "/withdraw/" not in response.content.decode()
