"""The rules of a batch, moved by its results, in the transaction that records them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.models import Component
from probes.bulk import update_rows
from probes.freshness import is_stale
from probes.measured import Measured
from probes.models import ProbeLocation, Rule, RuleState
from probes.rules.conditions import Memory, advance, start_over
from probes.rules.effects import sentence_of

MEMORY_FIELDS = ["since", "last_value", "last_sample_at", "failures", "is_firing", "last_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The rules that others may have to be told of, and those that go on firing, with what they say now."""

    told: Sequence[Rule] = ()
    renewed: Sequence[Rule] = ()

    @property
    def components(self) -> list[Component]:
        """To be locked before either is written."""
        return [rule.probe.component for rule in (*self.told, *self.renewed)]


def move_rules(
    fresh: Sequence[Measured], rows: Mapping[int, ProbeLocation], now: datetime, *, in_maintenance: Collection[int]
) -> Moved:
    """Move the rules of these results' probes; what has to follow is for `effects.restate` and `renew_sentences`.

    `rows` are the locked rows of one location, moved already. `in_maintenance` are component ids: there every rule
    starts over. No query where no probe has rules, else three.
    """
    samples = {one.probe_id: one for one in fresh if _counts(rows[one.probe_id], one)}
    if not samples:
        return Moved()
    location = rows[next(iter(samples))].location
    rules = list(Rule.objects.filter(probe__in=samples).order_by("pk"))
    known = {state.rule_id: state for state in RuleState.objects.filter(rule__in=rules, location=location)}
    told, renewed = [], []
    for rule in rules:
        rule.probe = rows[rule.probe_id].probe
        state = known.get(rule.pk) or RuleState(rule=rule, location=location)
        rests = rule.probe.component_id in in_maintenance
        if _move(rule, state, samples[rule.probe_id], now, rests=rests):
            told.append(rule)
        elif state.is_firing and rule.firing_since is not None:
            rule.said = sentence_of(rule, state, now)
            renewed.append(rule)
        known[rule.pk] = state
    born = [state for state in known.values() if state.pk is None]
    update_rows(RuleState, [state for state in known.values() if state.pk is not None], MEMORY_FIELDS)
    RuleState.objects.bulk_create(born)
    return Moved(told=told, renewed=renewed)


def _counts(row: ProbeLocation, one: Measured) -> bool:
    """Late results and those of a probe paused meanwhile move nothing."""
    return row.probe.has_rules and row.probe.is_active and row.last_scheduled_at == one.scheduled_at


def _move(rule: Rule, state: RuleState, one: Measured, now: datetime, *, rests: bool) -> bool:
    """Whether others may have to be told."""
    old = state.memory
    was_silent = is_stale(state.last_at, rule.probe.interval, now)
    before = start_over(old) if was_silent else old
    new = Memory() if rests else advance(rule.condition, before, one.result, at=one.scheduled_at)
    state.memory = new
    state.last_at = now
    return old.is_firing != new.is_firing or (new.is_firing and was_silent) or rule.is_held_back
