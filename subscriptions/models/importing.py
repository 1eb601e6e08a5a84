"""Bringing in a list of subscribers who have confirmed elsewhere."""

from django.db import models
from django.db.models import Q

from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id
from subscriptions.enums import ImportState


class SubscriberImport(models.Model):
    """One CSV file of confirmed subscribers: tried out first, then brought in piece by piece by a worker.

    `content` is the file until it is done with. `skipped` is [line, reason] of the first of those left out. A worker
    holds it until `lease_until`; if it dies, another one goes on from `done` then.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    state = models.CharField(max_length=16, choices=ImportState, default=ImportState.CHECKED)
    file_name = models.CharField(max_length=200, blank=True)
    content = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=500, blank=True, help_text="Where and when they confirmed.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    skipped = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_is_known")]

    def __str__(self) -> str:
        return f"{self.file_name or 'import'} of {self.created_at:%Y-%m-%d}"

    @property
    def is_running(self) -> bool:
        return self.state == ImportState.RUNNING

    @property
    def percent(self) -> int:
        return 100 if not self.total else min(100, 100 * self.done // self.total)
