"""Messages that are one HTTP request each: webhooks and chats (`subscriptions.hooks`).

This half talks to the database: it takes what is due, batch after batch, hands it to `posting`, and records what
became of it in small groups. A request that hangs holds up only its own receiver: others begin beside it, and more is
taken while it is waited for.
"""

import time
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from datetime import timedelta
from itertools import groupby

from django.conf import settings

from statuspage.core import stopping
from subscriptions import hook_results, ledger
from subscriptions.enums import Channel
from subscriptions.hooks import FORMATS, Answer, Verdict
from subscriptions.ledger import Batch, Failure, Tally
from subscriptions.senders.hook_messages import MessageWriter
from subscriptions.senders.places import Places
from subscriptions.senders.posting import Job, Posted, Poster
from subscriptions.senders.waiting import Waiting

CHANNELS = frozenset({Channel.WEBHOOK, Channel.SLACK, Channel.TEAMS, Channel.DISCORD}) & frozenset(FORMATS)
BATCH = 200
TAKE_MORE_FOR_SECONDS = 120.0
TAKE_MORE_EVERY_SECONDS = 0.5
# Then what has not begun is given back: a task that takes five minutes is killed, and others wait behind a slow one.
RUN_FOR_SECONDS = 150.0
# With so many waiting here that could begin no more is taken, with so many of one host none of it, and none of a
# receiver with so many: it gets them one after another, however slow it is.
ENOUGH_WAITING = 200
ENOUGH_OF_A_HOST = 150
ENOUGH_OF_A_RECEIVER = 10
LOOK_EVERY = timedelta(milliseconds=100)
# Twice as long as a message may take: none is begun that could outlive its lease.
EXTEND_BELOW_SECONDS = 30.0
FINISH_WITHIN_SECONDS = 3.0
# Less than is left of a lease that is extended in time, more than a message may take.
FINISH_IN_PEACE_SECONDS = 25.0
HOST_WAITS = timedelta(minutes=1)
CANNOT_BE_WRITTEN = Answer(verdict=Verdict.RETRY, words="We could not write this message.")
HOST_IS_DOWN = "Not tried: its host did not answer others just now."


def send_hooks(batch: Batch) -> Tally:
    """Send the batch, and what falls due meanwhile, for about two minutes at most."""
    with Poster(settings.OUTBOUND_ALLOWED_HOSTS) as poster:
        run = _Run(poster)
        run.take(batch)
        run.to_the_end()
        return run.tally


