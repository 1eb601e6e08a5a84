"""What visitors tell us, and the mails that come of it."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from components.models import Component
from incidents.enums import REPORT_TRANSITIONS, ReportMailKind, ReportState
from incidents.models.incident import Incident
from statuspage.core import clock
from statuspage.core.errors import InvalidTransition
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id

REPORT_WORDS = {
    ReportState.NEW: "in the inbox",
    ReportState.LINKED: "part of an incident",
    ReportState.CLOSED: "closed",
}


class OutageReportQuerySet(models.QuerySet["OutageReport"]):
    def new(self) -> "OutageReportQuerySet":
        """Nobody has dealt with them."""
        return self.filter(state=ReportState.NEW)


class OutageReport(models.Model):
    """Somebody outside says that something is broken. Never public. Only `incidents.reports` changes its state."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    what = models.TextField()
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports")
    country = models.CharField(max_length=80, blank=True)
    isp = models.CharField(max_length=160, blank=True)
    began = models.CharField(max_length=160, blank=True, help_text="As they wrote it.")
    error_text = models.TextField(blank=True)
    contact = models.CharField(max_length=320, blank=True)
    sender_hash = models.CharField(max_length=64, blank=True, editable=False, help_text="Of the sender's address.")
    while_green = models.BooleanField(
        "page was green",
        default=False,
        editable=False,
        help_text="No incident was open and no component in trouble when they wrote.",
    )
    state = models.CharField(max_length=16, choices=ReportState, default=ReportState.NEW)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports")
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OutageReportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state_is_known")]
        indexes = [models.Index(fields=["-created_at"], name="reports_newest_first")]

    def __str__(self) -> str:
        return self.what[:80]

    @property
    def stage(self) -> ReportState:
        """`state` as the enum, whatever way the row was loaded."""
        return ReportState(self.state)

    def check_transition(self, new: ReportState) -> None:
        """Raises InvalidTransition when the state machine has no such step."""
        if new not in REPORT_TRANSITIONS[self.stage]:
            raise InvalidTransition(f"This report is {REPORT_WORDS[self.stage]} already.")


class ReportMailQuerySet(models.QuerySet["ReportMail"]):
    def due(self, now: datetime) -> "ReportMailQuerySet":
        return self.filter(sent_at__isnull=True, next_attempt_at__lte=now)


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

    objects = ReportMailQuerySet.as_manager()

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

    @property
    def has_failed(self) -> bool:
        """Given up: not sent, and not tried any more."""
        return self.sent_at is None and self.next_attempt_at is None
