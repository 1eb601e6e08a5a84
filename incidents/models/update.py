"""The public words on an incident, what they said about components, and how they read before they were edited."""

from django.db import models

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, Promise
from incidents.models.incident import Incident
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class IncidentUpdate(models.Model):
    """One public word on an incident. `label` is what its chip says: a repeated status reads "Update"."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=16, choices=IncidentStatus)
    is_repeat = models.BooleanField(default=False, help_text="The status was the same before this update.")
    body = models.TextField(help_text="Markdown.")
    display_at = models.DateTimeField()
    author = models.CharField(max_length=150, blank=True)
    notify = models.BooleanField(default=True)
    promised_in = models.DurationField(null=True, blank=True, editable=False, help_text="The next one, within this.")
    promise = models.CharField(max_length=16, choices=Promise, default=Promise.BY, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-display_at", "-pk"]
        indexes = [models.Index(fields=["incident", "-display_at"], name="updates_newest_first")]

    def __str__(self) -> str:
        return f"{self.label} at {self.display_at:%Y-%m-%d %H:%M}"

    @property
    def label(self) -> str:
        return "Update" if self.is_repeat else IncidentStatus(self.status).label


class UpdateImpact(models.Model):
    """What an update said about a component, and what had been said before. The name is kept as it was then."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="impacts")
    component = models.ForeignKey(Component, null=True, on_delete=models.SET_NULL, related_name="+")
    code = models.CharField(max_length=PUBLIC_ID_LENGTH)
    name = models.CharField(max_length=300)
    old_status = models.CharField(max_length=24, choices=ComponentStatus)
    new_status = models.CharField(max_length=24, choices=ComponentStatus)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name}: {self.old_status} → {self.new_status}"


class UpdateRevision(models.Model):
    """How an update read until somebody edited it. For staff; the public sees that it was edited, and when."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="revisions")
    body = models.TextField()
    display_at = models.DateTimeField()
    edited_by = models.CharField(max_length=150, blank=True)
    edited_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-edited_at", "-pk"]

    def __str__(self) -> str:
        return f"until {self.edited_at:%Y-%m-%d %H:%M}"
