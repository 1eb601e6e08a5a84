"""Monitoring that is silent raises one signal, from a process that is not part of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from components.models import Component
from incidents.models import Signal
from probes.enums import ProbeKind
from probes.models import Probe, ProbeLocation
from statuspage.web.monitoring import DeliveryWatch, MonitoringWatch
from subscriptions.enums import Purpose
from subscriptions.models import Delivery, Subscriber

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def measured(clock: time_machine.Traveller) -> None:
    """One probe, every 30 seconds, with a result of noon."""
    component = Component.objects.create(slug="api", name="API")
    probe = Probe.objects.create(component=component, slug="api", name="API", kind=ProbeKind.TCP)
    ProbeLocation.objects.create(probe=probe, next_due_at=NOON, last_result_at=NOON)


@pytest.fixture
def watch() -> MonitoringWatch:
    return MonitoringWatch(grace_seconds=0)


def test_two_intervals_without_a_result_are_a_signal(
    watch: MonitoringWatch, measured: None, clock: time_machine.Traveller
) -> None:
    clock.move_to(NOON + timedelta(seconds=70))
    watch.look()
    assert not Signal.objects.exists()
    clock.move_to(NOON + timedelta(seconds=71))
    watch.look()
    watch.look()
    signal = Signal.objects.get()
    assert (signal.source, signal.fingerprint, signal.pages) == ("monitoring", "monitoring:stale", True)
    assert signal.detail == "No probe had a result since 2026-11-21 12:00:00 UTC: beat or the workers are silent."
    assert signal.count == 2


def test_the_next_result_resolves_it(watch: MonitoringWatch, measured: None, clock: time_machine.Traveller) -> None:
    clock.move_to(NOON + timedelta(minutes=5))
    watch.look()
    ProbeLocation.objects.update(last_result_at=NOON + timedelta(minutes=5))
    watch.look()
    assert Signal.objects.get().state == "resolved"


def test_while_all_is_well_it_costs_two_queries(
    watch: MonitoringWatch, measured: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        watch.look()


def test_a_page_without_probes_misses_nothing(watch: MonitoringWatch) -> None:
    watch.look()
    assert not Signal.objects.exists()


def test_a_stack_that_has_just_started_is_given_time(measured: None, clock: time_machine.Traveller) -> None:
    clock.move_to(NOON + timedelta(hours=8))
    MonitoringWatch().look()
    assert not Signal.objects.exists()


@pytest.fixture
def late_mail(clock: time_machine.Traveller) -> None:
    """One that should have gone out six minutes ago; no worker lives."""
    reader = Subscriber.objects.create(address="ada@example.org")
    late = NOON - timedelta(minutes=6)
    Delivery.objects.create(subscriber=reader, purpose=Purpose.TEST, created_at=late, next_attempt_at=late)


def test_messages_that_nobody_sends_are_a_signal_of_the_web_itself(late_mail: None) -> None:
    DeliveryWatch(grace_seconds=0).look()
    assert Signal.objects.get().fingerprint == "deliveries:email"


def test_messages_are_looked_at_now_and_then_and_not_in_the_first_minute(
    late_mail: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        DeliveryWatch().look()
    watch = DeliveryWatch(grace_seconds=0)
    watch.look()
    with django_assert_num_queries(0):
        watch.look()
