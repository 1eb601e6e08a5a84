"""What is measured, where each measurement stands, and what was found."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from components.enums import ComponentStatus
from components.models import Component
from incidents.models import SeverityPolicy
from probes.enums import Outcome, ProbeKind
from probes.schedule import Grid
from probes.states import ProbeState, Rules, Track
from statuspage.core import clock

LOCATION_LENGTH = 40
DETAIL_LENGTH = 300


class ProbeQuerySet(models.QuerySet["Probe"]):
    def active(self) -> "ProbeQuerySet":
        """Neither taken out of the configuration nor paused."""
        return self.filter(retired_at__isnull=True, is_enabled=True)


class Probe(models.Model):
    """One measurement of one component, as the configuration says it. `config` holds what only its kind knows."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="probes")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=16, choices=ProbeKind)
    config = models.JSONField(default=dict, blank=True)
    interval = models.DurationField(default=timedelta(seconds=30))
    timeout = models.DurationField(default=timedelta(seconds=5))
    degraded_above = models.DurationField(null=True, blank=True, help_text="Slower than this is degraded.")
    failure_threshold = models.PositiveSmallIntegerField(default=3)
    recovery_threshold = models.PositiveSmallIntegerField(default=2)
    opens_incident = models.BooleanField(default=False)
    severity = models.ForeignKey(
        SeverityPolicy,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="probes",
        help_text="Of the incident it opens; empty: the worst of the ladder.",
    )
    allow_private = models.BooleanField(default=False, help_text="The target may be on a private address.")
    is_enabled = models.BooleanField(default=True, editable=False)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProbeQuerySet.as_manager()

    class Meta:
        ordering = ["component_id", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ProbeKind.values), name="probe_kind_is_known"),
            models.CheckConstraint(
                condition=Q(failure_threshold__gte=1, recovery_threshold__gte=1), name="probe_thresholds_are_positive"
            ),
            models.CheckConstraint(condition=Q(interval__gt=timedelta()), name="probe_interval_is_positive"),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="one_probe_a_heartbeat_token"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.is_enabled and self.retired_at is None

    @property
    def rules(self) -> Rules:
        return Rules(failure_threshold=self.failure_threshold, recovery_threshold=self.recovery_threshold)

    def grid(self, location: str) -> Grid:
        return Grid.of(probe_id=self.pk, location=location, interval=self.interval)


class ProbeLocation(models.Model):
    """A probe at a location: its schedule, the lease of whoever checks it now, and its state.

    `next_due_at` empty is not scheduled: paused or retired. `scheduled_at` and `lease` belong to the check in flight.
    """

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="locations")
    location = models.CharField(max_length=LOCATION_LENGTH, default="default")

    next_due_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    lease = models.CharField(max_length=32, blank=True)
    missed = models.PositiveBigIntegerField(default=0, help_text="Checks that were due and never made.")

    state = models.CharField(max_length=16, choices=ProbeState, default=ProbeState.UNKNOWN)
    failures = models.PositiveIntegerField(default=0)
    successes = models.PositiveIntegerField(default=0)
    slow = models.PositiveIntegerField(default=0)
    quick = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    is_slow = models.BooleanField(default=False)
    first_failure_at = models.DateTimeField(null=True)
    first_success_at = models.DateTimeField(null=True)

    last_scheduled_at = models.DateTimeField(null=True, help_text="Of the newest result that moved the state.")
    last_result_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    last_latency_ms = models.FloatField(null=True)
    last_detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["probe", "location"], name="one_state_a_probe_and_location"),
            models.CheckConstraint(condition=Q(state__in=ProbeState.values), name="probe_state_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["location", "next_due_at"], condition=Q(next_due_at__isnull=False), name="probes_due"
            ),
            models.Index(fields=["lease"], condition=~Q(lease=""), name="probes_leased"),
        ]

    def __str__(self) -> str:
        return f"{self.probe_id} at {self.location}: {self.state}"

    @property
    def track(self) -> Track:
        """The state as the state machine knows it."""
        return Track(
            state=ProbeState(self.state),
            failures=self.failures,
            successes=self.successes,
            slow=self.slow,
            quick=self.quick,
            errors=self.errors,
            is_slow=self.is_slow,
            first_failure_at=self.first_failure_at,
            first_success_at=self.first_success_at,
        )

    @track.setter
    def track(self, track: Track) -> None:
        self.state = track.state
        self.failures = track.failures
        self.successes = track.successes
        self.slow = track.slow
        self.quick = track.quick
        self.errors = track.errors
        self.is_slow = track.is_slow
        self.first_failure_at = track.first_failure_at
        self.first_success_at = track.first_success_at


