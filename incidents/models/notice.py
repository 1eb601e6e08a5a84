"""The outbox, and the letter to every customer that needs two people."""

from django.db import models
from django.db.models import F, Q

from components.models import Component
from incidents.enums import Audience, NoticeKind
from incidents.models.incident import Incident
from incidents.models.maintenance import Maintenance
from incidents.models.update import IncidentUpdate
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class NoticeQuerySet(models.QuerySet["Notice"]):
    def pending(self) -> "NoticeQuerySet":
        """Not yet turned into deliveries, oldest first."""
        return self.filter(fanned_out_at__isnull=True).order_by("created_at", "pk")


class Notice(models.Model):
    """The outbox: somebody has to be told this. Written in the transaction that made it true.

    `payload` is frozen: what the message says even if the incident is edited later; its shape is in
    `incidents.notices`. `components` is what the subscribers' filter looks at; none means everybody.
    `severity_rank` is the incident's at that moment, 1 the worst; none: it has no severity.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    kind = models.CharField(max_length=32, choices=NoticeKind)
    audience = models.CharField(max_length=16, choices=Audience, default=Audience.SUBSCRIBERS)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.CASCADE, related_name="notices")
    update = models.ForeignKey(IncidentUpdate, null=True, on_delete=models.CASCADE, related_name="notices")
    maintenance = models.ForeignKey(Maintenance, null=True, on_delete=models.CASCADE, related_name="notices")
    components = models.ManyToManyField(Component, related_name="+")
    severity_rank = models.PositiveSmallIntegerField(null=True, editable=False)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    fanned_out_at = models.DateTimeField(null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(fanned_out_at__isnull=True), name="notices_not_fanned_out"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_is_known"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="notice_audience_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class CustomerMail(models.Model):
    """A mail to all customers about a very serious incident: one person writes it, another one lets it go."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="customer_mails")
    subject = models.CharField(max_length=250)
    body = models.TextField(help_text="Markdown.")
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    notice = models.OneToOneField(
        Notice, null=True, blank=True, on_delete=models.SET_NULL, related_name="customer_mail"
    )

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | ~Q(confirmed_by=F("requested_by")),
                name="customer_mail_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="customer_mail_is_sent_or_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_waiting(self) -> bool:
        return self.confirmed_at is None and self.withdrawn_at is None
