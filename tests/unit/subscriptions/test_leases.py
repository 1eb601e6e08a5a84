"""Who may send what, and when: leases, the order of what waits, and limits."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from statuspage.core import clock, smtp
from subscriptions import ledger, sending
from subscriptions.enums import Channel, DeliveryState
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import Cast
from subscriptions.rendering import cast
from subscriptions.senders import mail
from subscriptions.senders.mail import send_mails
from tests.unit.subscriptions.conftest import Sink, Tell, states


def test_a_lease_keeps_others_away_until_it_ends(told: Tell) -> None:
    told(5)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        first = ledger.claim_due_batch([Channel.EMAIL], 3)
        second = ledger.claim_due_batch([Channel.EMAIL], 3)
        assert (len(first.deliveries), len(second.deliveries)) == (3, 2)
        assert not {row.pk for row in first.deliveries} & {row.pk for row in second.deliveries}
        assert not ledger.has_due([Channel.EMAIL])
        hand.shift(ledger.LEASE)
        assert len(ledger.claim_due_batch([Channel.EMAIL], 9).deliveries) == 5


def test_who_lost_the_lease_records_nothing(told: Tell) -> None:
    told(1)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        late = ledger.claim_due_batch([Channel.EMAIL], 1)
        hand.shift(ledger.LEASE)
        ledger.claim_due_batch([Channel.EMAIL], 1)
        assert ledger.record_sent(late.lease, [late.deliveries[0].pk]) == 0
    assert states() == [DeliveryState.PENDING]


def lose(late: ledger.Batch, hand: time_machine.Traveller) -> ledger.Batch:
    """Its lease ends, and another sender takes the same."""
    hand.shift(ledger.LEASE)
    late.leased_at -= ledger.LEASE.total_seconds()
    return ledger.claim_due_batch([Channel.EMAIL], 9)


def test_who_lost_the_lease_sends_nothing(told: Tell, sink: Sink) -> None:
    told(2)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        late = ledger.claim_due_batch([Channel.EMAIL], 2)
        lose(late, hand)
        assert send_mails(late).handled == 0
    assert sink.recipients == []
    assert states() == [DeliveryState.PENDING] * 2


def test_who_loses_the_lease_before_the_message_itself_goes_on_with_what_is_theirs(
    told: Tell, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(3)
    batch = ledger.claim_due_batch([Channel.EMAIL], 3)
    offer = smtp.offer_envelope

    def dawdle(*arguments: Any, **envelope: Any) -> None:
        offer(*arguments, **envelope)
        if envelope["recipient"] == "r0@example.org":
            Delivery.objects.filter(pk=batch.deliveries[0].pk).update(lease="another")
            batch.leased_at -= ledger.LEASE.total_seconds()

    monkeypatch.setattr(smtp, "offer_envelope", dawdle)
    assert send_mails(batch).sent == 2
    assert sink.recipients == ["r1@example.org", "r2@example.org"]
    assert Delivery.objects.get(state=DeliveryState.PENDING).lease == "another"


def test_who_lost_the_lease_suppresses_nobody(told: Tell, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    told(1)
    monkeypatch.setattr(mail, "SECONDS_FOR_ONE", -999.0)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        late = ledger.claim_due_batch([Channel.EMAIL], 1)
        lose(late, hand)
        sink.rcpt_answers["r0@example.org"] = "550 5.1.1 no such user"
        assert send_mails(late).failed == 1
    assert states() == [DeliveryState.PENDING]
    assert Subscriber.objects.get().is_confirmed


def test_a_slow_sender_that_lives_keeps_what_it_has(told: Tell, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    told(3)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        batch = ledger.claim_due_batch([Channel.EMAIL], 3)

        def dawdle(*arguments: Any) -> Cast:
            # Nearly a whole lease goes by before each of them.
            hand.shift(ledger.LEASE * 0.9)
            batch.leased_at -= ledger.LEASE.total_seconds() * 0.9
            assert not ledger.has_due([Channel.EMAIL])
            return cast(*arguments)

        monkeypatch.setattr(mail, "cast", dawdle)
        assert send_mails(batch).sent == 3
    assert sorted(sink.recipients) == ["r0@example.org", "r1@example.org", "r2@example.org"]


def test_a_batch_that_takes_long_leaves_the_rest_to_the_next_at_once(
    told: Tell, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(3)
    monkeypatch.setattr(ledger, "SECONDS_A_BATCH", 0.0)
    tally = sending.send_batch()
    assert (tally.sent, tally.postponed) == (0, 3)
    assert sink.recipients == []
    monkeypatch.undo()
    assert sending.send_batch().sent == 3


def test_claiming_takes_a_bounded_number_of_queries(
    told: Tell, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    told(40)
    with django_assert_num_queries(5):
        ledger.claim_due_batch([Channel.EMAIL], 40)


def test_a_crash_before_recording_repeats_the_leased_ones_with_the_same_message_id(
    told: Tell, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(50)
    monkeypatch.setattr(mail, "RECORD_EVERY", 20)
    real, calls = ledger.record_sent, []

    def die_at_the_second(lease: str, ids: list[int]) -> int:
        calls.append(ids)
        if len(calls) == 2:
            raise SystemExit("killed")
        return real(lease, ids)

    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        monkeypatch.setattr(ledger, "record_sent", die_at_the_second)
        with pytest.raises(SystemExit):
            sending.send_batch()
        monkeypatch.setattr(ledger, "record_sent", real)
        assert sending.send_batch().handled == 0
        assert len(sink.accepted) == 40
        hand.shift(ledger.LEASE)
        assert sending.send_batch().sent == 30
    assert set(sink.recipients) == {f"r{n}@example.org" for n in range(50)}
    repeated = [address for address in sink.recipients if sink.recipients.count(address) > 1]
    assert len(repeated) == 2 * 20
    for address in set(repeated):
        ids = {message["Message-ID"] for message in sink.accepted if message["To"] == address}
        assert len(ids) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_two_senders_at_the_same_moment_share_the_work(told: Tell) -> None:
    from concurrent.futures import ThreadPoolExecutor

    told(100)

    def claim() -> set[int]:
        try:
            return {row.pk for row in ledger.claim_due_batch([Channel.EMAIL], 50).deliveries}
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda _: claim(), range(4)))
    taken = [pk for part in claims for pk in part]
    assert len(taken) == len(set(taken)) == 100


def test_a_clock_that_jumps_lets_nobody_send_what_another_has_taken(told: Tell, sink: Sink) -> None:
    told(2)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        late = ledger.claim_due_batch([Channel.EMAIL], 2)
        # Also what a machine sees that was suspended for so long: its monotonic clock stood still.
        hand.shift(timedelta(hours=1))
        other = ledger.claim_due_batch([Channel.EMAIL], 2)
        assert len(other.deliveries) == 2
        assert send_mails(late).handled == 0
        assert sink.recipients == []
        assert send_mails(other).sent == 2
    assert sorted(sink.recipients) == ["r0@example.org", "r1@example.org"]


def test_a_clock_that_jumps_loses_nothing_that_nobody_else_has_taken(told: Tell, sink: Sink) -> None:
    told(2)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as hand:
        batch = ledger.claim_due_batch([Channel.EMAIL], 2)
        hand.shift(timedelta(hours=1))
        assert batch.seconds_left < 0
        assert send_mails(batch).sent == 2
        hand.shift(-timedelta(hours=2))
        assert 0 < batch.seconds_left <= ledger.LEASE.total_seconds()
    assert sorted(sink.recipients) == ["r0@example.org", "r1@example.org"]
