"""How the page works, made of what it measures and promises: nothing here is written twice.

Private targets, addresses and secrets stay inside: see `methods`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from incidents.models import MaintenanceKind, PostmortemRule, SeverityPolicy
from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import Objective, Probe, SlaPolicy
from probes.objectives.percent import say_percent
from probes.objectives.wording import promise_in_words, say_limit
from statuspage.web import wording
from statuspage.web.component_facts import ComponentFacts, members_of, read_component_facts
from statuspage.web.facts import Facts, read_facts
from statuspage.web.pages.policy_lines import (
    NOT_SET,
    KindLine,
    SeverityLine,
    kind_line,
    postmortem_sentences,
    severity_line,
)
from statuspage.web.pages.probe_lines import ProbeLine, probe_lines
from statuspage.web.pages.rule_words import condition_of
from statuspage.web.pages.sla import markdown
from statuspage.web.readmodels import SiteInfo
from statuspage.web.selectors import reader_of, site_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLine:
    """A component's promise in one row: how fast, and when somebody is woken, or what happens instead."""

    name: str
    path: str
    target: str
    pages_when: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveLine:
    name: str
    promise: str
    say: str
    components: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodBlock:
    name: str
    path: str
    probes: tuple[ProbeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTermsLine:
    name: str
    target: str
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaTermsCard:
    name: str
    window: str
    text: SafeString
    dispute: SafeString
    tiers: tuple[TierTermsLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HowItWorksPage:
    site: SiteInfo
    path: str
    lines: tuple[ComponentLine, ...]
    objectives: tuple[ObjectiveLine, ...]
    blocks: tuple[MethodBlock, ...]
    unmeasured: tuple[str, ...]
    severities: tuple[SeverityLine, ...]
    kinds: tuple[KindLine, ...]
    postmortems: tuple[str, ...]
    sla: SlaTermsCard | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """The ladder, the policies and the SLA: what is read for this page alone."""

    severities: Sequence[SeverityPolicy]
    kinds: Sequence[MaintenanceKind]
    rules: Sequence[PostmortemRule]
    sla: SlaPolicy | None


def read_promises() -> Promises:
    """At most six queries."""
    policies = SlaPolicy.objects.current().prefetch_related("tiers__bands")
    return Promises(
        severities=list(SeverityPolicy.objects.all()),
        kinds=list(MaintenanceKind.objects.all()),
        rules=list(PostmortemRule.objects.all()),
        sla=policies.first(),
    )


def how_it_works_page() -> HowItWorksPage:
    facts = read_facts()
    more = read_component_facts([component.pk for component in facts.components], facts.now)
    return how_it_works(facts, more, read_promises())


def how_it_works(facts: Facts, more: ComponentFacts, promises: Promises) -> HowItWorksPage:
    """No query."""
    reader = reader_of(facts)
    site = site_of(facts.page, facts.now)
    measured = [component for component in facts.components if more.probes.get(component.pk)]
    return HowItWorksPage(
        site=site,
        path="/how-it-works/",
        lines=tuple(
            ComponentLine(
                name=component.name,
                path=component.get_absolute_url(),
                target=_target(component.pk, more),
                pages_when=tuple(_pages_when(more.probes[component.pk], more)),
                instead=_instead(more.probes[component.pk], more),
            )
            for component in measured
        ),
        objectives=tuple(_objective(objective, facts) for objective in more.objectives),
        blocks=tuple(
            MethodBlock(
                name=component.name,
                path=component.get_absolute_url(),
                probes=probe_lines(more.probes[component.pk], facts.places.get(component.pk, []), more.rules, reader),
            )
            for component in measured
        ),
        unmeasured=tuple(component.name for component in facts.components if component not in measured),
        severities=tuple(severity_line(policy) for policy in promises.severities),
        kinds=tuple(kind_line(kind) for kind in promises.kinds),
        postmortems=postmortem_sentences(promises.rules, facts.page.holidays),
        sla=_sla(promises.sla) if promises.sla else None,
    )


def _target(component_id: int, more: ComponentFacts) -> str:
    """`p95 below 200 ms`; without an objective the probe's own threshold, which is said to be that."""
    promised = [
        f"Heartbeat below {say_limit(objective.limit)}"
        if objective.kind == ObjectiveKind.HEARTBEAT_AGE
        else f"p{objective.percentile} below {say_limit(objective.limit)}"
        for objective in more.objectives
        if objective.limit is not None and component_id in members_of(objective)
    ]
    if promised:
        return ", ".join(promised)
    slow = sorted(probe.degraded_above for probe in more.probes[component_id] if probe.degraded_above is not None)
    return f"degraded above {wording.exactly(slow[0])}" if slow else NOT_SET


def _pages_when(probes: Sequence[Probe], more: ComponentFacts) -> list[str]:
    """The conditions of the rules that page, each with its probe where there are several."""
    found = []
    for probe in probes:
        for rule in more.rules.get(probe.pk, []):
            if rule.pages:
                words = condition_of(rule)
                found.append(f"{probe.name}: {words}" if len(probes) > 1 else words[0].upper() + words[1:])
    return found


def _instead(probes: Sequence[Probe], more: ComponentFacts) -> str:
    """What happens where nobody is paged."""
    if any(rule.pages for probe in probes for rule in more.rules.get(probe.pk, [])):
        return ""
    opening = [probe.failure_threshold for probe in probes if probe.opens_incident]
    if not opening:
        return "Not paged."
    number = min(opening)
    return (
        f"Not paged; an incident opens after {'the first failure' if number == 1 else f'{number} failures in a row'}."
    )


def _objective(objective: Objective, facts: Facts) -> ObjectiveLine:
    kind = ObjectiveKind(objective.kind)
    members = members_of(objective)
    promise = promise_in_words(
        kind,
        ObjectiveWindow(objective.window),
        target=objective.target,
        percentile=objective.percentile,
        limit=objective.limit,
        say=objective.say,
    )
    return ObjectiveLine(
        name=objective.name,
        promise=promise,
        say="" if objective.say == promise else objective.say,
        components=tuple(
            (component.name, component.get_absolute_url()) for component in facts.components if component.pk in members
        ),
    )


def _sla(policy: SlaPolicy) -> SlaTermsCard:
    return SlaTermsCard(
        name=policy.name,
        window=str(policy.get_window_display()),
        text=markdown(policy.text),
        dispute=markdown(policy.dispute),
        tiers=tuple(
            TierTermsLine(
                name=tier.name,
                target=say_percent(tier.target),
                bands=tuple(
                    f"below {say_percent(band.below)}: {say_percent(band.credit)}" for band in tier.bands.all()
                ),
            )
            for tier in policy.tiers.all()
        ),
    )
