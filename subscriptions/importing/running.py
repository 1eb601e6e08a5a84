"""Trying out a list, writing it piece by piece, and going on where a worker that died had stopped.

Each piece is one transaction with the counts that belong to it, so that nothing is done twice and nothing left out.
Errors: `ValidationFailed` (file, reason), `InvalidTransition` (it is not in the state for that).
"""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import batched, islice

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from statuspage.core import clock, stopping
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed
from statuspage.core.text import clean_line
from subscriptions.choices import Choice
from subscriptions.enums import Channel, Event, ImportState, Origin, SubscriberState
from subscriptions.importing.reading import LeftOut, Row, Vocabulary, read_rows
from subscriptions.importing.sorting import Sorted, sort_out
from subscriptions.models import Subscriber, SubscriberImport

AT_ONCE = 500
LEASE = timedelta(seconds=30)
# Of those left out, so many are kept with line and reason.
MOST_SHOWN = 200
REASON_LENGTH = 500
NAME_LENGTH = 200
TRIES = 3
CHOSEN = (*(f"wants_{event.value}" for event in Event), "wants_updates", "minimum_severity", "time_zone", "language")


def try_out(*, text: str, file_name: str, by: str, reason: str) -> SubscriberImport:
    """What the list would change: nobody is added. `reason` says where and when they confirmed.

    Two queries for each 500 rows.
    """
    reason = clean_line(reason)
    if not reason:
        raise ValidationFailed("reason", "Say where and when they confirmed: it is what you answer when one asks.")
    row = SubscriberImport(
        content=text, file_name=clean_line(file_name)[:NAME_LENGTH], by=by, reason=reason[:REASON_LENGTH]
    )
    seen: set[int] = set()
    for piece in batched(read_rows(text, Vocabulary.load()), AT_ONCE, strict=False):
        # An address that stood further above is there by the time its second line is written.
        fresh = [entry for entry in piece if isinstance(entry, LeftOut) or hash(entry.email) not in seen]
        found = sort_out(fresh)
        found.unchanged += len(piece) - len(fresh)
        seen.update(hash(entry.email) for entry in fresh if isinstance(entry, Row))
        row.total += len(piece)
        _count(row, found)
    if not row.total:
        raise ValidationFailed("file", "The file names nobody.")
    row.save(force_insert=True)
    return row


def start_import(*, row: SubscriberImport) -> None:
    """Let a worker write it. What was counted while it was tried out is counted anew."""
    checked = SubscriberImport.objects.filter(pk=row.pk, state=ImportState.CHECKED)
    if not checked.update(
        state=ImportState.RUNNING, started_at=clock.now(), added=0, changed=0, unchanged=0, left_out=0, skipped=[]
    ):
        raise InvalidTransition("This import was begun already.")
    row.refresh_from_db(fields=_SHOWN)


def cancel_import(*, row: SubscriberImport) -> None:
    """Stop before the next piece; who was added until then stays. The file is forgotten."""
    open_one = SubscriberImport.objects.filter(pk=row.pk, state__in=[ImportState.CHECKED, ImportState.RUNNING])
    if not open_one.update(state=ImportState.CANCELLED, finished_at=clock.now(), content="", lease_until=None):
        raise InvalidTransition("This import is over.")
    row.refresh_from_db(fields=_SHOWN)


def waiting_imports() -> list[int]:
    """Those that are to be written and that no worker holds. One query."""
    return list(_free().values_list("pk", flat=True))


def run_import(*, import_id: int, seconds: float) -> SubscriberImport | None:
    """Go on with one for so long, or until it is done. None if another worker holds it or it is over."""
    if not _free().filter(pk=import_id).update(lease_until=clock.now() + LEASE):
        return None
    row = SubscriberImport.objects.get(pk=import_id)
    stop_at = time.monotonic() + seconds
    entries = read_rows(row.content, Vocabulary.load())
    for piece in batched(islice(entries, row.done, None), AT_ONCE, strict=False):
        if not _write_piece(row, piece):
            return row
        if time.monotonic() > stop_at or stopping.is_asked():
            SubscriberImport.objects.filter(pk=import_id).update(lease_until=None)
            return row
    _finish(row)
    return row


