"""What configuration and staff do to probes. Each service is one transaction."""

import os
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from components.enums import ClaimSource
from components.models import Component
from components.services import withdraw_claim
from incidents.models import SeverityPolicy
from probes.bulk import update_rows
from probes.checkers.heartbeat import heartbeat_token_hash
from probes.enums import REPORTING_KINDS
from probes.freshness import STALE_AT_LEAST, is_stale
from probes.leaving import is_in_trouble, leave_incident
from probes.models import Location, Probe, ProbeLocation, Rule
from probes.outages import restate
from probes.record import STATE_FIELDS
from probes.rules.effects import firing_rules
from probes.rules.effects import restate as restate_rules
from probes.rules.services import stop_rules, write_rules
from probes.schedule import MILLISECOND
from probes.spec import ProbeSpec
from probes.states import ProbeState, Track, forget
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import NotFound

# A new probe is looked at soon, but a thousand new ones not all at once.
FIRST_CHECK_WITHIN = timedelta(seconds=5)
NO_RESULTS = "no measurements are coming in"
# What of a specification is said by other rows.
NOT_COLUMNS = frozenset({"slug", "severity", "locations", "depends_on", "rules"})


@retry_on_conflict
@transaction.atomic
def upsert_probe(*, component: Component, spec: ProbeSpec) -> str:
    """Make the probe what its specification says. Returns "created", "changed" or "unchanged".

    A probe that was retired under this slug comes back with its history. What was measured is kept.
    Raises NotFound for an unknown severity, and what the heartbeat's token says about a missing variable.
    """
    wanted = _columns(component, spec)
    now = clock.now()
    probe = Probe.objects.select_for_update().filter(slug=spec.slug).first()
    if probe is None:
        probe = Probe.objects.create(slug=spec.slug, created_at=now, updated_at=now, **wanted)
        _place(probe, locations_of(spec), now, rows={})
        _schedule(probe, now, is_new=True)
        write_rules(probe, spec.rules)
        return "created"
    changed = [name for name, value in wanted.items() if getattr(probe, name) != value]
    was_retired = probe.retired_at is not None
    rows = {row.location: row for row in probe.locations.select_for_update().order_by("pk")}
    moved = set(locations_of(spec)) != {name for name, row in rows.items() if row.retired_at is None}
    if not changed and not was_retired and not moved:
        return "changed" if _write_rules(probe, spec, now) else "unchanged"
    if "component_id" in changed:
        _stop(probe, cause=f"{probe.name} moved to another component")
    for name in changed:
        setattr(probe, name, wanted[name])
    probe.retired_at = None
    probe.updated_at = now
    if was_retired or {"config", "component_id"} & set(changed):
        probe.awaited_since = now
    probe.save(update_fields=[*changed, "awaited_since", "retired_at", "updated_at"])
    if moved:
        _place(probe, locations_of(spec), now, rows=rows)
    if probe.is_active and (was_retired or moved or {"interval", "component_id"} & set(changed)):
        _schedule(probe, now, is_new=was_retired)
    _write_rules(probe, spec, now)
    if moved or "quorum" in changed:
        restate([probe])
        restate_rules(firing_rules([probe]), now=now)
    return "changed"


def _write_rules(probe: Probe, spec: ProbeSpec, now: datetime) -> bool:
    """Whether they changed. What never reported has its time anew then: a new rule is not broken at once."""
    is_changed = write_rules(probe, spec.rules)
    if is_changed:
        Probe.objects.filter(pk=probe.pk).update(awaited_since=now)
    return is_changed


def locations_of(spec: ProbeSpec) -> tuple[str, ...]:
    """Where it is measured from; by default from where we are ourselves."""
    return spec.locations or (settings.PROBE_LOCATION,)


@retry_on_conflict
@transaction.atomic
def retire_probe(*, probe: Probe) -> None:
    """It is no longer in the configuration: not checked any more, its claim withdrawn, its history kept."""
    now = clock.now()
    if Probe.objects.filter(pk=probe.pk, retired_at__isnull=True).update(retired_at=now, updated_at=now):
        _stop(probe, cause=f"{probe.name} was taken out of the configuration")
    probe.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def pause_probe(*, probe: Probe) -> None:
    """Not checked until it is resumed; its claim is withdrawn: we do not know."""
    if Probe.objects.filter(pk=probe.pk, is_enabled=True).update(is_enabled=False, updated_at=clock.now()):
        _stop(probe, cause=f"{probe.name} was paused")
    probe.refresh_from_db()


