"""The severity ladder, and what makes a postmortem due."""

from django.db import models
from django.db.models import Q

from incidents.enums import Impact, Promise


class SeverityPolicy(models.Model):
    """One rung of the severity ladder: what it means and what it promises."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(default=1, help_text="1 is the worst.")
    description = models.CharField(max_length=500, blank=True)
    impact = models.CharField(max_length=16, choices=Impact, default=Impact.MINOR)
    first_update = models.DurationField(null=True, blank=True, help_text="The first public word comes within this.")
    update_every = models.DurationField(null=True, blank=True, help_text="Empty: no cadence is promised.")
    promise = models.CharField(
        max_length=16, choices=Promise, default=Promise.BY, help_text="How the next update is promised."
    )
    inline_summary = models.BooleanField(
        default=False, help_text="Resolving asks for a summary, which stands with the resolved entry."
    )
    postmortem_business_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty: no postmortem is required."
    )

    class Meta:
        ordering = ["rank", "slug"]
        verbose_name_plural = "severity policies"
        constraints = [
            models.CheckConstraint(condition=Q(impact__in=Impact.values), name="severity_impact_is_known"),
            models.CheckConstraint(condition=Q(promise__in=Promise.values), name="severity_promise_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class PostmortemRule(models.Model):
    """Incidents of which a postmortem is owed, whatever their severity. One that fits is enough; the earliest counts.

    A rule with both conditions fits when either does.
    """

    slug = models.SlugField(max_length=40, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    longer_than = models.DurationField(null=True, blank=True, help_text="Incidents that lasted longer than this.")
    data_impact = models.BooleanField(default=False, help_text="Incidents that touched data.")
    business_days = models.PositiveSmallIntegerField(default=5)

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(longer_than__isnull=False) | Q(data_impact=True), name="postmortem_rule_has_a_condition"
            ),
        ]

    def __str__(self) -> str:
        return self.slug
