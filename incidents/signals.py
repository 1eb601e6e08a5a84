"""Signals: what machines tell those who run the page. Raised as often as one likes, one row a trouble.

Whom a signal wakes is not decided here: `pages` only says that somebody should be.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from components.models import Component
from incidents.enums import SignalSource, SignalState
from incidents.models.signal import DETAIL_LENGTH, FINGERPRINT_LENGTH, TITLE_LENGTH, Signal
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Duplicate, InvalidTransition, ValidationFailed
from statuspage.core.text import clean_line

# Of the JSON text. Enough for a few numbers and names; a log belongs elsewhere.
LARGEST_EVIDENCE = 4_000
LONGEST_ACTOR = 150
TRIES = 5


@retry_on_conflict
@transaction.atomic
def raise_signal(
    *,
    source: SignalSource,
    fingerprint: str,
    title: str,
    detail: str,
    component: Component | None = None,
    pages: bool = True,
    evidence: Mapping[str, Any] | None = None,
) -> Signal:
    """Say that this trouble is there. While it is not resolved, saying it again counts and renews the detail.

    One that is acknowledged stays so. `evidence` is JSON and is cut to what fits. Raises ValidationFailed for an empty
    title, or a fingerprint that is empty or too long.
    """
    now = clock.now()
    said = {"title": clean_line(title)[:TITLE_LENGTH], "detail": clean_line(detail)[:DETAIL_LENGTH]}
    _check(fingerprint, said["title"])
    values = {**said, "pages": pages, "evidence": bounded(evidence or {})}
    for _ in range(TRIES):
        if _raise_again(fingerprint, values, now):
            return Signal.objects.unresolved().get(fingerprint=fingerprint)
        try:
            # The unique constraint decides between two at the same moment.
            with transaction.atomic():
                return Signal.objects.create(
                    source=source, fingerprint=fingerprint, component=component, first_at=now, last_at=now, **values
                )
        except IntegrityError:
            continue
    raise Duplicate(f"The signal {fingerprint} could not be raised: others raise and resolve it all the time.")


@retry_on_conflict
@transaction.atomic
def resolve_signal(*, fingerprint: str, actor: str = "") -> bool:
    """It is over, by itself or because `actor` says so. Returns whether there was such a signal. One query."""
    now = clock.now()
    return bool(
        Signal.objects.unresolved()
        .filter(fingerprint=fingerprint)
        .update(state=SignalState.RESOLVED, resolved_at=now, resolved_by=actor[:LONGEST_ACTOR])
    )


@retry_on_conflict
@transaction.atomic
def acknowledge_signal(*, signal: Signal, actor: str) -> None:
    """Somebody has it in hand. Raises InvalidTransition when it is not firing any more."""
    firing = Signal.objects.filter(pk=signal.pk, state=SignalState.FIRING)
    if not firing.update(
        state=SignalState.ACKNOWLEDGED, acknowledged_at=clock.now(), acknowledged_by=actor[:LONGEST_ACTOR]
    ):
        raise InvalidTransition(f"“{signal.title}” is not firing: there is nothing to acknowledge.")
    signal.refresh_from_db()


def delete_old_signals(*, before: datetime) -> None:
    """What was over before then goes. What is not resolved stays, however old."""
    Signal.objects.filter(state=SignalState.RESOLVED, resolved_at__lt=before).delete()


def bounded(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps it: what is no JSON as text, and the entries that do not fit left out."""
    kept: dict[str, Any] = {}
    room = LARGEST_EVIDENCE
    for key, value in evidence.items():
        plain = _plain(value)
        size = len(json.dumps({str(key): plain}))
        if size <= room:
            kept[clean_line(str(key))] = plain
            room -= size
    return kept


def _plain(value: Any) -> Any:
    """As JSON and PostgreSQL take it: without NaN, NUL and halves of characters."""
    try:
        return _clean(json.loads(json.dumps(value, allow_nan=False, default=str)))
    except (ValueError, TypeError, RecursionError):
        return clean_line(str(value)[:LARGEST_EVIDENCE])


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_line(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_line(key): _clean(item) for key, item in value.items()}
    return value


def _raise_again(fingerprint: str, values: Mapping[str, Any], now: datetime) -> bool:
    open_one = Signal.objects.unresolved().filter(fingerprint=fingerprint)
    # A clock that was set back does not make its last sign older than its first.
    return bool(open_one.update(count=F("count") + 1, last_at=Greatest(F("first_at"), now), **values))


def _check(fingerprint: str, title: str) -> None:
    if not fingerprint or len(fingerprint) > FINGERPRINT_LENGTH or clean_line(fingerprint) != fingerprint:
        raise ValidationFailed("fingerprint", f"A fingerprint is one line of 1 to {FINGERPRINT_LENGTH} characters.")
    if not title:
        raise ValidationFailed("title", "Say in a few words what is not right.")
