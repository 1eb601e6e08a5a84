"""What goes first, what holds up what, and how fast."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from incidents.enums import IncidentStatus
from incidents.models import Incident
from incidents.services import post_update, resolve_incident
from statuspage.core import clock
from subscriptions import ledger, sending
from subscriptions.enums import Channel, Priority
from subscriptions.fanout import fan_out_pending
from subscriptions.health import delivery_health
from subscriptions.models import Delivery, Subscriber
from subscriptions.senders import LANES
from tests.unit.subscriptions.conftest import Sink, Tell


def test_what_is_given_back_keeps_its_place(told: Tell, incident: Incident) -> None:
    told(3)
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="A disk is full.")
        fan_out_pending()
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        first = ledger.claim_due_batch([Channel.EMAIL], 3)
        ledger.release(first, first.deliveries)
        again = ledger.claim_due_batch([Channel.EMAIL], 3)
    assert [row.pk for row in again.deliveries] == [row.pk for row in first.deliveries]


def test_what_was_tried_before_is_not_called_late_for_having_been_given_back(told: Tell) -> None:
    told(3)
    tried, again, fresh = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        Delivery.objects.filter(pk=tried).update(attempts=3, next_attempt_at=clock.now())
        Delivery.objects.filter(pk=again).update(repeats=1, next_attempt_at=clock.now())
        batch = ledger.claim_due_batch([Channel.EMAIL], 3)
        ledger.release(batch, [one for one in batch.deliveries if one.pk != fresh])
        (mail,) = delivery_health()
        assert mail.oldest_due == timedelta(0)
        assert Delivery.objects.due(clock.now()).count() == 2


def test_the_most_urgent_goes_first_however_much_waits(
    told: Tell, sink: Sink, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(1000)
    Delivery.objects.update(priority=Priority.REPORT)
    monkeypatch.setattr(sending.send_batch, "__kwdefaults__", {"limit": 20})
    sending.send_batch()
    Subscriber.objects.exclude(address__in=["r0@example.org", "r1@example.org"]).update(wants_incidents=False)
    resolve_incident(incident=incident, message="Over.")
    assert fan_out_pending() == 2
    sending.send_batch()
    subjects = [message["Subject"].partition("]")[0] for message in sink.accepted]
    assert subjects == ["[Investigating"] * 20 + ["[Resolved"] * 2 + ["[Investigating"] * 18


def test_a_channel_that_is_broken_holds_up_no_other(told: Tell, sink: Sink) -> None:
    told(6)
    ids = list(Delivery.objects.order_by("pk").values_list("pk", flat=True)[:3])
    Delivery.objects.filter(pk__in=ids).update(channel=Channel.APPRISE)
    # A sender of the other channel hangs with what it took.
    hung = ledger.claim_due_batch([Channel.APPRISE], 2)
    assert (len(hung.deliveries), ledger.has_due([Channel.APPRISE])) == (2, True)
    assert sending.send_batch("mail").sent == 3
    assert Delivery.objects.pending().count() == 3


def test_a_limit_spreads_the_mails_and_makes_the_batches_small(
    told: Tell, sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(50)
    settings.MAIL_RATE_LIMIT = 4
    pauses: list[float] = []
    monkeypatch.setattr("subscriptions.senders.pace.time", Stopped(pauses))
    assert sending.send_batch().sent == 4 * ledger.SECONDS_A_BATCH
    assert len(pauses) == 40 - 1
    assert set(pauses) == {0.25}


def test_without_a_limit_nobody_waits(told: Tell, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    told(3)
    pauses: list[float] = []
    monkeypatch.setattr("subscriptions.senders.pace.time", Stopped(pauses))
    assert sending.send_batch().sent == 3
    assert pauses == []


class Stopped:
    """The module `time` with a clock that only sleeping moves."""

    def __init__(self, pauses: list[float]) -> None:
        self._now, self._pauses = 1_000_000.0, pauses

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._pauses.append(round(seconds, 6))
        self._now += seconds


def test_no_more_senders_of_a_machine_than_are_wanted_send_at_a_time(told: Tell, settings: Settings) -> None:
    told(1)
    settings.MAIL_SENDERS = 2
    turn = LANES["mail"].turn
    with turn() as first, turn() as second, turn() as third:
        assert (first, second, third) == (True, True, False)
        assert sending.send_batch("mail").handled == 0
        # Other lanes have places of their own.
        with LANES["hooks"].turn() as other:
            assert other
    with turn() as again:
        assert again


def test_a_machine_that_has_kept_nothing_yet_sends_too(
    told: Tell, sink: Sink, settings: Settings, tmp_path: Path
) -> None:
    told(1)
    settings.DATA_DIR = tmp_path / "not" / "there"
    assert sending.send_batch("mail").sent == 1
