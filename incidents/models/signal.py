"""What machines tell us: that something is not right, until it is again."""

from django.db import models
from django.db.models import F, Q

from components.models import Component
from incidents.enums import SignalSource, SignalState
from statuspage.core import clock

FINGERPRINT_LENGTH = 200
TITLE_LENGTH = 250
DETAIL_LENGTH = 500


class SignalQuerySet(models.QuerySet["Signal"]):
    def unresolved(self) -> "SignalQuerySet":
        """Firing, or somebody has it in hand."""
        return self.exclude(state=SignalState.RESOLVED)


class Signal(models.Model):
    """One trouble from its first sign to its end. Only `incidents.signals` changes its state.

    `fingerprint` says what it is about: the same one twice, while it is not resolved, is the same trouble once more.
    """

    source = models.CharField(max_length=16, choices=SignalSource)
    fingerprint = models.CharField(max_length=FINGERPRINT_LENGTH)
    title = models.CharField(max_length=TITLE_LENGTH)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="signals")
    state = models.CharField(max_length=16, choices=SignalState, default=SignalState.FIRING)
    pages = models.BooleanField(default=True, help_text="Somebody on call has to look at it now.")
    first_at = models.DateTimeField(default=clock.now)
    last_at = models.DateTimeField(default=clock.now)
    count = models.PositiveBigIntegerField(default=1, help_text="How often it was raised.")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True, help_text="Empty: it ended by itself.")
    evidence = models.JSONField(default=dict, blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        ordering = ["-first_at", "-pk"]
        indexes = [
            models.Index(fields=["-first_at"], name="signals_newest_first"),
            models.Index(fields=["resolved_at"], name="signals_by_their_end"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=~Q(state=SignalState.RESOLVED), name="one_signal_a_fingerprint"
            ),
            models.CheckConstraint(condition=Q(source__in=SignalSource.values), name="signal_source_is_known"),
            models.CheckConstraint(condition=Q(state__in=SignalState.values), name="signal_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=SignalState.RESOLVED, resolved_at__isnull=False)
                | (~Q(state=SignalState.RESOLVED) & Q(resolved_at__isnull=True)),
                name="signal_resolved_at_goes_with_resolved",
            ),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="signal_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_resolved(self) -> bool:
        return self.state == SignalState.RESOLVED
