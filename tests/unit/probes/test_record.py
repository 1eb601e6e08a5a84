import logging
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component, Page, StatusClaim
from incidents.models import Incident, Notice
from probes.checkers.base import CheckResult
from probes.distrust import NOT_COUNTED
from probes.enums import Outcome
from probes.histogram import decode
from probes.measured import Measured
from probes.models import Probe, ProbeDay, ProbeLocation, ProbeResult, Slot
from probes.record import QUICK_AT_ONCE, record_batch
from probes.services import pause_probe
from probes.states import ProbeState

from .conftest import LOCATION, NOON, Story, found, make_probe, record

UP, SLOW, DOWN, ERROR = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.ERROR

pytestmark = pytest.mark.django_db


def row_of(probe: Probe) -> ProbeLocation:
    return ProbeLocation.objects.get(probe=probe)


def test_a_result_is_kept_raw_counted_in_its_slot_and_moves_the_state(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    assert record(found(probe, UP)) == 1
    result = ProbeResult.objects.get()
    assert (result.outcome, result.latency_ms, result.scheduled_at) == ("up", 12.0, NOON)
    slot = Slot.objects.get()
    assert (slot.starts_at, slot.up, slot.down, decode(bytes(slot.histogram)).total()) == (NOON, 1, 0, 1)
    row = row_of(probe)
    assert (row.state, row.last_detail, row.last_latency_ms) == (ProbeState.UP, "HTTP 200 in 12 ms", 12.0)
    assert row.last_result_at == NOON


def test_the_time_a_failure_took_is_no_latency(probe: Probe, at_noon: object) -> None:
    late = CheckResult(outcome=DOWN, latency_ms=900.0, detail="Status 500, expected 2xx.")
    record(replace(found(probe, DOWN), result=late))
    assert decode(bytes(Slot.objects.get().histogram)).total() == 0
    assert ProbeResult.objects.get().latency_ms == 900.0


def test_the_first_good_result_makes_the_component_operational(probe: Probe, at_noon: object) -> None:
    record(found(probe, UP))
    claim = StatusClaim.objects.get()
    assert (claim.source, claim.source_id, claim.status) == ("probe", "api-http", ComponentStatus.OPERATIONAL)
    assert Component.objects.get().status == ComponentStatus.OPERATIONAL


def test_the_same_batch_delivered_twice_counts_once(probe: Probe, story: Story) -> None:
    last = story(probe, UP, DOWN)
    before = row_of(probe).failures
    assert record(found(probe, DOWN, at=last)) == 0
    assert record(found(probe, UP, at=last)) == 0
    assert (row_of(probe).failures, row_of(probe).state) == (before, ProbeState.SUSPECT)
    slot = Slot.objects.get()
    assert (slot.up, slot.down) == (1, 1)
    assert ProbeResult.objects.count() == 2


def test_a_result_that_is_delivered_once_more_after_the_raw_one_is_gone_moves_no_state(
    probe: Probe, story: Story
) -> None:
    """While the raw result is kept, its key alone tells the second delivery."""
    last = story(probe, UP, DOWN)
    ProbeResult.objects.all().delete()
    record(found(probe, DOWN, at=last))
    assert row_of(probe).failures == 1


def test_a_slot_knows_its_newest_failure_in_whatever_order_they_came(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    at_noon.move_to(NOON + timedelta(minutes=4))
    for seconds, newest in ((60, 60), (30, 60), (90, 90)):
        record(found(probe, DOWN, at=NOON + timedelta(seconds=seconds)))
        assert Slot.objects.get().last_failure_at == NOON + timedelta(seconds=newest)


def test_a_slow_answer_keeps_its_words_and_a_good_one_needs_none(probe: Probe, story: Story) -> None:
    story(probe, UP, SLOW, DOWN)
    kept = ProbeResult.objects.order_by("scheduled_at").values_list("detail", flat=True)
    assert list(kept) == ["", "HTTP 200 in 12 ms", "Connection refused."]


def test_three_deliveries_of_the_third_failure_open_one_incident(probe: Probe, story: Story) -> None:
    last = story(probe, UP, DOWN, DOWN, DOWN)
    record(found(probe, DOWN, at=last))
    record(found(probe, DOWN, at=last))
    assert Incident.objects.count() == 1
    assert Notice.objects.count() == 1


def test_a_result_that_comes_late_is_counted_but_moves_no_state(probe: Probe, story: Story) -> None:
    story(probe, UP, UP)
    assert record(found(probe, DOWN, at=NOON - timedelta(seconds=30))) == 1
    assert row_of(probe).state == ProbeState.UP
    assert ProbeResult.objects.count() == 3
    assert Slot.objects.get(starts_at=NOON - timedelta(minutes=5)).down == 1


def test_a_result_for_a_folded_slot_makes_its_day_dirty(probe: Probe, story: Story) -> None:
    story(probe, UP)
    Slot.objects.update(is_folded=True)
    day = ProbeDay.objects.create(probe=probe, location=LOCATION, date=NOON.date(), slots=bytes(288))
    record(found(probe, UP, at=NOON + timedelta(seconds=30)))
    day.refresh_from_db()
    assert day.is_dirty


def test_a_quiet_batch_takes_seven_queries_however_large(
    api: Component, at_noon: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    probes = [make_probe(api, f"p{number}") for number in range(20)]
    record(*[found(one, UP) for one in probes])
    at_noon.move_to(NOON + timedelta(seconds=30))
    batch = [found(one, UP, at=NOON + timedelta(seconds=30)) for one in probes]
    # The seven, and a savepoint with its release: the test itself is a transaction.
    with django_assert_num_queries(7 + 2):
        assert record(*batch) == 20


def test_measurements_alone_do_not_bump_the_page(probe: Probe, story: Story) -> None:
    story(probe, UP)
    version = Page.current().version
    story(probe, UP, UP, UP)
    assert Page.current().version == version


def test_of_many_that_fail_at_once_only_some_are_asked_again_soon(api: Component, at_noon: object) -> None:
    """As many others are well, or it would be counted as our own trouble."""
    failing = [make_probe(api, f"down-{number}") for number in range(QUICK_AT_ONCE + 5)]
    well = [make_probe(api, f"up-{number}") for number in range(QUICK_AT_ONCE + 5)]
    ProbeLocation.objects.update(next_due_at=NOON + timedelta(seconds=60))
    record(*(found(probe, DOWN) for probe in failing), *(found(probe, UP) for probe in well))
    rows = ProbeLocation.objects.filter(probe__in=failing)
    assert {row.failures for row in rows} == {1}
    assert sum(row.next_due_at == NOON + timedelta(seconds=10) for row in rows) == QUICK_AT_ONCE
    assert sum(row.next_due_at == NOON + timedelta(seconds=60) for row in rows) == 5


def test_a_failure_that_took_long_is_asked_again_now_and_not_in_the_past(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    ProbeLocation.objects.update(next_due_at=NOON + timedelta(seconds=60))
    at_noon.move_to(NOON + timedelta(seconds=40))
    record(found(probe, DOWN))
    assert row_of(probe).next_due_at == NOON + timedelta(seconds=40)


def test_a_result_that_comes_late_brings_no_check_forward(probe: Probe, story: Story) -> None:
    story(probe, UP, DOWN)
    due = NOON + timedelta(minutes=5)
    ProbeLocation.objects.update(next_due_at=due)
    record(found(probe, DOWN, at=NOON - timedelta(seconds=30)))
    assert row_of(probe).next_due_at == due


def test_a_suspect_is_asked_again_after_ten_seconds(probe: Probe, story: Story) -> None:
    story(probe, UP)
    ProbeLocation.objects.update(next_due_at=NOON + timedelta(seconds=60))
    story(probe, DOWN)
    assert row_of(probe).next_due_at == NOON + timedelta(seconds=40)


def test_a_detail_with_control_characters_or_without_end_is_kept_clean(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    dirty = CheckResult(outcome=DOWN, latency_ms=None, detail="bad\x00\ud800 answer " + "x" * 1000)
    record(Measured(probe_id=probe.pk, scheduled_at=NOON, started_at=NOON, result=dirty))
    detail = row_of(probe).last_detail
    assert detail.startswith("bad answer xxx")
    assert len(detail) == 300


def test_an_error_of_ours_withdraws_the_claim_after_three_and_is_never_down(probe: Probe, story: Story) -> None:
    story(probe, UP, ERROR, ERROR, ERROR)
    assert Component.objects.get().status == ComponentStatus.UNKNOWN
    assert not StatusClaim.objects.exists()
    assert not Incident.objects.exists()
    assert Slot.objects.get().error == 3


def test_nearly_everything_failing_at_once_is_our_own_trouble(
    api: Component, at_noon: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    probes = [
        make_probe(api, f"p{number}", failure_threshold=1, config={"url": f"http://p{number}.example.com/"})
        for number in range(10)
    ]
    record(*[found(one, UP) for one in probes])
    with caplog.at_level(logging.ERROR):
        record(*[found(one, DOWN, at=NOON + timedelta(seconds=30)) for one in probes])
    assert [entry.name for entry in caplog.records] == ["probes.distrust"]
    assert not Incident.objects.exists()
    assert set(ProbeLocation.objects.values_list("last_outcome", "last_detail")) == {("error", NOT_COUNTED)}
    assert Component.objects.get().status == ComponentStatus.UNKNOWN


def test_nine_failing_at_once_are_believed(api: Component, at_noon: time_machine.Traveller) -> None:
    probes = [make_probe(api, f"p{number}", failure_threshold=1) for number in range(9)]
    record(*[found(one, DOWN) for one in probes])
    assert Component.objects.get().status == ComponentStatus.MAJOR_OUTAGE


def test_what_was_down_before_may_all_be_down(api: Component, at_noon: time_machine.Traveller) -> None:
    probes = [make_probe(api, f"p{number}", failure_threshold=1) for number in range(10)]
    ProbeLocation.objects.filter(probe__in=probes[:5]).update(state=ProbeState.DOWN, failures=1, first_failure_at=NOON)
    record(*[found(one, DOWN, at=NOON + timedelta(seconds=30)) for one in probes])
    assert ProbeLocation.objects.filter(state=ProbeState.DOWN).count() == 10


def test_heartbeats_that_all_fall_silent_are_believed(api: Component, at_noon: time_machine.Traveller) -> None:
    probes = [make_probe(api, f"p{number}", failure_threshold=1, kind="heartbeat") for number in range(12)]
    record(*[found(one, DOWN) for one in probes])
    assert Component.objects.get().status == ComponentStatus.MAJOR_OUTAGE


def test_an_exception_while_recording_leaves_nothing_behind(
    probe: Probe, at_noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(changes: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("probes.record.announce", broken)
    with pytest.raises(RuntimeError):
        record(found(probe, DOWN))
    assert not ProbeResult.objects.exists()
    assert not Slot.objects.exists()
    assert row_of(probe).failures == 0


def test_a_probe_paused_while_it_was_checked_claims_nothing(probe: Probe, at_noon: time_machine.Traveller) -> None:
    pause_probe(probe=probe)
    assert record(found(probe, UP)) == 1
    assert not StatusClaim.objects.exists()
    assert row_of(probe).state == ProbeState.UNKNOWN


def test_results_that_come_after_their_lease_leave_the_next_one_alone(
    probe: Probe, at_noon: time_machine.Traveller
) -> None:
    until = NOON + timedelta(seconds=25)
    ProbeLocation.objects.update(lease="the next", leased_until=until)
    assert record_batch(location=LOCATION, measured=[replace(found(probe, UP), lease="ran out")]) == 1
    assert (row_of(probe).lease, row_of(probe).leased_until) == ("the next", until)
    record_batch(location=LOCATION, measured=[replace(found(probe, UP), lease="the next")])
    assert (row_of(probe).lease, row_of(probe).leased_until) == ("", None)


def test_results_of_a_probe_that_is_gone_are_dropped(probe: Probe, at_noon: time_machine.Traveller) -> None:
    gone = found(probe, UP)
    probe.delete()
    assert record(gone) == 0


def test_after_a_silence_of_ours_failures_are_counted_anew(
    probe: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(probe, UP, DOWN, DOWN)
    later = NOON + timedelta(hours=1)
    at_noon.move_to(later)
    record(found(probe, DOWN, at=later))
    assert row_of(probe).failures == 1
    assert not Incident.objects.exists()
    assert not StatusClaim.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_two_workers_with_the_same_batch_at_once_count_once(api: Component, at_noon: time_machine.Traveller) -> None:
    from incidents.models import SeverityPolicy

    SeverityPolicy.objects.get_or_create(slug="critical", defaults={"name": "Critical"})
    probes = [make_probe(api, f"p{number}", failure_threshold=1) for number in range(8)]
    batch = [found(one, DOWN) for one in probes]
    new: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        new.append(record(*batch))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [0, 0, 0, 8]
    assert ProbeResult.objects.count() == 8
    assert set(Slot.objects.values_list("down", flat=True)) == {1}
    assert Incident.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_deadlock_with_another_writer_is_tried_again_and_loses_nothing(
    api: Component, at_noon: time_machine.Traveller
) -> None:
    one, other = make_probe(api, "one"), make_probe(api, "other")
    first, second = (ProbeLocation.objects.get(probe=probe).pk for probe in (one, other))
    held, go_on = threading.Event(), threading.Event()

    def another() -> None:
        """Locks the second row, and then wants the first: the opposite of what recording does."""
        with suppress(OperationalError), transaction.atomic():
            ProbeLocation.objects.select_for_update().get(pk=second)
            held.set()
            go_on.wait(10)
            ProbeLocation.objects.select_for_update().get(pk=first)
        connection.close()

    thread = threading.Thread(target=another)
    thread.start()
    assert held.wait(10)
    threading.Timer(0.3, go_on.set).start()
    assert record(found(one, UP), found(other, UP)) == 2
    thread.join()
    assert ProbeResult.objects.count() == 2


def test_a_serialization_failure_is_tried_again(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [1, 1]

    def conflict(*_: object) -> None:
        if failures:
            failures.pop()
            raise OperationalError("could not serialize access") from psycopg.errors.SerializationFailure()

    monkeypatch.setattr("probes.record.announce", conflict)
    monkeypatch.setattr("statuspage.core.database.connection", NotInATransaction())
    assert record(found(probe, UP)) == 1
    assert failures == []


class NotInATransaction:
    """What the service sees when it is called from nowhere else: the test itself is a transaction."""

    in_atomic_block = False
