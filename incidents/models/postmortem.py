"""The whole story afterwards, and what is done so that it does not come back."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from incidents.enums import PostmortemState
from incidents.models.incident import Incident
from incidents.models.update import IncidentUpdate
from statuspage.core import clock

SECTIONS = {
    "summary": "Summary",
    "timeline": "Timeline",
    "root_cause": "Root cause",
    "resolution": "Resolution",
    "prevention": "Prevention",
}


class PostmortemQuerySet(models.QuerySet["Postmortem"]):
    def published(self) -> "PostmortemQuerySet":
        return self.filter(state=PostmortemState.PUBLISHED)

    def owed(self) -> "PostmortemQuerySet":
        """Drafts with a deadline, the most urgent first."""
        return self.filter(state=PostmortemState.DRAFT, due_at__isnull=False).order_by("due_at", "pk")


class Postmortem(models.Model):
    """A draft is staff's alone: whatever is public reads `published()` and nothing else. The texts are Markdown."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="postmortem")
    state = models.CharField(max_length=16, choices=PostmortemState, default=PostmortemState.DRAFT)
    summary = models.TextField(blank=True)
    timeline = models.TextField(blank=True)
    root_cause = models.TextField(blank=True)
    resolution = models.TextField(blank=True)
    prevention = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty: none is owed.")
    due_because = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=150, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True, help_text="Changed after it was published.")
    timeline_until = models.ForeignKey(
        IncidentUpdate,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The newest update that was put into the timeline.",
    )
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PostmortemQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PostmortemState.values), name="postmortem_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=PostmortemState.DRAFT, published_at__isnull=True)
                | Q(state=PostmortemState.PUBLISHED, published_at__isnull=False),
                name="published_at_goes_with_published",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=PostmortemState.DRAFT), name="postmortems_owed"),
        ]

    def __str__(self) -> str:
        return f"Postmortem of {self.incident_id}"

    def get_absolute_url(self) -> str:
        return f"{self.incident.get_absolute_url()}postmortem/"

    @property
    def is_published(self) -> bool:
        return self.state == PostmortemState.PUBLISHED

    @property
    def sections(self) -> list[tuple[str, str, str]]:
        """Field, title and Markdown of each section, in the order of the page."""
        return [(name, title, getattr(self, name)) for name, title in SECTIONS.items()]

    def is_overdue(self, now: datetime) -> bool:
        return not self.is_published and self.due_at is not None and self.due_at < now


class FollowUpAction(models.Model):
    """What somebody will do about it. Never public: it has a name on it."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="actions")
    text = models.CharField(max_length=500)
    owner = models.CharField(max_length=150, blank=True)
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text