class Heartbeat(models.Model):
    """The last a job of somebody's reported to us. The probe of kind heartbeat looks at it."""

    probe = models.OneToOneField(Probe, on_delete=models.CASCADE, related_name="heartbeat")
    last_seen_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True, help_text="When the job last said that it begins.")
    failed = models.BooleanField(default=False)
    message = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    failed_jobs = models.PositiveBigIntegerField(null=True)
    backlog = models.PositiveBigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.probe_id} last seen {self.last_seen_at}"


class ProbeResult(models.Model):
    """One check, raw. Kept for days; on PostgreSQL partitioned by day. A repeated result has the same key.

    `detail` is kept for what was not simply up; the sentence of a good check says its latency once more.
    """

    pk = models.CompositePrimaryKey("probe_id", "location", "scheduled_at")
    # No constraint in the database: it would cost a look-up for each result, and probes are retired, not deleted.
    probe = models.ForeignKey(
        Probe, on_delete=models.CASCADE, related_name="results", db_constraint=False, db_index=False
    )
    location = models.CharField(max_length=LOCATION_LENGTH)
    scheduled_at = models.DateTimeField()
    started_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome)
    latency_ms = models.FloatField(null=True)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"{self.probe_id} at {self.scheduled_at}: {self.outcome}"


class Slot(models.Model):
    """Five minutes of a probe at a location: counts for each outcome and the latencies as a histogram.

    `is_folded` says that its counts are in the day already; a result that comes later still makes the day dirty.
    """

    probe = models.ForeignKey(
        Probe, on_delete=models.CASCADE, related_name="slots", db_constraint=False, db_index=False
    )
    location = models.CharField(max_length=LOCATION_LENGTH)
    starts_at = models.DateTimeField()
    up = models.PositiveIntegerField(default=0)
    degraded = models.PositiveIntegerField(default=0)
    down = models.PositiveIntegerField(default=0)
    error = models.PositiveIntegerField(default=0)
    histogram = models.BinaryField(default=b"")
    in_maintenance = models.BooleanField(default=False)
    is_folded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["probe", "location", "starts_at"], name="one_slot_a_probe_and_time"),
        ]
        indexes = [
            models.Index(fields=["starts_at"], name="slots_by_time"),
            models.Index(fields=["starts_at"], condition=Q(is_folded=False), name="slots_not_folded"),
        ]

    def __str__(self) -> str:
        return f"{self.probe_id} from {self.starts_at}"


class ProbeDay(models.Model):
    """A UTC day of a probe at a location: the sums of its folded slots and the states of all 288."""

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="days")
    location = models.CharField(max_length=LOCATION_LENGTH)
    date = models.DateField()
    up = models.PositiveIntegerField(default=0)
    degraded = models.PositiveIntegerField(default=0)
    down = models.PositiveIntegerField(default=0)
    error = models.PositiveIntegerField(default=0)
    histogram = models.BinaryField(default=b"")
    slots = models.BinaryField(help_text="288 bytes, each a SlotState.")
    is_dirty = models.BooleanField(default=False, help_text="To be made anew from its slots.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["probe", "location", "date"], name="one_day_a_probe_and_date"),
        ]
        indexes = [
            models.Index(fields=["date"], condition=Q(is_dirty=True), name="probe_days_dirty"),
        ]

    def __str__(self) -> str:
        return f"{self.probe_id} on {self.date}"


class ComponentDay(models.Model):
    """A UTC day of a component over all of its probes, in slots of five minutes: what the bars are drawn from.

    `good` leaves out the degraded slots. Slots that are still to come, and those of the very first day before the
    first measurement, are counted nowhere.
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="days")
    date = models.DateField()
    good = models.PositiveSmallIntegerField(default=0)
    bad = models.PositiveSmallIntegerField(default=0)
    degraded = models.PositiveSmallIntegerField(default=0)
    maintenance = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    worst = models.CharField(max_length=24, choices=ComponentStatus, default=ComponentStatus.UNKNOWN)
    slots = models.BinaryField(help_text="288 bytes, each a SlotState.")

    class Meta:
        ordering = ["component_id", "date"]
        constraints = [
            models.UniqueConstraint(fields=["component", "date"], name="one_day_a_component_and_date"),
            models.CheckConstraint(condition=Q(worst__in=ComponentStatus.values), name="component_day_worst_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} on {self.date}: {self.worst}"
