"""Signals: one row a trouble, however often and from wherever it is raised."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from components.models import Component
from incidents import signals
from incidents.enums import SignalSource, SignalState
from incidents.models import Signal
from incidents.signals import (
    LARGEST_EVIDENCE,
    acknowledge_signal,
    bounded,
    delete_old_signals,
    raise_signal,
    resolve_signal,
)
from statuspage.core.errors import InvalidTransition, ValidationFailed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def told(**changes: Any) -> Signal:
    values: dict[str, Any] = {
        "source": SignalSource.RULE,
        "fingerprint": "probe:cache#slow",
        "title": "Cache is slow",
        "detail": "250 ms for 2 minutes.",
    }
    return raise_signal(**(values | changes))


def test_a_signal_says_what_about_which_component_and_since_when(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        signal = told(component=api, evidence={"value": 250.5})
    assert (signal.state, signal.pages, signal.count, signal.component) == ("firing", True, 1, api)
    assert (signal.first_at, signal.last_at, signal.resolved_at) == (NOON, NOON, None)
    assert (signal.title, signal.detail) == ("Cache is slow", "250 ms for 2 minutes.")
    assert signal.evidence == {"value": 250.5}


def test_raising_it_again_counts_and_renews_what_it_says() -> None:
    with time_machine.travel(NOON, tick=False):
        first = told()
    with time_machine.travel(NOON + MINUTE, tick=False):
        again = told(detail="270 ms for 3 minutes.", evidence={"value": 270})
    assert again.pk == first.pk
    assert (again.count, again.first_at, again.last_at) == (2, NOON, NOON + MINUTE)
    assert (again.detail, again.evidence) == ("270 ms for 3 minutes.", {"value": 270})


def test_a_clock_that_was_set_back_is_no_error() -> None:
    with time_machine.travel(NOON, tick=False):
        told()
    with time_machine.travel(NOON - MINUTE, tick=False):
        assert told().last_at == NOON


def test_a_resolved_signal_that_comes_again_is_a_new_one() -> None:
    first = told()
    assert resolve_signal(fingerprint=first.fingerprint)
    second = told()
    assert second.pk != first.pk
    assert Signal.objects.unresolved().get() == second


def test_resolving_what_is_not_there_or_is_over_changes_nothing() -> None:
    assert not resolve_signal(fingerprint="probe:cache#slow")
    with time_machine.travel(NOON, tick=False):
        told()
        assert resolve_signal(fingerprint="probe:cache#slow")
    assert not resolve_signal(fingerprint="probe:cache#slow", actor="ada")
    signal = Signal.objects.get()
    assert (signal.state, signal.resolved_at, signal.resolved_by) == ("resolved", NOON, "")


def test_an_acknowledged_signal_stays_so_when_it_is_raised_again() -> None:
    signal = told()
    with time_machine.travel(NOON, tick=False):
        acknowledge_signal(signal=signal, actor="ada")
    assert (signal.state, signal.acknowledged_by, signal.acknowledged_at) == (SignalState.ACKNOWLEDGED, "ada", NOON)
    assert told().state == SignalState.ACKNOWLEDGED
    assert resolve_signal(fingerprint=signal.fingerprint)


def test_what_is_over_cannot_be_acknowledged() -> None:
    signal = told()
    resolve_signal(fingerprint=signal.fingerprint)
    with pytest.raises(InvalidTransition, match="“Cache is slow” is not firing"):
        acknowledge_signal(signal=signal, actor="ada")


def test_the_database_keeps_one_unresolved_signal_a_fingerprint() -> None:
    signal = told()
    with pytest.raises(IntegrityError), transaction.atomic():
        Signal.objects.create(source=SignalSource.RULE, fingerprint=signal.fingerprint, title="x")


def test_whoever_loses_the_race_to_raise_it_counts_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    told()
    real, asked = signals._raise_again, []

    def too_early(*args: Any) -> bool:
        """As if the other's row came just after our first look."""
        asked.append(args)
        return len(asked) > 1 and real(*args)

    monkeypatch.setattr(signals, "_raise_again", too_early)
    assert told().count == 2
    assert len(asked) == 2


@pytest.mark.django_db(transaction=True)
def test_many_at_once_raise_one_signal() -> None:
    def raise_it() -> None:
        try:
            told()
        finally:
            connection.close()

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    signal = Signal.objects.get()
    assert signal.count == 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fingerprint": ""}, "fingerprint"),
        ({"fingerprint": "x" * 201}, "fingerprint"),
        ({"fingerprint": "a\nb"}, "fingerprint"),
        ({"title": " \x00 "}, "title"),
    ],
)
def test_a_signal_without_a_name_is_refused(changes: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        told(**changes)
    assert refused.value.field == field
    assert not Signal.objects.exists()


def test_words_without_end_or_with_control_characters_are_kept_clean() -> None:
    signal = told(title="T\x00" + "x" * 900, detail="a\nb\ud800" + "y" * 900)
    assert (len(signal.title), len(signal.detail)) == (250, 500)
    assert signal.detail.startswith("a by")


def test_evidence_is_bounded_and_plain() -> None:
    kept = bounded(
        {
            "at": NOON,
            "not a number": float("nan"),
            "text": "a\x00b\ud800c 🙂",
            "deep": {"k\x00": ["x\x00", 1, None]},
            "huge": "x" * LARGEST_EVIDENCE,
            "small": 1,
        }
    )
    assert kept == {
        "at": "2026-11-21 12:00:00+00:00",
        "not a number": "nan",
        "text": "abc 🙂",
        "deep": {"k": ["x", 1, None]},
        "small": 1,
    }
    assert told(evidence=kept).evidence == kept


def test_only_what_has_been_over_for_long_goes() -> None:
    with time_machine.travel(NOON, tick=False):
        for name in ("old", "open", "acknowledged"):
            told(fingerprint=name)
        acknowledge_signal(signal=Signal.objects.get(fingerprint="acknowledged"), actor="ada")
        resolve_signal(fingerprint="old")
    with time_machine.travel(NOON + MINUTE, tick=False):
        told(fingerprint="young")
        resolve_signal(fingerprint="young")
        delete_old_signals(before=NOON + MINUTE)
    assert set(Signal.objects.values_list("fingerprint", flat=True)) == {"open", "acknowledged", "young"}
