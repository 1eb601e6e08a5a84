"""`manage.py incident`, for the day the web is gone."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError

from components.enums import ComponentStatus
from components.models import Component
from incidents.models import Incident, Notice

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
OPEN = ["open", "--title", "API errors", "--severity", "critical", "--message", "Looking."]


@pytest.fixture(autouse=True)
def api(db: None) -> Component:
    Component.objects.create(slug="web", name="Web")
    return Component.objects.create(slug="api", name="API gateway")


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("incident", *arguments, stdout=output)
    return output.getvalue()


def test_opening_prints_the_reference_alone(api: Component) -> None:
    with time_machine.travel(NOW, tick=False):
        printed = run(*OPEN, "--component", "api=major_outage", "--component", "web=degraded-performance")
    assert printed == "INC-2026-1121-a\n"
    incident = Incident.objects.get()
    assert dict(incident.affected.values_list("component__slug", "status")) == {
        "api": "major_outage",
        "web": "degraded_performance",
    }
    api.refresh_from_db()
    assert api.status == ComponentStatus.MAJOR_OUTAGE
    assert Notice.objects.count() == 1


def test_the_author_is_whoever_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    run(*OPEN)
    assert Incident.objects.get().updates.get().author == "grace"


def test_a_login_name_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "x" * 1000)
    run(*OPEN)
    assert len(Incident.objects.get().updates.get().author) == 150


def test_every_option_of_opening_counts() -> None:
    with time_machine.travel(NOW, tick=False):
        run(
            *OPEN,
            *("--private", "--no-notify", "--status", "identified"),
            *("--started-at", "2026-11-21T14:30+01:00", "--next-update", "45m"),
        )
    incident = Incident.objects.get()
    assert (incident.private, incident.status) == (True, "identified")
    assert incident.started_at == NOW - timedelta(minutes=30)
    assert incident.next_update_due_at == NOW + timedelta(minutes=45)
    assert not Notice.objects.exists()


def test_a_time_without_an_offset_is_utc() -> None:
    with time_machine.travel(NOW, tick=False):
        run(*OPEN, "--started-at", "2026-11-21 13:15")
    assert Incident.objects.get().started_at == NOW - timedelta(minutes=45)


def test_a_message_of_a_hyphen_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("First line.\n\n* a point\n"))
    run(*OPEN[:-1], "-")
    assert Incident.objects.get().updates.get().body == "First line.\n\n* a point"


def test_an_update_keeps_the_status_unless_told_otherwise(api: Component) -> None:
    reference = run(*OPEN, "--component", "api=major_outage").strip()
    run("update", reference.lower(), "--message", "Still looking.")
    assert Incident.objects.get().status == "investigating"
    printed = run(
        *("update", reference, "--status", "monitoring", "--message", "A fix is out."),
        *("--component", "api=operational"),
    )
    assert "Monitoring" in printed
    api.refresh_from_db()
    assert api.status == ComponentStatus.UNKNOWN


def test_resolving_keeps_cause_and_remediation() -> None:
    reference = run(*OPEN).strip()
    printed = run("resolve", reference, "--message", "Over.", "--root-cause", "Disk.", "--remediation", "Alarm.")
    incident = Incident.objects.get()
    assert "Resolved" in printed
    assert (incident.status, incident.root_cause_summary, incident.remediation) == ("resolved", "Disk.", "Alarm.")


def test_the_list_has_open_incidents_and_says_what_is_due() -> None:
    with time_machine.travel(NOW, tick=False):
        first = run(*OPEN, "--next-update", "30m").strip()
        run("resolve", run(*OPEN).strip(), "--message", "Over.")
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        printed = run("list")
        assert printed.count("\n") == 1
        assert first in printed
        assert "[next update in 20 minutes]" in printed
        assert run("list", "--all").count("\n") == 2
    with time_machine.travel(NOW + timedelta(minutes=45), tick=False):
        assert "overdue by 15 minutes" in run("list")


def test_an_empty_list_says_so() -> None:
    assert run("list") == "No incident is open.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*OPEN, "--component", "apy=major_outage"], "There is no component 'apy'. Did you mean api? Known: "),
        ([*OPEN, "--component", "api"], "write the component and its state, like api=major_outage"),
        ([*OPEN, "--component", "api=on_fire"], "choose one of operational, under_maintenance"),
        ([*OPEN, "--component", "api=unknown"], "a state that is known"),
        ([*OPEN[:3], "--severity", "huge", "--message", "x"], "choose one of: critical, major, minor"),
        ([*OPEN[:3], "--severity", "\udcff", "--message", "x"], "choose one of: critical, major, minor"),
        ([*OPEN, "--status", "over"], "choose one of investigating, identified, monitoring, resolved"),
        ([*OPEN, "--status", "resolved"], "opened before it is resolved"),
        ([*OPEN, "--started-at", "yesterday"], "write it like 2026-11-21T14:30Z"),
        ([*OPEN, "--started-at", "2999-01-01"], "lies in the future"),
        ([*OPEN, "--started-at", "0001-01-01"], "too long ago"),
        ([*OPEN, "--next-update", "later"], "a duration such as"),
        ([*OPEN[:-1], " \x07 "], "Write a sentence"),
        ([*OPEN[:-1], "x" * 20_001], "at most 20000 fit"),
        (["update", "INC-1", "--message", "x"], "There is no incident 'INC-1'. Open now: none."),
        (["resolve", "\udcff", "--message", "x"], "There is no incident"),
        (["open", "--title", "x"], "the following arguments are required: --severity, --message"),
        (["close"], "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_changes(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert sentence in str(caught.value)
    assert not Incident.objects.exists()


def test_an_impossible_step_is_a_sentence() -> None:
    reference = run(*OPEN).strip()
    run("resolve", reference, "--message", "Over.")
    with pytest.raises(CommandError, match="is resolved: it cannot become resolved"):
        run("resolve", reference, "--message", "Over again.")


def test_a_promise_is_worded_as_the_option_says(api: Component) -> None:
    run(*OPEN, "--next-update", "1h", "--promise", "more-information")
    assert Incident.objects.get().promise == "more_information"
    with pytest.raises(CommandError, match="choose one of by, on_change, more_information"):
        run("update", Incident.objects.get().reference, "--message", "x", "--promise", "soon")


def test_the_newest_word_or_a_named_one_is_edited(api: Component) -> None:
    run(*OPEN)
    incident = Incident.objects.get()
    first = incident.updates.get()
    run("update", incident.reference, "--message", "Fuond it.")
    assert "was edited" in run("edit-update", incident.reference, "--message", "Found it.")
    run("edit-update", incident.reference, "--update", first.public_id, "--message", "We look.")
    assert [update.body for update in incident.updates.all()] == ["Found it.", "We look."]
    assert "already" in run("edit-update", incident.reference)
    with pytest.raises(CommandError, match=first.public_id):
        run("edit-update", incident.reference, "--update", "nothing", "--message", "x")


def test_a_duplicate_is_merged_and_says_so_in_the_list(api: Component) -> None:
    with time_machine.travel(NOW, tick=False):
        run(*OPEN)
        run(*OPEN, "--component", "api=major_outage")
        assert run("merge", "INC-2026-1121-b", "INC-2026-1121-a", "--message", "The same.").startswith(
            "INC-2026-1121-a"
        )
        assert "(merged into INC-2026-1121-a)" in run("list", "--all")
    kept = Incident.objects.shown().get()
    newest = kept.updates.first()
    assert newest is not None
    assert newest.body == "The same."


def test_what_happened_is_recorded_with_its_words(api: Component) -> None:
    with time_machine.travel(NOW, tick=False):
        printed = run(
            *("record", "--title", "API errors", "--severity", "major", "--component", "api=major_outage"),
            *("--started-at", "2026-11-20T09:00Z", "--data-impact", "--root-cause", "A disk."),
            *("--update", "2026-11-20T09:10Z", "investigating", "We look."),
            *("--update", "2026-11-20T10:00Z", "resolved", "It is over."),
        )
    incident = Incident.objects.get()
    assert printed == "INC-2026-1120-a\n"
    assert (incident.is_retroactive, incident.data_impact, incident.root_cause_summary) == (True, True, "A disk.")
    assert incident.started_at == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert incident.resolved_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert list(incident.components.all()) == [api]
    assert not Notice.objects.exists()


def test_a_time_of_an_update_that_cannot_be_read_is_named(api: Component) -> None:
    with pytest.raises(CommandError, match="'yesterday' is no time"):
        run("record", "--title", "x", "--severity", "major", "--update", "yesterday", "resolved", "Over.")
