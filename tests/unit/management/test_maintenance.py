"""The command line of maintenance windows."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command

from components.models import Component, Page
from incidents.enums import MaintenanceStatus
from incidents.models import Maintenance
from probes.models import Correction

pytestmark = pytest.mark.django_db

SCHEDULE = ("maintenance", "schedule", "--title", "Upgrade", "--component", "api", "--message", "We upgrade.")


@pytest.fixture(autouse=True)
def page() -> None:
    Component.objects.create(slug="api", name="API")
    Page.objects.filter(pk=Page.current().pk).update(time_zone="Europe/Berlin")


@pytest.fixture(autouse=True)
def now() -> object:
    with time_machine.travel(datetime(2026, 11, 21, 14, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


def test_a_time_without_an_offset_is_the_clock_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(*SCHEDULE, "--from", "2026-12-01T02:00", "--until", "2026-12-01T04:00+01:00")
    window = Maintenance.objects.get()
    assert capsys.readouterr().out == f"{window.reference}\n"
    assert window.scheduled_for == datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    assert window.scheduled_until == datetime(2026, 12, 1, 3, 0, tzinfo=UTC)


def test_a_window_is_begun_ended_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(*SCHEDULE, "--from", "2026-12-01T02:00", "--until", "2026-12-01T04:00")
    reference = Maintenance.objects.get().reference
    call_command("maintenance", "start", reference.lower())
    call_command("maintenance", "complete", reference, "--message", "All done.")
    call_command("maintenance", "list")
    assert f"{reference}    Completed    2026-12-01 01:00" in capsys.readouterr().out
    assert Maintenance.objects.get().status == MaintenanceStatus.COMPLETED


def test_a_window_is_called_off() -> None:
    call_command(*SCHEDULE, "--from", "2026-12-01T02:00", "--until", "2026-12-01T04:00")
    call_command("maintenance", "cancel", Maintenance.objects.get().reference, "--message", "Not today.")
    assert Maintenance.objects.get().status == MaintenanceStatus.CANCELLED


def test_a_window_written_down_afterwards_is_left_out_of_uptime(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(*SCHEDULE, "--from", "2026-11-21T10:02Z", "--until", "2026-11-21T11:00Z")
    correction = Correction.objects.get()
    assert correction.maintenance == Maintenance.objects.get()
    assert (correction.starts_at, correction.ends_at) == (
        datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 21, 11, 0, tzinfo=UTC),
    )
    assert correction.reason == f"{capsys.readouterr().out.strip()}: Upgrade"


def test_of_a_window_that_runs_already_only_the_past_is_left_out_afterwards() -> None:
    call_command(*SCHEDULE, "--from", "2026-11-21T13:30Z", "--until", "2026-11-21T15:00Z")
    correction = Correction.objects.get()
    assert (correction.starts_at.hour, correction.ends_at) == (13, datetime(2026, 11, 21, 14, 0, tzinfo=UTC))


def test_a_window_to_come_leaves_nothing_out() -> None:
    call_command(*SCHEDULE, "--from", "2026-11-21T14:00Z", "--until", "2026-11-21T15:00Z")
    assert not Correction.objects.exists()


def test_no_windows_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("maintenance", "list")
    assert "no maintenance windows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "soon", "--until", "2026-12-01T04:00"), "'soon' is no time"),
        (("--from", "2026-12-01T04:00", "--until", "2026-12-01T02:00"), "ends before it begins"),
    ],
)
def test_a_wrong_time_is_answered_with_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command(*SCHEDULE, *arguments)


def test_an_unknown_reference_is_answered_with_a_sentence() -> None:
    with pytest.raises(CommandError, match="no maintenance window 'MNT-1'"):
        call_command("maintenance", "start", "MNT-1")
