"""Texts that are prepared before they are needed: templates, drafts, and the pages that staff write."""

from django.db import models
from django.db.models import Q

from components.models import Component
from incidents.enums import DraftKind, IncidentStatus, TemplateKind
from incidents.models.incident import Incident
from incidents.models.severity import SeverityPolicy
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class MessageTemplate(models.Model):
    """Words for the worst minute. `[[what]]` in title or body is a blank by that name; nothing else is read in it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=TemplateKind, default=TemplateKind.INCIDENT)
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=250, blank=True)
    body = models.TextField(help_text="Markdown, with blanks such as [[service]].")
    severity = models.ForeignKey(SeverityPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=16, choices=IncidentStatus, blank=True)
    components = models.ManyToManyField(Component, blank=True, related_name="+")

    class Meta:
        ordering = ["kind", "position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TemplateKind.values), name="template_kind_is_known"),
            models.CheckConstraint(
                condition=Q(status="") | Q(status__in=IncidentStatus.values), name="template_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """What somebody typed and has not said yet. It stands apart from incidents, so that nothing public can read it.

    `form` is the form as it was filled in. With `publish_at` it is said by itself at that time; a draft that is said
    is deleted in the same transaction. `problem` is why the last try was refused: it is not tried again by itself.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=DraftKind)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts")
    form = models.JSONField(default=dict)
    author = models.CharField(max_length=150, blank=True)
    publish_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DraftKind.values), name="draft_kind_is_known"),
            models.CheckConstraint(
                condition=Q(kind=DraftKind.DECLARE, incident__isnull=True)
                | (~Q(kind=DraftKind.DECLARE) & Q(incident__isnull=False)),
                name="draft_has_its_incident",
            ),
        ]
        indexes = [
            models.Index(fields=["publish_at"], condition=Q(publish_at__isnull=False), name="drafts_to_be_published"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.author}"


class ContentPage(models.Model):
    """A page that staff write: what counts as an incident, what to do during one, how to report."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=160)
    body = models.TextField(help_text="Markdown.")
    position = models.PositiveSmallIntegerField(default=0)
    places = models.JSONField(default=list, blank=True, help_text="Where it is linked: footer, incident, report.")
    is_published = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/pages/{self.slug}/"
