"""Staff, a probe, two writers and a moving clock, in any order: what has to hold whatever they do.

The real services write to the database of the run. A rule never knows what the services will answer: it asks, and
looks at what is there afterwards.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, StatusClaim
from incidents.enums import TRANSITIONS, DueReason, IncidentStatus, NoticeKind, Origin
from incidents.models import Incident, IncidentUpdate, Notice, UpdateRevision
from incidents.services import (
    DuplicateIncident,
    PastUpdate,
    edit_incident,
    edit_update,
    merge_incident,
    open_incident,
    post_update,
    record_incident,
    resolve_incident,
)
from statuspage.core import clock
from statuspage.core.errors import DomainError, StaleRevision

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = "probe:api"
SAID = st.sampled_from(
    [ComponentStatus.OPERATIONAL, ComponentStatus.DEGRADED_PERFORMANCE, ComponentStatus.MAJOR_OUTAGE]
)
STATUSES = st.sampled_from(list(IncidentStatus))
SEVERITIES = st.sampled_from(["critical", "major", "minor"])
TEXTS = st.sampled_from(["We look.", "Found it.", "{{7*7}} ]]>", "Still looking.", "\x00"])
PROMISES = st.sampled_from([None, None, timedelta(minutes=15), timedelta(hours=1), timedelta(0)])
WHICH = st.integers(min_value=0, max_value=5)


class Page(RuleBasedStateMachine):
    """A page with two components, and everybody who writes on it."""

    def __init__(self) -> None:
        super().__init__()
        self.traveller = time_machine.travel(NOON, tick=False)
        self.clock = self.traveller.start()
        # Each run begins with empty tables and leaves none of its rows.
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.notified = 0
        self.seen: dict[int, int] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)
        self.traveller.stop()

    @initialize()
    def components(self) -> None:
        self.parts = [Component.objects.create(slug=slug, name=slug.upper()) for slug in ("api", "web")]

    def ask(self, service: Callable[[], Any], *, tells: bool) -> bool:
        """Whether the service did it. A refusal leaves everything as it was."""
        before = everything()
        try:
            with transaction.atomic():
                service()
        except DomainError:
            assert everything() == before
            return False
        self.notified += tells
        return True

    def one(self, which: int) -> Incident | None:
        rows = list(Incident.objects.order_by("pk"))
        return rows[which % len(rows)] if rows else None

    @rule(severity=SEVERITIES, status=STATUSES, text=TEXTS, said=SAID, notify=st.booleans(), promised=PROMISES)
    def staff_declare(
        self, severity: str, status: IncidentStatus, text: str, said: Any, notify: Any, promised: Any
    ) -> None:
        self.ask(
            lambda: open_incident(
                title="Something fails",
                severity=severity,
                message=text,
                impacts={self.parts[0]: said},
                status=status,
                author="ada",
                notify=notify,
                next_update_in=promised,
            ),
            tells=notify,
        )

    @rule()
    def probe_opens(self) -> None:
        known, existing = Incident.objects.open().filter(dedupe_key=KEY).first(), None
        try:
            with transaction.atomic():
                open_incident(
                    title="API is not responding",
                    severity="critical",
                    message="It fails.",
                    impacts={self.parts[0]: ComponentStatus.MAJOR_OUTAGE},
                    origin=Origin.PROBE,
                    dedupe_key=KEY,
                )
            self.notified += 1
        except DuplicateIncident as error:
            existing = error.existing
        assert existing == known

    @rule()
    def probe_resolves(self) -> None:
        known = Incident.objects.open().filter(dedupe_key=KEY).first()
        if known is not None:
            assert self.ask(lambda: resolve_incident(incident=known, message="It answers again."), tells=True)

    @rule()
    def probe_reopens(self) -> None:
        last = Incident.objects.shown().resolved().filter(dedupe_key=KEY).order_by("-resolved_at").first()
        if last is not None and not Incident.objects.open().filter(dedupe_key=KEY).exists():
            status = IncidentStatus.INVESTIGATING
            assert self.ask(lambda: post_update(incident=last, status=status, message="It fails again."), tells=True)

    @rule(which=WHICH, status=STATUSES, text=TEXTS, said=SAID, notify=st.booleans(), promised=PROMISES)
    def staff_post(self, which: int, status: IncidentStatus, text: str, said: Any, notify: Any, promised: Any) -> None:
        incident = self.one(which)
        if incident is None:
            return
        legal = incident.merged_into is None and status in TRANSITIONS[incident.state]
        done = self.ask(
            lambda: post_update(
                incident=incident,
                status=status,
                message=text,
                impacts={self.parts[1]: said},
                author="ada",
                notify=notify,
                next_update_in=promised,
            ),
            tells=notify,
        )
        assert legal or not done

    @rule(which=WHICH)
    def somebody_looks(self, which: int) -> None:
        incident = self.one(which)
        if incident is not None:
            self.seen[incident.pk] = incident.revision

    @precondition(lambda self: self.seen)
    @rule(which=WHICH, resolves=st.booleans())
    def somebody_posts_what_they_wrote_then(self, which: int, resolves: Any) -> None:
        pk = sorted(self.seen)[which % len(self.seen)]
        incident, seen = Incident.objects.get(pk=pk), self.seen[pk]
        status = IncidentStatus.RESOLVED if resolves else IncidentStatus.IDENTIFIED
        stale, before = incident.revision != seen, incident.updates.count()
        try:
            with transaction.atomic():
                post_update(incident=incident, status=status, message="Mine.", author="bob", expected_revision=seen)
        except StaleRevision:
            assert stale
            assert incident.updates.count() == before
        except DomainError:
            assert not stale
        else:
            assert not stale
            self.notified += 1

    @rule(which=WHICH, text=TEXTS, back=st.integers(min_value=-10, max_value=90))
    def staff_edit_a_word(self, which: int, text: str, back: int) -> None:
        updates = list(IncidentUpdate.objects.order_by("pk"))
        if not updates:
            return
        update = updates[which % len(updates)]
        body, kept = update.body, UpdateRevision.objects.count()
        at = clock.now() - timedelta(minutes=back)
        if self.ask(lambda: edit_update(update=update, message=text, display_at=at), tells=False):
            newest = UpdateRevision.objects.order_by("pk").last()
            assert UpdateRevision.objects.count() == kept or (newest is not None and newest.body == body)

    @rule(which=WHICH, severity=SEVERITIES, private=st.booleans())
    def staff_correct(self, which: int, severity: str, private: Any) -> None:
        incident = self.one(which)
        if incident is None:
            return
        was_late = incident.is_overdue(clock.now())
        edit_incident(
            incident=incident,
            title="Corrected",
            severity=severity,
            private=private,
            data_impact=False,
            root_cause_summary="",
            remediation="",
        )
        assert was_late or not incident.is_overdue(clock.now())

    @rule(which=WHICH, other=WHICH, text=st.sampled_from(["", "It is one and the same."]))
    def staff_merge(self, which: int, other: int, text: str) -> None:
        duplicate, into = self.one(which), self.one(other)
        if duplicate is None or into is None:
            return
        told = Notice.objects.count()
        words = into.updates.count()
        if self.ask(lambda: merge_incident(duplicate=duplicate, into=into, message=text), tells=False):
            said = into.updates.count() - words
            assert Notice.objects.count() - told == said <= 1
            self.notified += said

    @rule(last=STATUSES, said=SAID, notify=st.booleans())
    def staff_write_down(self, last: IncidentStatus, said: Any, notify: Any) -> None:
        now = clock.now()
        updates = [
            PastUpdate(
                status=IncidentStatus.IDENTIFIED,
                message="It was found.",
                at=now - timedelta(minutes=40),
                impacts={self.parts[1]: said},
            ),
            PastUpdate(status=last, message="And then.", at=now - timedelta(minutes=5)),
        ]
        began = now - timedelta(hours=1)
        done = self.ask(
            lambda: record_incident(
                title="Earlier", severity="major", started_at=began, updates=updates, notify=notify
            ),
            tells=notify,
        )
        assert done

    @rule(minutes=st.sampled_from([1, 10, 45, 60 * 24, -60, -60]))
    def time_goes_by(self, minutes: int) -> None:
        """By an hour backwards, too."""
        self.clock.shift(timedelta(minutes=minutes))

    @rule(which=WHICH, resolves=st.booleans())
    def our_clock_is_set_back_and_somebody_posts(self, which: int, resolves: Any) -> None:
        """What is right at the time matters most in the minute in which it is wrong."""
        rows = list(Incident.objects.open().order_by("pk"))
        if not rows:
            return
        self.clock.shift(timedelta(minutes=-7))
        incident = rows[which % len(rows)]
        status = IncidentStatus.RESOLVED if resolves else incident.state
        assert self.ask(
            lambda: post_update(incident=incident, status=status, message="Then.", author="ada"), tells=True
        )

    @invariant()
    def states_are_whole(self) -> None:
        for incident in Incident.objects.all():
            assert incident.status in IncidentStatus.values
            assert (incident.resolved_at is not None) is (incident.status == IncidentStatus.RESOLVED)
            assert incident.resolved_at is None or incident.resolved_at >= incident.started_at
            assert incident.is_open or incident.next_update_due_at is None
            assert (incident.due_reason in DueReason.values) is (incident.next_update_due_at is not None)
            assert incident.merged_into is None or incident.merged_into.merged_into is None

    @invariant()
    def references_are_unique(self) -> None:
        references = list(Incident.objects.values_list("reference", flat=True))
        assert len(references) == len(set(references))

    @invariant()
    def words_stand_in_the_order_they_were_said(self) -> None:
        for incident in Incident.objects.all():
            updates = list(incident.updates.order_by("display_at", "pk"))
            assert [update.pk for update in updates] == sorted(update.pk for update in updates)
            assert updates[-1].status == incident.status or incident.merged_into is not None
            steps = [IncidentStatus(update.status) for update in updates]
            assert all(new in TRANSITIONS[old] for old, new in pairwise(steps))

    @invariant()
    def claims_are_those_of_open_incidents(self) -> None:
        said = {
            (incident.public_id, row.component_id): row.status
            for incident in Incident.objects.open()
            for row in incident.affected.all()
            if row.status != ComponentStatus.OPERATIONAL
        }
        claims = StatusClaim.objects.filter(source=ClaimSource.INCIDENT)
        assert {(claim.source_id, claim.component_id): claim.status for claim in claims} == said

    @invariant()
    def whoever_is_told_is_told_once(self) -> None:
        told = Notice.objects.filter(kind__startswith="incident.")
        assert told.count() == self.notified
        assert IncidentUpdate.objects.filter(notify=True).count() == self.notified
        assert told.values("update").distinct().count() == self.notified
        assert set(told.values_list("kind", flat=True)) <= set(NoticeKind.values)


def everything() -> tuple[object, ...]:
    """What a refusal must leave as it was."""
    return (
        list(Incident.objects.order_by("pk").values_list()),
        list(IncidentUpdate.objects.order_by("pk").values_list()),
        list(StatusClaim.objects.order_by("pk").values_list()),
        list(UpdateRevision.objects.order_by("pk").values_list()),
        Notice.objects.count(),
    )


@pytest.mark.django_db
def test_whatever_anybody_does_in_whatever_order_the_page_stays_true() -> None:
    run_state_machine_as_test(
        Page,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
