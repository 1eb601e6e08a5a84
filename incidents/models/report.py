"""What visitors tell us, and the mails that come of it."""

from django.db import models
from django.db.models import Q

from components.models import Component
from incidents.enums import ReportMailKind, ReportState
from incidents.models.incident import Incident
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class OutageReport(models.Model):
    """Somebody outside says that something is broken. Never public."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    what = models.TextField()
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports")
    country = models.CharField(max_length=80, blank=True)
    isp = models.CharField(max_length=160, blank=True)
    began = models.CharField(max_length=160, blank=True, help_text="As they wrote it.")
    error_text = models.TextField(blank=True)
    contact = models.CharField(max_length=320, blank=True)
    sender_hash = models.CharField(max_length=64, blank=True, editable=False, help_text="Of the sender's address.")
    state = models.CharField(max_length=16, choices=ReportState, default=ReportState.NEW)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports")
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state_is_known")]
        indexes = [models.Index(fields=["-created_at"], name="reports_newest_first")]

    def __str__(self) -> str:
        return self.what[:80]


class ReportMail(models.Model):
    """A mail about a report: to our own support, or the answer to who reported. A row before it is sent."""

    report = models.ForeignKey(OutageReport, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=16, choices=ReportMailKind)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    author = models.CharField(max_length=150, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=clock.now, help_text="Empty: no more tries.")
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ReportMailKind.values), name="report_mail_is_known")
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(sent_at__isnull=True), name="report_mails_waiting"),
        ]

    def __str__(self) -> str:
        return self.subject
