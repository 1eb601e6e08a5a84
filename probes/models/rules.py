"""Rules on a probe's results, and where each of them stands."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from components.enums import ComponentStatus
from incidents.models import SeverityPolicy
from probes.enums import RuleEffect, RuleKind
from probes.models.probe import DETAIL_LENGTH, LOCATION_LENGTH, Probe
from probes.rules.conditions import Condition, Memory

RULE_SLUG_LENGTH = 40


class Rule(models.Model):
    """One condition on the results of a probe, and what it does while it holds, as the configuration says it.

    `firing_since` is when it began to: where so many locations as the probe's quorum asks for see it. `said` is its
    sentence with the numbers of the newest result.
    """

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="rules")
    slug = models.SlugField(max_length=RULE_SLUG_LENGTH)
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=24, choices=RuleKind)
    limit = models.FloatField(default=0, help_text="Milliseconds, seconds, failures, or the unit of the number.")
    lasting = models.DurationField(default=timedelta(), help_text="It fires once the condition held for so long.")
    value = models.CharField(max_length=60, blank=True, help_text="Which number it is about.")
    degrades = models.BooleanField(default=False)
    fails = models.BooleanField(default=False)
    opens_incident = models.BooleanField(default=False)
    pages = models.BooleanField(default=False)
    severity = models.ForeignKey(
        SeverityPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="rules"
    )
    sentence = models.CharField(max_length=300, help_text="What the page says while it fires.")
    firing_since = models.DateTimeField(null=True, editable=False)
    ceased_at = models.DateTimeField(null=True, editable=False, help_text="When it last ceased to fire.")
    said = models.CharField(max_length=DETAIL_LENGTH, blank=True, editable=False)
    is_held_back = models.BooleanField(
        default=False, editable=False, help_text="It fires, and its page and incident wait for a dependency."
    )

    class Meta:
        ordering = ["probe_id", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["probe", "slug"], name="one_rule_a_slug"),
            models.CheckConstraint(condition=Q(kind__in=RuleKind.values), name="rule_kind_is_known"),
            models.CheckConstraint(
                condition=Q(degrades=True) | Q(fails=True) | Q(opens_incident=True) | Q(pages=True),
                name="rule_does_something",
            ),
        ]
        indexes = [models.Index(fields=["probe"], condition=Q(firing_since__isnull=False), name="rules_firing")]

    def __str__(self) -> str:
        return f"{self.probe_id}#{self.slug}"

    @property
    def condition(self) -> Condition:
        return Condition(kind=RuleKind(self.kind), limit=self.limit, lasting=self.lasting, value=self.value)

    @property
    def claims(self) -> ComponentStatus | None:
        """What it says of the component while it fires; None where it says nothing."""
        if self.fails:
            return ComponentStatus.MAJOR_OUTAGE
        return ComponentStatus.DEGRADED_PERFORMANCE if self.degrades else None

    @property
    def effects(self) -> tuple[RuleEffect, ...]:
        """In the order of the enumeration."""
        does = {
            RuleEffect.DEGRADE: self.degrades,
            RuleEffect.FAIL: self.fails,
            RuleEffect.INCIDENT: self.opens_incident,
            RuleEffect.PAGE: self.pages,
        }
        return tuple(effect for effect, is_done in does.items() if is_done)


class RuleState(models.Model):
    """Where a rule stands at one location: the memory of its condition after the result of `last_at`."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="states")
    location = models.CharField(max_length=LOCATION_LENGTH)
    since = models.DateTimeField(null=True, help_text="Since when the condition holds without a break.")
    last_value = models.FloatField(null=True)
    last_sample_at = models.DateTimeField(null=True, help_text="Of the newest number, where it has to grow.")
    failures = models.PositiveIntegerField(default=0)
    is_firing = models.BooleanField(default=False)
    last_at = models.DateTimeField(null=True, help_text="When the newest result came.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "location"], name="one_state_a_rule_and_location")]

    def __str__(self) -> str:
        return f"{self.rule_id} at {self.location}: {'firing' if self.is_firing else 'quiet'}"

    @property
    def memory(self) -> Memory:
        return Memory(
            since=self.since,
            value=self.last_value,
            sampled_at=self.last_sample_at,
            failures=self.failures,
            is_firing=self.is_firing,
        )

    @memory.setter
    def memory(self, memory: Memory) -> None:
        self.since = memory.since
        self.last_value = memory.value
        self.last_sample_at = memory.sampled_at
        self.failures = memory.failures
        self.is_firing = memory.is_firing