@retry_on_conflict
@transaction.atomic
def resume_probe(*, probe: Probe) -> None:
    """Checked again from now on; what was due in between was not missed."""
    now = clock.now()
    resumed = Probe.objects.filter(pk=probe.pk, is_enabled=False).update(
        is_enabled=True, awaited_since=now, updated_at=now
    )
    probe.refresh_from_db()
    if resumed and probe.is_active:
        _schedule(probe, now, is_new=True)


@retry_on_conflict
@transaction.atomic
def expire_stale() -> int:
    """Withdraw the claims of probes without fresh results: our workers were dead, and green would be a guess.

    Returns how many. One query while all is fresh. The next result makes its claim again.
    """
    now = clock.now()
    firing = Rule.objects.filter(probe=OuterRef("probe"), firing_since__isnull=False)
    old = (
        ProbeLocation.objects.select_for_update(of=("self",))
        .filter(last_result_at__lt=now - STALE_AT_LEAST, next_due_at__isnull=False)
        # A rule may claim something where the probe itself knows nothing.
        .filter(~Q(state=ProbeState.UNKNOWN) | Exists(firing))
        .select_related("probe__component")
        .order_by("pk")
    )
    rows = [row for row in old if is_stale(row.last_result_at, row.probe.interval, now)]
    for row in rows:
        row.track = forget(row.track)
    update_rows(ProbeLocation, rows, STATE_FIELDS)
    restate([row.probe for row in rows], silent=NO_RESULTS)
    restate_rules(firing_rules([row.probe for row in rows]), now=now)
    return len(rows)


def _columns(component: Component, spec: ProbeSpec) -> dict[str, Any]:
    columns = {field.name: getattr(spec, field.name) for field in fields(spec) if field.name not in NOT_COLUMNS}
    severity = SeverityPolicy.objects.filter(slug=spec.severity).first() if spec.severity else None
    if spec.severity and severity is None:
        raise NotFound(f"There is no severity {spec.severity!r} for the incidents of the probe {spec.slug}.")
    reports_to_us = spec.kind in REPORTING_KINDS
    return {
        **columns,
        "component_id": component.pk,
        "severity_id": severity.pk if severity else None,
        "token_hash": heartbeat_token_hash(spec.config, os.environ) if reports_to_us else "",
    }


def _place(probe: Probe, locations: Collection[str], now: datetime, *, rows: Mapping[str, ProbeLocation]) -> None:
    """Measure it from these locations and from no others; what was measured from the others is kept."""
    Location.objects.bulk_create([Location(name=name) for name in locations], ignore_conflicts=True)
    ProbeLocation.objects.bulk_create(
        [ProbeLocation(probe=probe, location=name) for name in locations if name not in rows]
    )
    back = [rows[name].pk for name in locations if name in rows and rows[name].retired_at is not None]
    gone = [row for name, row in rows.items() if name not in locations and row.retired_at is None]
    if back:
        ProbeLocation.objects.filter(pk__in=back).update(retired_at=None)
    if gone:
        _forget_schedule(gone)
        ProbeLocation.objects.filter(pk__in=[row.pk for row in gone]).update(retired_at=now)


def _schedule(probe: Probe, now: datetime, *, is_new: bool) -> None:
    """Put it on its grid at each of its locations."""
    for row in ProbeLocation.objects.select_for_update().filter(probe=probe, retired_at__isnull=True).order_by("pk"):
        grid = probe.grid(row.location)
        next_due_at = grid.after(now)
        if is_new or row.next_due_at is None:
            soon = now + (grid.phase_ms * MILLISECOND) % FIRST_CHECK_WITHIN
            next_due_at = min(next_due_at, soon)
        ProbeLocation.objects.filter(pk=row.pk).update(next_due_at=next_due_at)


def _stop(probe: Probe, *, cause: str) -> None:
    """Not due any more, nothing in flight, nothing concluded, nothing claimed, no incident that waits for it."""
    rows = list(ProbeLocation.objects.select_for_update().filter(probe=probe).order_by("pk"))
    was_in_trouble = is_in_trouble(probe, rows)
    _forget_schedule(rows)
    Probe.objects.filter(pk=probe.pk, is_held_back=True).update(is_held_back=False)
    withdraw_claim(component=probe.component, source=ClaimSource.PROBE, source_id=probe.slug, cause=cause)
    stop_rules(probe, cause=cause)
    leave_incident(probe, was_in_trouble=was_in_trouble, cause=cause)


def _forget_schedule(rows: list[ProbeLocation]) -> None:
    for row in rows:
        row.next_due_at = row.leased_until = None
        row.lease = ""
        row.track = Track()
    update_rows(ProbeLocation, rows, STATE_FIELDS)
