"""What was left out of uptime afterwards, who said so and why, and which figures that changed."""

from django.db import models
from django.db.models import F, Q

from components.models import Component
from components.uptime import SlotState
from incidents.models import Incident, Maintenance
from probes.enums import CorrectionKind
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id

REASON_LENGTH = 500
STATES = {
    CorrectionKind.MAINTENANCE: SlotState.MAINTENANCE,
    CorrectionKind.NOT_OURS: SlotState.EXCLUDED,
}


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def valid(self) -> "CorrectionQuerySet":
        """Not withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def newest_first(self) -> "CorrectionQuerySet":
        return self.order_by("-created_at", "-pk")


class Correction(models.Model):
    """A time of some components that does not count, said afterwards. Never edited and never deleted: withdrawn.

    `starts_at` and `ends_at` are where slots begin; `reason` is public. What was measured is not touched by it.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=CorrectionKind)
    components = models.ManyToManyField(Component, related_name="corrections")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=REASON_LENGTH, help_text="Shown to everybody.")
    author = models.CharField(max_length=150)
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="corrections"
    )
    maintenance = models.ForeignKey(
        Maintenance, null=True, blank=True, on_delete=models.SET_NULL, related_name="corrections"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.CharField(max_length=150, blank=True, editable=False)
    withdrawn_reason = models.CharField(max_length=REASON_LENGTH, blank=True, editable=False)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CorrectionKind.values), name="correction_kind_is_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="correction_ends_after_it_begins"),
        ]
        indexes = [
            models.Index(
                fields=["starts_at", "ends_at"], condition=Q(withdrawn_at__isnull=True), name="corrections_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M} UTC"

    @property
    def state(self) -> SlotState:
        """What the slots become that it covers."""
        return STATES[CorrectionKind(self.kind)]

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None


class CorrectionEffect(models.Model):
    """The figures of one component's UTC day before and after a correction was made or withdrawn. The audit's row.

    `before` and `after` are slots by state, as in ComponentDay: good, degraded, bad, maintenance, excluded, unknown.
    """

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="effects")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    is_withdrawal = models.BooleanField(default=False)
    before = models.JSONField()
    after = models.JSONField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.component_id} on {self.date}: {self.before} → {self.after}"
