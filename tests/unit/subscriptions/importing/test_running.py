"""A list is tried out, then written piece by piece; what was done is never done twice."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from components.models import Component, Group, Page
from statuspage.core import clock
from statuspage.core.errors import InvalidTransition, ValidationFailed
from subscriptions.enums import Event, ImportState, Origin, SubscriberState
from subscriptions.exports import export_lines
from subscriptions.importing import running
from subscriptions.importing.reading import LeftOut, Row
from subscriptions.importing.running import cancel_import, run_import, start_import, try_out, waiting_imports
from subscriptions.importing.sorting import Sorted
from subscriptions.models import Subscriber, SubscriberImport
from subscriptions.retention import apply_retention

Make = Callable[..., Subscriber]
REASON = "Confirmed on our old page in 2025."


def tried(*lines: str, header: str = "email") -> SubscriberImport:
    text = "\n".join([header, *lines]) + "\n"
    return try_out(text=text, file_name="old.csv", by="ana", reason=REASON)


def imported(*lines: str, header: str = "email") -> SubscriberImport:
    row = tried(*lines, header=header)
    start_import(row=row)
    done = run_import(import_id=row.pk, seconds=60)
    assert done is not None
    return done


def counts(row: SubscriberImport) -> tuple[int, int, int, int]:
    return row.added, row.changed, row.unchanged, row.left_out


def test_trying_out_counts_and_adds_nobody(page: Page, subscriber: Make) -> None:
    subscriber("here@example.org")
    subscriber("asked@example.org", state=SubscriberState.PENDING, confirmed_at=None)
    row = tried("new@example.org", "here@example.org", "asked@example.org", "new@example.org", "nonsense")
    assert counts(row) == (1, 1, 2, 1)
    assert (row.total, row.done, row.state) == (5, 0, ImportState.CHECKED)
    assert row.skipped[0][0] == 6
    assert not Subscriber.objects.filter(address="new@example.org").exists()
    assert waiting_imports() == []


def test_what_was_tried_out_is_what_happens(page: Page, api: Component, subscriber: Make) -> None:
    asked = subscriber("asked@example.org", state=SubscriberState.PENDING, confirmed_at=None)
    header = "email,components,events,confirmed_at"
    lines = ("new@example.org,api,reports,2025-03-01", "asked@example.org,api,,", "nonsense,,,")
    expected = counts(tried(*lines, header=header))
    row = imported(*lines, header=header)
    assert counts(row) == expected == (1, 1, 0, 1)
    assert (row.state, row.done, row.total) == (ImportState.DONE, 3, 3)
    new = Subscriber.objects.get(address="new@example.org")
    assert (new.state, new.origin) == (SubscriberState.CONFIRMED, Origin.IMPORTED)
    assert new.confirmed_at == datetime(2025, 3, 1, tzinfo=UTC)
    assert (new.wants_reports, new.wants_incidents) == (True, False)
    asked.refresh_from_db()
    assert asked.is_confirmed
    assert asked.confirmed_at is not None
    for who in (new, asked):
        assert list(who.components.all()) == [api]


def test_the_file_is_forgotten_when_it_is_done_with(page: Page) -> None:
    row = imported("new@example.org")
    assert SubscriberImport.objects.get(pk=row.pk).content == ""
    cancelled = tried("new@example.org")
    cancel_import(row=cancelled)
    assert SubscriberImport.objects.get(pk=cancelled.pk).content == ""


def test_what_somebody_chose_here_stays_as_they_chose_it(page: Page, api: Component, subscriber: Make) -> None:
    here = subscriber("here@example.org", wants_reports=False)
    assert counts(imported("here@example.org,api,reports", header="email,components,events")) == (0, 0, 1, 0)
    here.refresh_from_db()
    assert not here.wants_reports
    assert not here.components.exists()


@pytest.mark.parametrize("state", [SubscriberState.SUPPRESSED, SubscriberState.UNSUBSCRIBED])
def test_who_left_or_cannot_be_reached_is_never_brought_back(
    page: Page, subscriber: Make, state: SubscriberState
) -> None:
    subscriber("gone@example.org", state=state, ended_at=clock.now(), suppressed_reason="550 no such user")
    row = imported("gone@example.org", "new@example.org")
    assert counts(row) == (1, 0, 0, 1)
    assert Subscriber.objects.get(address="gone@example.org").state == state
    assert row.skipped[0][0] == 2


def test_who_left_so_long_ago_that_the_address_is_erased_is_known_all_the_same(page: Page, subscriber: Make) -> None:
    left = clock.now() - timedelta(days=31)
    subscriber("gone@example.org", state=SubscriberState.UNSUBSCRIBED, ended_at=left)
    apply_retention()
    assert not Subscriber.objects.filter(address="gone@example.org").exists()
    row = imported("gone@example.org", "new@example.org")
    assert counts(row) == (1, 0, 0, 1)
    assert row.skipped == [[2, "They unsubscribed here: only they themselves can come back."]]


def test_a_worker_that_died_is_followed_by_another_that_does_nothing_twice(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 2)
    row = tried(*(f"r{number}@example.org" for number in range(7)))
    start_import(row=row)
    write = running._write
    pieces: list[Sequence[Row | LeftOut]] = []

    def die_in_the_second(piece: Sequence[Row | LeftOut]) -> Sorted:
        pieces.append(piece)
        found = write(piece)
        if len(pieces) == 2:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(running, "_write", die_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        run_import(import_id=row.pk, seconds=60)
    assert Subscriber.objects.count() == 2
    assert waiting_imports() == []
    assert run_import(import_id=row.pk, seconds=60) is None
    with time_machine.travel(clock.now() + running.LEASE + timedelta(seconds=1)):
        assert waiting_imports() == [row.pk]
        done = run_import(import_id=row.pk, seconds=60)
    assert done is not None
    assert (done.state, done.done, counts(done)) == (ImportState.DONE, 7, (7, 0, 0, 0))
    assert Subscriber.objects.count() == 7
    assert [len(piece) for piece in pieces] == [2, 2, 2, 2, 1]


def test_a_slice_of_time_ends_after_a_piece_and_the_next_goes_on(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 2)
    row = tried(*(f"r{number}@example.org" for number in range(5)))
    start_import(row=row)
    for done in (2, 4):
        part = run_import(import_id=row.pk, seconds=0)
        assert part is not None
        assert (part.done, part.is_running) == (done, True)
    run_import(import_id=row.pk, seconds=0)
    last = run_import(import_id=row.pk, seconds=0)
    assert last is not None
    assert last.state == ImportState.DONE


def test_cancelling_stops_before_the_next_piece(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 2)
    row = tried(*(f"r{number}@example.org" for number in range(6)))
    start_import(row=row)
    write = running._write

    def cancelled_meanwhile(piece: Sequence[Row | LeftOut]) -> Sorted:
        found = write(piece)
        if Subscriber.objects.count() == 4:
            SubscriberImport.objects.update(state=ImportState.CANCELLED)
        return found

    monkeypatch.setattr(running, "_write", cancelled_meanwhile)
    run_import(import_id=row.pk, seconds=60)
    assert Subscriber.objects.count() == 4
    assert SubscriberImport.objects.get().state == ImportState.CANCELLED
    with pytest.raises(InvalidTransition):
        cancel_import(row=row)
    with pytest.raises(InvalidTransition):
        start_import(row=row)


def test_without_a_reason_or_anybody_nothing_is_kept(page: Page) -> None:
    for text, reason in (("email\nada@example.org\n", " "), ("email\n", REASON)):
        with pytest.raises(ValidationFailed):
            try_out(text=text, file_name="", by="ana", reason=reason)
    assert not SubscriberImport.objects.exists()


def test_only_the_first_of_many_that_are_left_out_are_kept(page: Page) -> None:
    row = tried(*("nonsense" for _ in range(running.MOST_SHOWN + 50)))
    assert row.left_out == running.MOST_SHOWN + 50
    assert len(row.skipped) == running.MOST_SHOWN
    assert [line for line, _ in row.skipped[:3]] == [2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_list_write_each_row_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 5)
    monkeypatch.setattr(running, "LEASE", timedelta(seconds=-1))
    row = tried(*(f"r{number}@example.org" for number in range(60)))
    start_import(row=row)

    def work() -> None:
        try:
            run_import(import_id=row.pk, seconds=60)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while waiting_imports():
        run_import(import_id=row.pk, seconds=60)
    row.refresh_from_db()
    assert (row.state, row.done, counts(row)) == (ImportState.DONE, 60, (60, 0, 0, 0))
    assert Subscriber.objects.count() == 60


def test_whole_groups_come_from_the_list_and_go_into_the_export(page: Page, api: Component, subscriber: Make) -> None:
    core, other = (Group.objects.create(slug=slug, name=slug.title()) for slug in ("core", "other"))
    Component.objects.filter(pk=api.pk).update(group=core)
    subscriber("asked@example.org", state=SubscriberState.PENDING, confirmed_at=None).groups.add(other)
    imported("new@example.org,core", "asked@example.org,core", header="email,groups")
    for address in ("new@example.org", "asked@example.org"):
        who = Subscriber.objects.get(address=address)
        assert (list(who.groups.all()), list(who.components.all())) == ([core], [api])
    again = "".join(export_lines(Subscriber.objects.all()))
    assert "new@example.org,api,core,incidents;maintenance;postmortems," in again
    Subscriber.objects.all().delete()
    header, *lines = again.splitlines()
    assert counts(imported(*lines, header=header)) == (2, 0, 0, 0)
    assert Subscriber.objects.filter(groups=core).count() == 2


def test_who_follows_one_incident_comes_to_nothing_else_by_an_export(page: Page, subscriber: Make) -> None:
    nothing = {f"wants_{event.value}": False for event in Event}
    subscriber("one@example.org", **nothing)
    again = "".join(export_lines(Subscriber.objects.all())).splitlines()
    Subscriber.objects.all().delete()
    assert counts(imported(*again[1:], header=again[0])) == (0, 0, 0, 1)
