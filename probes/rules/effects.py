"""What a rule that fires means for others: its claim on the component, an incident, a signal to on-call.

A rule fires where so many of the probe's locations with fresh results see its condition as the probe's quorum asks
for. All of it happens in the transaction that found it out, and each step looks at what is there, so that doing it
twice changes nothing the second time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from components.enums import ClaimSource, ComponentStatus
from components.services import claim_status, lock_components, withdraw_claim
from incidents.enums import SignalSource
from incidents.signals import raise_signal, resolve_signal
from probes.bulk import update_rows
from probes.dependencies import suppressed
from probes.enums import RuleKind
from probes.freshness import is_stale
from probes.locations import needed_of
from probes.models import DETAIL_LENGTH, Probe, ProbeLocation, Rule, RuleState
from probes.outages import open_about
from probes.rules.sentences import fill, say_moment, say_number, say_span
from probes.trouble import Trouble
from probes.wording import failing_title
from statuspage.core import clock

TITLES: dict[RuleKind, str] = {
    RuleKind.LATENCY_ABOVE: "{} is slow",
    RuleKind.HEARTBEAT_OLDER_THAN: "No recent heartbeat from {}",
}
DEFAULT_TITLE = "{} needs attention"


def restate(rules: Collection[Rule], *, now: datetime) -> None:
    """Make claims, incidents and signals what these rules find now. Their probe's component is read with them.

    Three queries where nothing begins, ends or waits.
    """
    if not rules:
        return
    lock_components(rule.probe.component for rule in rules)
    # Read after the lock: of two locations recorded at once the second sees what the first has found.
    current = list(
        Rule.objects.filter(pk__in=[rule.pk for rule in rules])
        .select_related("probe__component", "probe__severity", "severity")
        .order_by("probe__component_id", "probe_id", "position")
    )
    states = _fresh_states(current, now)
    waiting = suppressed({rule.probe_id for rule in current if rule.opens_incident or rule.pages})
    for rule in current:
        seen = states[rule.pk]
        firing = [state for state in seen if state.is_firing]
        if not seen:
            _know_nothing(rule)
        elif len(firing) >= needed_of(len(seen), rule.probe.quorum):
            _fire(rule, firing[0], now, waits=rule.probe_id in waiting)
        elif rule.firing_since is not None:
            cease([rule], cause=f"{rule.probe.name}: no longer")


def firing_rules(probes: Iterable[Probe]) -> list[Rule]:
    """Those of these probes that fire. No query where none of them has rules."""
    by_id = {probe.pk: probe for probe in probes if probe.has_rules}
    if not by_id:
        return []
    rules = list(Rule.objects.filter(probe__in=by_id, firing_since__isnull=False))
    for rule in rules:
        rule.probe = by_id[rule.probe_id]
    return rules


def cease(rules: Sequence[Rule], *, cause: str) -> None:
    """These rules fire no more: their claims are withdrawn and their signals resolved.

    Their incident is ended like that of an outage, once all is well (`probes.outages.settle`).
    """
    for rule in rules:
        if rule.claims is not None:
            withdraw_claim(
                component=rule.probe.component, source=ClaimSource.PROBE, source_id=source_id(rule), cause=cause
            )
        if rule.pages:
            resolve_signal(fingerprint=fingerprint(rule))
    Rule.objects.filter(pk__in=[rule.pk for rule in rules]).update(
        firing_since=None, ceased_at=clock.now(), said="", is_held_back=False
    )


def renew_sentences(rules: Sequence[Rule]) -> None:
    """What rules that go on firing say now. Their components are locked: one query."""
    if rules:
        update_rows(Rule, rules, ["said"])


def sentence_of(rule: Rule, state: RuleState, now: datetime) -> str:
    """Its words with the numbers of now. Reads the rule's probe."""
    kind = RuleKind(rule.kind)
    since = state.since or now
    words = {
        "value": say_number(kind, state.last_value),
        "limit": say_number(kind, rule.limit),
        "for": say_span(max(now - since, timedelta())),
        "since": say_moment(since, now=now),
        "name": rule.probe.name,
    }
    return fill(rule.sentence, words)[:DETAIL_LENGTH]


def source_id(rule: Rule) -> str:
    return f"{rule.probe.slug}#{rule.slug}"


def fingerprint(rule: Rule) -> str:
    return f"probe:{source_id(rule)}"


def trouble_of(rule: Rule, since: datetime | None) -> Trouble:
    """A firing rule as something that an incident is about."""
    component, kind = rule.probe.component, RuleKind(rule.kind)
    title = failing_title(rule.probe) if kind is RuleKind.CONSECUTIVE_FAILURES else TITLES.get(kind, DEFAULT_TITLE)
    return Trouble(
        probe=rule.probe,
        title=title.format(component.name),
        sentence=rule.said,
        since=since or rule.firing_since,
        impact=rule.claims or ComponentStatus.DEGRADED_PERFORMANCE,
        severity=rule.severity or rule.probe.severity,
    )


def _fresh_states(rules: Collection[Rule], now: datetime) -> dict[int, list[RuleState]]:
    """By rule: the states at the probe's locations that have results young enough to say something. Two queries."""
    probes: dict[int, Probe] = {rule.probe_id: rule.probe for rule in rules}
    places = set(ProbeLocation.objects.active().filter(probe__in=probes).values_list("probe_id", "location"))
    probe_of = {rule.pk: rule.probe_id for rule in rules}
    found: dict[int, list[RuleState]] = defaultdict(list)
    for state in RuleState.objects.filter(rule__in=probe_of).order_by("pk"):
        probe = probes[probe_of[state.rule_id]]
        if (probe.pk, state.location) in places and not is_stale(state.last_at, probe.interval, now):
            found[state.rule_id].append(state)
    return found


def _know_nothing(rule: Rule) -> None:
    """No fresh result at all: nothing is claimed. What was told to on-call stands until a result says otherwise."""
    if rule.firing_since is not None and rule.claims is not None:
        withdraw_claim(
            component=rule.probe.component,
            source=ClaimSource.PROBE,
            source_id=source_id(rule),
            cause="no measurements are coming in",
        )


def _fire(rule: Rule, state: RuleState, now: datetime, *, waits: bool) -> None:
    begins, was_held_back = rule.firing_since is None, rule.is_held_back
    rule.said = sentence_of(rule, state, now)
    rule.firing_since = rule.firing_since or now
    rule.is_held_back = (begins or was_held_back) and waits and (rule.opens_incident or rule.pages)
    Rule.objects.filter(pk=rule.pk).update(
        firing_since=rule.firing_since, said=rule.said, is_held_back=rule.is_held_back
    )
    if rule.claims is not None:
        claim_status(
            component=rule.probe.component,
            status=rule.claims,
            source=ClaimSource.PROBE,
            source_id=source_id(rule),
            cause=rule.said,
        )
    if (begins or was_held_back) and not rule.is_held_back:
        _tell(rule, state)


def _tell(rule: Rule, state: RuleState) -> None:
    trouble = trouble_of(rule, state.since)
    if rule.opens_incident:
        open_about(trouble)
    if rule.pages:
        raise_signal(
            source=SignalSource.RULE,
            fingerprint=fingerprint(rule),
            title=trouble.title,
            detail=rule.said,
            component=rule.probe.component,
            evidence={
                "probe": rule.probe.slug,
                "rule": rule.slug,
                "when": rule.kind,
                "value": state.last_value,
                "limit": rule.limit,
                "since": state.since,
                "location": state.location,
            },
        )
