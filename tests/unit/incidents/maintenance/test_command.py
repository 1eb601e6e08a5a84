"""The command line of maintenance windows, from the plan to the last step."""

from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command

from components.models import Component, Page, Region
from incidents.enums import MaintenanceStatus
from incidents.models import Maintenance, MaintenanceSeries, Notice

pytestmark = pytest.mark.django_db

STEPS = '[[steps]]\ntitle = "Drain"\nbody = "Slowly."\n[[steps]]\ntitle = "Migrate"\n'


@pytest.fixture(autouse=True)
def page(api: Component, web: Component, clock: time_machine.Traveller) -> None:
    Page.objects.filter(pk=Page.current().pk).update(time_zone="Europe/London")
    Region.objects.create(slug="eu", name="eu-west")


def run(*arguments: str) -> None:
    call_command("maintenance", *arguments)


def schedule(*more: str, begin: str = "10m", end: str = "70m") -> Maintenance:
    run(
        *("schedule", "--title", "Upgrade", "--message", "We upgrade.", "--component", "api"),
        *("--from", begin, "--until", end, *more),
    )
    return Maintenance.objects.latest("pk")


def test_a_whole_window_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = tmp_path / "steps.toml"
    steps.write_text(STEPS)
    window = schedule(
        *("--kind", "other", "--reason", "A disk fails.", "--downtime", "yes", "--platform-down", "--impact", "low"),
        *("--note", "read-only mode", "--region", "eu", "--service", "web=offline@12m", "--steps", str(steps)),
        *("--reminder", "5m", "--what-to-do", "Nothing.", "--phase", "preparing", "--start-by-hand"),
        *("--reference", "MNT-2026-0519-a"),
    )
    reference = window.reference
    assert (window.expects_downtime, window.takes_platform_down, window.starts_itself) == (True, True, False)
    assert (window.services.get().state, window.reminders.count()) == ("offline", 1)
    run("start", reference, "--quiet")
    run("advance", reference, "--message", "Draining.", "--notify")
    run("skip", reference, "2")
    run("service", reference, "api=restarting@4m")
    run("estimate", reference, "30m")
    run("estimate", reference, "none")
    run("extend", reference, "--until", "3h", "--message", "Longer.")
    run("update", reference, "--message", "Checking.", "--status", "verifying", "--quiet")
    run("edit", reference, "--phase", "checking", "--note", "slow")
    capsys.readouterr()
    run("show", reference)
    shown = capsys.readouterr().out
    for line in ("web: offline, back at 14:12 UTC", "api: restarting", "1. Drain: running", "2. Migrate: skipped"):
        assert line in shown
    run("advance", reference)
    assert "All steps are over." in capsys.readouterr().out
    run("complete", reference)
    window.refresh_from_db()
    assert (window.status, window.impact_note) == (MaintenanceStatus.COMPLETED, "slow")
    assert [kind.partition(".")[2] for kind in Notice.objects.order_by("pk").values_list("kind", flat=True)] == [
        *("scheduled", "updated", "updated", "completed"),
    ]


def test_steps_come_from_flags_and_from_json(tmp_path: Path) -> None:
    reference = schedule("--step", "Drain", "--step", "Migrate").reference
    assert Maintenance.objects.get().steps.count() == 2
    steps = tmp_path / "steps.json"
    steps.write_text('[{"title": "One"}]')
    run("steps", reference, "--steps", str(steps))
    assert [step.title for step in Maintenance.objects.get().steps.all()] == ["One"]


def test_a_series_is_made_listed_and_ended(capsys: pytest.CaptureFixture[str]) -> None:
    run(
        *("series", "create", "--title", "Routine updates", "--message", "We update.", "--component", "api"),
        *("--rrule", "FREQ=MONTHLY;BYDAY=1TU,3TU", "--first-date", "2026-11-01", "--begins", "02:00"),
        *("--duration", "2h", "--announce-before", "4d", "--kind", "routine", "--reminder", "24h"),
    )
    run("series", "list")
    assert "next (UTC): 2026-12-01 02:00, 2026-12-15 02:00, 2027-01-05 02:00" in capsys.readouterr().out
    run("series", "end", "routine-updates")
    assert MaintenanceSeries.objects.get().ended_at is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--kind", "routine"), "Say why"),
        (("--service", "web=broken"), "is no service"),
        (("--region", "mars"), "no region 'mars'"),
        (("--steps", "/nowhere/steps.toml"), "cannot be read"),
        (("--reminder", "soon"), "is no duration"),
    ],
)
def test_what_is_wrong_is_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        schedule(*arguments)
    assert not Maintenance.objects.exists()


@pytest.mark.parametrize(
    "content", ["steps = 3", "[[steps]]\nname = 'x'", "[[steps]]\ntitle = 3", "not toml", 'steps = ["x"]']
)
def test_a_file_without_steps_is_refused(tmp_path: Path, content: str) -> None:
    steps = tmp_path / "steps.toml"
    steps.write_text(content)
    with pytest.raises(CommandError, match=r"steps\.toml"):
        schedule("--steps", str(steps))
