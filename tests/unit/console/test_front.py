"""The console's front page: everything that runs, is owed or waits is one tap away."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import DraftKind, MaintenanceStatus, Origin, SignalSource
from incidents.models import Draft, Incident, Maintenance, Postmortem
from incidents.services import resolve_incident
from incidents.signals import raise_signal

AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def window(reference: str, begins: timedelta, lasts: timedelta = timedelta(hours=1), **said: str) -> Maintenance:
    begin = AT + begins
    return Maintenance.objects.create(
        reference=reference, title=f"Work {reference}", scheduled_for=begin, scheduled_until=begin + lasts, **said
    )


def front(client: Client) -> str:
    with time_machine.travel(AT, tick=False):
        return " ".join(client.get("/admin/").content.decode().replace("\xa0", " ").split())


def test_what_runs_comes_before_what_begins_today(staff: Client) -> None:
    soon = window("MNT-soon", timedelta(hours=3))
    window("MNT-later", timedelta(days=2))
    window("MNT-old", timedelta(days=-9), origin=Origin.IMPORT)
    window("MNT-over", timedelta(hours=-5), status=MaintenanceStatus.COMPLETED)
    runs = window("MNT-runs", timedelta(minutes=-30), status=MaintenanceStatus.IN_PROGRESS)
    late = window("MNT-late", timedelta(hours=-2), status=MaintenanceStatus.VERIFYING)
    waits = window("MNT-waits", timedelta(minutes=-20))
    text = front(staff)
    order = [text.index(f'href="/admin/incidents/maintenance/{row.pk}/change/"') for row in (late, runs, waits, soon)]
    assert order == sorted(order)
    assert "Ends in 30 minutes" in text
    assert '<span class="meta late">It runs over: its end was 1 hour ago' in text
    assert '<span class="meta late">It waits to be begun since 20 minutes' in text
    assert "Begins in 3 hours" in text
    reddest = re.findall(r'class="incident-card" href="/admin/incidents/maintenance/(\d+)/', text)
    assert reddest == [str(late.pk), str(waits.pk)]
    for absent in ("MNT-later", "MNT-old", "MNT-over"):
        assert absent not in text


def test_a_postmortem_that_is_owed_says_when(staff: Client, incident: Incident) -> None:
    resolve_incident(incident=incident, message="Over.")
    draft = Postmortem.objects.get()
    Postmortem.objects.update(due_at=AT + timedelta(days=3))
    text = front(staff)
    assert f'href="/admin/incidents/postmortem/{draft.pk}/change/"' in text
    assert "Due in 3 days" in text
    Postmortem.objects.update(due_at=AT - timedelta(days=1))
    assert '<span class="meta late">It is late: it was due 1 day ago' in front(staff)
    Postmortem.objects.update(due_at=None)
    assert "Postmortems to write" not in front(staff)


def test_signals_and_drafts_that_wait_are_counted(staff: Client) -> None:
    quiet = front(staff)
    assert "not over" not in quiet
    assert "draft" not in quiet.split("</section>")[0]
    raise_signal(source=SignalSource.RULE, fingerprint="a", title="Late", detail="It is late.")
    Draft.objects.create(kind=DraftKind.DECLARE, form={}, author="ada")
    text = front(staff)
    assert '<a class="act" href="/admin/incidents/signal/">1 signal not over</a>' in text
    assert '<a class="act" href="/admin/incidents/draft/">1 draft</a>' in text


def test_who_may_not_look_is_shown_none_of_it(client: Client, incident: Incident) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_component"))
    client.force_login(user)
    resolve_incident(incident=incident, message="Over.")
    window("MNT-runs", timedelta(minutes=-30), status=MaintenanceStatus.IN_PROGRESS)
    raise_signal(source=SignalSource.RULE, fingerprint="a", title="Late", detail="It is late.")
    Draft.objects.create(kind=DraftKind.DECLARE, form={}, author="ada")
    text = front(client)
    for absent in ("MNT-runs", "API errors", "not over", "1 draft", "Announce maintenance"):
        assert absent not in text


@pytest.mark.parametrize("is_open", [True, False])
def test_an_incident_that_is_over_does_not_say_that_its_components_are_down(
    staff: Client, incident: Incident, api: Component, is_open: bool
) -> None:
    if not is_open:
        resolve_incident(incident=incident, message="Over.")
    text = " ".join(staff.get(f"/admin/incidents/incident/{incident.pk}/change/").content.decode().split())
    chip = f'{ComponentStatus.PARTIAL_OUTAGE.label}</span> <a href="/admin/components/component/{api.pk}/change/"'
    assert (chip in text) is is_open
    assert f'/admin/components/component/{api.pk}/change/">API gateway' in text