_SHOWN = ["state", "done", "added", "changed", "unchanged", "left_out", "skipped", "started_at", "finished_at"]


def _free() -> QuerySet[SubscriberImport]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=clock.now())
    return SubscriberImport.objects.filter(free, state=ImportState.RUNNING).order_by("pk")


@retry_on_conflict
@transaction.atomic
def _write_piece(row: SubscriberImport, piece: Sequence[Row | LeftOut]) -> bool:
    """One piece and its counts. False if it is not ours to write any more: cancelled, or taken over by another."""
    held = SubscriberImport.objects.select_for_update().filter(pk=row.pk, state=ImportState.RUNNING, done=row.done)
    if held.values_list("pk", flat=True).first() is None:
        return False
    _count(row, _write(piece))
    row.done += len(piece)
    row.lease_until = clock.now() + LEASE
    row.save(update_fields=["done", "added", "changed", "unchanged", "left_out", "skipped", "lease_until"])
    return True


def _write(piece: Sequence[Row | LeftOut]) -> Sorted:
    for _ in range(TRIES - 1):
        try:
            with transaction.atomic():
                return _write_once(piece)
        except IntegrityError:
            # Somebody subscribed in this very moment: now they are known.
            continue
    return _write_once(piece)


def _write_once(piece: Sequence[Row | LeftOut]) -> Sorted:
    found = sort_out(piece, lock=True)
    now = clock.now()
    new = [_put(Subscriber(channel=Channel.EMAIL, address=row.email), row) for row in found.new]
    confirmed = [_put(subscriber, row) for subscriber, row in found.pending]
    for subscriber in (*new, *confirmed):
        subscriber.confirmed_at = subscriber.confirmed_at or now
    Subscriber.objects.bulk_create(new)
    Subscriber.objects.bulk_update(confirmed, ["state", "origin", "confirmed_at", "ended_at", *CHOSEN])
    rows = [row.choice for row in (*found.new, *(row for _, row in found.pending))]
    _choose(list(zip((*new, *confirmed), rows, strict=True)), confirmed)
    return found


def _choose(chosen: Sequence[tuple[Subscriber, Choice]], before: Sequence[Subscriber]) -> None:
    """Components and whole groups; `before` may have had others."""
    components, groups = Subscriber.components.through, Subscriber.groups.through
    for had in (components, groups):
        had.objects.filter(subscriber__in=before).delete()
    components.objects.bulk_create(
        components(subscriber_id=row.pk, component_id=key) for row, choice in chosen for key in choice.component_ids
    )
    groups.objects.bulk_create(
        groups(subscriber_id=row.pk, group_id=key) for row, choice in chosen for key in choice.group_ids
    )


def _put(subscriber: Subscriber, row: Row) -> Subscriber:
    choice: Choice = row.choice
    subscriber.state, subscriber.origin = SubscriberState.CONFIRMED, Origin.IMPORTED
    subscriber.confirmed_at, subscriber.ended_at = row.confirmed_at, None
    for event in Event:
        setattr(subscriber, f"wants_{event.value}", event in choice.events)
    subscriber.wants_updates = choice.updates
    subscriber.minimum_severity_id = choice.minimum_severity_id
    subscriber.time_zone, subscriber.language = choice.time_zone, choice.language
    return subscriber


def _count(row: SubscriberImport, found: Sorted) -> None:
    row.added += len(found.new)
    row.changed += len(found.pending)
    row.unchanged += found.unchanged
    row.left_out += len(found.left_out)
    room = MOST_SHOWN - len(row.skipped)
    row.skipped = [*row.skipped, *([out.line, out.reason] for out in _first(found.left_out, room))]


def _first(left_out: list[LeftOut], room: int) -> Iterator[LeftOut]:
    return islice(sorted(left_out, key=lambda out: out.line), max(room, 0))


def _finish(row: SubscriberImport) -> None:
    """The addresses in the file are subscribers now: the file itself is not kept."""
    running = SubscriberImport.objects.filter(pk=row.pk, state=ImportState.RUNNING, done=F("total"))
    running.update(state=ImportState.DONE, finished_at=clock.now(), content="", lease_until=None)
    row.refresh_from_db(fields=_SHOWN)
