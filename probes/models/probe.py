"""What is measured, and where each measurement stands."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from components.models import Component
from incidents.models import SeverityPolicy
from probes.enums import Outcome, ProbeKind
from probes.freshness import is_stale
from probes.locations import Standing
from probes.schedule import Grid
from probes.states import ProbeState, Rules, Track
from statuspage.core import clock

LOCATION_LENGTH = 40
DETAIL_LENGTH = 300
WORKER_LENGTH = 60
# Two outages within half an hour are one trouble to those who are told of it.
DEFAULT_HOLD = timedelta(minutes=30)
DEFAULT_CALM = timedelta(minutes=15)


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
    quorum = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="So many locations must see it down; empty: most of those with fresh results."
    )
    depends_on = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="dependents", help_text="They fail first when it fails."
    )
    hold = models.DurationField(
        default=DEFAULT_HOLD, help_text="Another outage within this time of the last belongs to the same incident."
    )
    calm = models.DurationField(
        default=DEFAULT_CALM, help_text="What comes and goes is over once it has been up for so long."
    )
    is_held_back = models.BooleanField(
        default=False, editable=False, help_text="It is down, and its incident waits for what it depends on."
    )
    has_rules = models.BooleanField(default=False, editable=False, help_text="So that nobody looks for them in vain.")
    is_enabled = models.BooleanField(default=True, editable=False)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    awaited_since = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Since when reports are waited for, if not since it was made: it was resumed, or told otherwise.",
    )
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
            models.CheckConstraint(
                condition=Q(quorum__isnull=True) | Q(quorum__gte=1), name="probe_quorum_is_positive"
            ),
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
    def thresholds(self) -> Rules:
        return Rules(failure_threshold=self.failure_threshold, recovery_threshold=self.recovery_threshold)

    def grid(self, location: str) -> Grid:
        return Grid.of(probe_id=self.pk, location=location, interval=self.interval)


class Location(models.Model):
    """A place from which probes are made: the queue `probes.<name>`, and whether anybody takes from it."""

    name = models.CharField(max_length=LOCATION_LENGTH, unique=True)
    last_seen_at = models.DateTimeField(null=True, help_text="When a worker there last took something.")
    called_at = models.DateTimeField(null=True, help_text="When a silent one was last asked whether it is there.")

    def __str__(self) -> str:
        return self.name


class ProbeLocationQuerySet(models.QuerySet["ProbeLocation"]):
    def configured(self) -> "ProbeLocationQuerySet":
        """Neither the probe nor its location was taken out of the configuration. It may be paused."""
        return self.filter(probe__retired_at__isnull=True, retired_at__isnull=True)

    def active(self) -> "ProbeLocationQuerySet":
        """Measured now: in the configuration, and not paused."""
        return self.configured().filter(probe__is_enabled=True)


class ProbeLocation(models.Model):
    """A probe at a location: its schedule, the lease of whoever checks it now, and its state.

    `next_due_at` empty is not scheduled: paused or retired. `scheduled_at` and `lease` belong to the check in flight.
    """

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="locations")
    location = models.CharField(max_length=LOCATION_LENGTH, default="default")
    retired_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is not measured from here.")

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

    objects = ProbeLocationQuerySet.as_manager()

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

    def standing(self, now: datetime) -> Standing:
        """Where the probe stands here; reads the probe's interval."""
        silent = self.last_result_at is None or is_stale(self.last_result_at, self.probe.interval, now)
        return Standing(track=self.track, is_fresh=not silent)


class Heartbeat(models.Model):
    """The last a job of somebody's reported to us. The probe of kind heartbeat looks at it.

    `silence_begin` to `silence_end` is the last time in which we were away and nobody could report; of a probe of kind
    workers that is all there is.
    """

    probe = models.OneToOneField(Probe, on_delete=models.CASCADE, related_name="heartbeat")
    silence_begin = models.DateTimeField(null=True)
    silence_end = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True, help_text="When the job last said that it begins.")
    failed = models.BooleanField(default=False)
    message = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    failed_jobs = models.PositiveBigIntegerField(null=True)
    backlog = models.PositiveBigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.probe_id} last seen {self.last_seen_at}"


class WorkerHeartbeat(models.Model):
    """The last that one of several workers under a token reported. The probe of kind workers looks at all of them."""

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="workers")
    worker = models.CharField(max_length=WORKER_LENGTH)
    last_seen_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True, help_text="When it last said that it begins.")
    failed = models.BooleanField(default=False)
    message = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    failed_jobs = models.PositiveBigIntegerField(null=True)
    backlog = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["probe", "worker"], name="one_heartbeat_a_worker")]

    def __str__(self) -> str:
        return f"{self.worker} last seen {self.last_seen_at}"
