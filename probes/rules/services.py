"""What configuration does to rules. Called inside the transaction of whoever changes the probe."""

from collections.abc import Sequence
from typing import Any

from incidents.models import SeverityPolicy
from probes.enums import RuleEffect, RuleKind
from probes.models import Probe, Rule, RuleState
from probes.rules.effects import cease
from probes.rules.spec import RuleSpec
from statuspage.core.errors import NotFound


def write_rules(probe: Probe, specs: Sequence[RuleSpec]) -> bool:
    """Make the probe's rules what the configuration says. Returns whether anything changed.

    A rule that differs starts over: what it claimed under its old words is withdrawn. Raises NotFound for an unknown
    severity. One query while nothing changes, none where there are no rules.
    """
    if not specs and not probe.has_rules:
        return False
    rows = {row.slug: row for row in Rule.objects.filter(probe=probe).select_related("severity")}
    changed = False
    for position, spec in enumerate(specs):
        row = rows.pop(spec.slug, None)
        if row is not None and spec_of(row) == spec:
            if row.position != position:
                Rule.objects.filter(pk=row.pk).update(position=position)
                changed = True
            continue
        changed = True
        values = _columns(probe, spec)
        if row is None:
            Rule.objects.create(probe=probe, slug=spec.slug, position=position, **values)
        else:
            row.probe = probe
            _forget([row], cause=f"a rule of {probe.name} was changed")
            Rule.objects.filter(pk=row.pk).update(position=position, **values)
    if rows:
        for row in rows.values():
            row.probe = probe
        _forget(list(rows.values()), cause=f"a rule of {probe.name} was taken out of the configuration")
        Rule.objects.filter(pk__in=[row.pk for row in rows.values()]).delete()
        changed = True
    if probe.has_rules != bool(specs):
        probe.has_rules = bool(specs)
        Probe.objects.filter(pk=probe.pk).update(has_rules=probe.has_rules)
    return changed


def stop_rules(probe: Probe, *, cause: str) -> None:
    """The probe is not measured any more: its rules fire no more and remember nothing."""
    if probe.has_rules:
        rules = list(Rule.objects.filter(probe=probe).select_related("severity"))
        for rule in rules:
            rule.probe = probe
        _forget(rules, cause=cause)


def spec_of(rule: Rule) -> RuleSpec:
    """The rule as the configuration would say it. Reads its severity."""
    return RuleSpec(
        slug=rule.slug,
        kind=RuleKind(rule.kind),
        limit=rule.limit,
        lasting=rule.lasting,
        value=rule.value,
        effects=rule.effects,
        severity=rule.severity.slug if rule.severity else "",
        sentence=rule.sentence,
    )


def _forget(rules: Sequence[Rule], *, cause: str) -> None:
    RuleState.objects.filter(rule__in=rules).delete()
    cease([rule for rule in rules if rule.firing_since is not None], cause=cause)


def _columns(probe: Probe, spec: RuleSpec) -> dict[str, Any]:
    severity = SeverityPolicy.objects.filter(slug=spec.severity).first() if spec.severity else None
    if spec.severity and severity is None:
        raise NotFound(f"There is no severity {spec.severity!r} for the rule {spec.slug} of the probe {probe.slug}.")
    return {
        "kind": spec.kind,
        "limit": spec.limit,
        "lasting": spec.lasting,
        "value": spec.value,
        "degrades": RuleEffect.DEGRADE in spec.effects,
        "fails": RuleEffect.FAIL in spec.effects,
        "opens_incident": RuleEffect.INCIDENT in spec.effects,
        "pages": RuleEffect.PAGE in spec.effects,
        "severity": severity,
        "sentence": spec.sentence,
    }