class _Run:
    """What one sender holds: messages that wait here, and those under way."""

    def __init__(self, poster: Poster) -> None:
        self.tally = Tally()
        self._poster = poster
        self._writer = MessageWriter()
        self._places = Places()
        self._waiting = Waiting()
        self._under_way: dict[int, Job] = {}
        self._take_until = time.monotonic() + TAKE_MORE_FOR_SECONDS
        self._run_until = time.monotonic() + RUN_FOR_SECONDS
        self._take_next = 0.0

    def take(self, batch: Batch) -> None:
        """Put a batch to what waits; record those whose recipients have left."""
        unwanted = [delivery for delivery in batch.deliveries if not delivery.is_wanted]
        if unwanted:
            self.tally.suppressed += ledger.record_unwanted(batch, unwanted)
        jobs, broken = self._writer.jobs_of(batch, [one for one in batch.deliveries if one not in unwanted])
        for job in jobs:
            self._waiting.add(job)
        for delivery in broken:
            wait = hook_results.wait_after(delivery, CANNOT_BE_WRITTEN)
            ledger.record_failure(batch.lease, delivery, Failure(words=CANNOT_BE_WRITTEN.words, wait=wait))
            self._count_failure(wait)

    def to_the_end(self) -> None:
        while not stopping.is_asked() and time.monotonic() < self._run_until:
            # First of all: after a jump of the clock our own would be taken for what is due.
            self._extend_leases()
            self._take_more()
            self._put_off()
            self._begin()
            if not self._under_way and not self._waiting:
                return
            self._record(self._poster.results(wait=LOOK_EVERY))
        self._give_back()

    def _take_more(self) -> None:
        now = time.monotonic()
        if now > self._take_until or now < self._take_next or self._waiting.could_begin() >= ENOUGH_WAITING:
            return
        waiting = self._waiting.everything()
        batch = ledger.claim_due_batch(
            CHANNELS,
            BATCH,
            without_hosts=_with_many((job.host for job in waiting), ENOUGH_OF_A_HOST) | self._places.down(),
            without_subscribers=_with_many((job.receiver for job in waiting), ENOUGH_OF_A_RECEIVER),
        )
        self.take(batch)
        if not batch.deliveries:
            self._take_next = now + TAKE_MORE_EVERY_SECONDS

    def _extend_leases(self) -> None:
        for batch, jobs in _by_batch([*self._waiting.everything(), *self._under_way.values()]):
            if batch.seconds_left < EXTEND_BELOW_SECONDS:
                ours = ledger.extend(batch, [job.message.delivery for job in jobs])
                # Another sender has the others; what of them is under way is not recorded by us.
                self._waiting.drop({job.key for job in jobs} - {delivery.pk for delivery in ours})

    def _put_off(self) -> None:
        for host in self._places.down():
            jobs = self._waiting.of(host)
            for batch, group in _by_batch(jobs):
                deliveries = [job.message.delivery for job in group]
                self.tally.postponed += ledger.postpone(batch, deliveries, wait=HOST_WAITS, words=HOST_IS_DOWN)
            self._waiting.drop({job.key for job in jobs})

    def _begin(self) -> None:
        """As many as there are places for, host by host in turn."""
        begun = True
        while begun:
            begun = False
            for host in self._waiting.hosts():
                now = time.monotonic()
                job = self._waiting.next(host) if self._places.has_room(host, now) else None
                if job is not None:
                    self._under_way[job.key] = job
                    self._places.begin(host, job.key, now)
                    self._poster.start(self._writer.up_to_date(job))
                    begun = True

    def _record(self, results: Sequence[Posted]) -> None:
        accepted = [posted for posted in results if posted.answer.verdict is Verdict.ACCEPTED]
        for posted in accepted:
            hook_results.answered(posted.job.message, posted.answer, is_final=True)
        for (lease, status), group in groupby(sorted(accepted, key=_lease_and_status), key=_lease_and_status):
            ids = [posted.job.key for posted in group]
            self.tally.sent += ledger.record_sent(lease, ids, status_code=status)
        hook_results.accepted([(posted.job.message, posted.answer) for posted in accepted])
        self._writer.note_remote_ids(accepted)
        for posted in results:
            if posted.answer.verdict is not Verdict.ACCEPTED:
                self._record_failure(posted)
            job = self._under_way.pop(posted.job.key)
            self._places.end(job.host, job.key, time.monotonic(), answered=posted.spares_the_host)
            self._waiting.done(job)

    def _record_failure(self, posted: Posted) -> None:
        message = posted.job.message
        wait = hook_results.wait_after(message.delivery, posted.answer)
        hook_results.answered(message, posted.answer, is_final=wait is None)
        failure = Failure(words=posted.answer.words, wait=wait, status_code=posted.status)
        if not ledger.record_failure(posted.job.batch.lease, message.delivery, failure):
            return
        self._count_failure(wait)
        hook_results.failed(message, posted.answer, is_ours=posted.is_ours)

    def _count_failure(self, wait: timedelta | None) -> None:
        if wait is None:
            self.tally.failed += 1
        else:
            self.tally.postponed += 1

    def _give_back(self) -> None:
        """What is under way may still end, not for long if we were asked to stop; the rest is for the next sender."""
        self._release(self._waiting.everything())
        begun = time.monotonic()
        while self._under_way and time.monotonic() - begun < _seconds_to_finish():
            self._record(self._poster.results(wait=LOOK_EVERY))
        self._release(self._under_way.values())

    def _release(self, jobs: Iterable[Job]) -> None:
        for batch, group in _by_batch(jobs):
            self.tally.postponed += ledger.release(batch, [job.message.delivery for job in group])


def _seconds_to_finish() -> float:
    return FINISH_WITHIN_SECONDS if stopping.is_asked() else FINISH_IN_PEACE_SECONDS


def _with_many[Key: Hashable](keys: Iterable[Key], enough: int) -> set[Key]:
    return {key for key, number in Counter(keys).items() if number >= enough}


def _by_batch(jobs: Iterable[Job]) -> list[tuple[Batch, list[Job]]]:
    found: dict[str, tuple[Batch, list[Job]]] = {}
    for job in jobs:
        found.setdefault(job.batch.lease, (job.batch, []))[1].append(job)
    return list(found.values())


def _lease_and_status(posted: Posted) -> tuple[str, int]:
    return posted.job.batch.lease, posted.status or 0
