"""What was found, from fine to coarse."""

from django.db import models
from django.db.models import Q

from components.enums import ComponentStatus
from components.models import Component
from probes.enums import Outcome
from probes.models.probe import DETAIL_LENGTH, LOCATION_LENGTH, Probe


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
    value = models.FloatField(null=True, help_text="What its kind measures besides: days left, jobs waiting.")
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"{self.probe_id} at {self.scheduled_at}: {self.outcome}"


class Slot(models.Model):
    """Five minutes of a probe at a location: counts for each outcome and the latencies as a histogram. Kept for days.

    `is_changed` says that the day does not show its state yet, `is_folded` that its counts are in the day already.
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
    last_failure_at = models.DateTimeField(null=True)
    in_maintenance = models.BooleanField(default=False)
    is_changed = models.BooleanField(default=True)
    is_folded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["probe", "location", "starts_at"], name="one_slot_a_probe_and_time"),
        ]
        indexes = [
            models.Index(fields=["starts_at"], condition=Q(is_folded=False), name="slots_not_folded"),
            models.Index(fields=["probe"], condition=Q(is_changed=True), name="slots_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.probe_id} from {self.starts_at}"


class ProbeDay(models.Model):
    """A UTC day of a probe at a location, kept for ever: what was measured, never corrected.

    `slots` has the states of all 288 slots; the columns that end in `_slots` count them. `checks` has what was found
    in each (`probes.series`), `up` to `error` are the sums. `hours` is emptied after a time, `histogram` stays.
    An open day has all of its slots as rows too and can be made anew from them (`is_dirty`); a closed one has not, and
    what comes late is added to it.
    """

    # The index of the sums begins with it.
    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="days", db_index=False)
    location = models.CharField(max_length=LOCATION_LENGTH)
    date = models.DateField()
    slots = models.BinaryField(help_text="288 bytes, each a SlotState.")
    good_slots = models.PositiveSmallIntegerField(default=0)
    degraded_slots = models.PositiveSmallIntegerField(default=0)
    bad_slots = models.PositiveSmallIntegerField(default=0)
    maintenance_slots = models.PositiveSmallIntegerField(default=0)
    checks = models.BinaryField(default=b"")
    up = models.PositiveIntegerField(default=0)
    degraded = models.PositiveIntegerField(default=0)
    down = models.PositiveIntegerField(default=0)
    error = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField(null=True)
    histogram = models.BinaryField(default=b"")
    hours = models.BinaryField(default=b"")
    is_dirty = models.BooleanField(default=False, help_text="To be made anew from its slots.")
    is_closed = models.BooleanField(default=False, help_text="Its slots are gone: what comes late is added.")

    class Meta:
        constraints = [
            # The date first: one day of all probes lies together, and a new day is written at the end.
            models.UniqueConstraint(fields=["date", "probe", "location"], name="one_day_a_probe_and_date"),
        ]
        indexes = [
            models.Index(fields=["date"], condition=Q(is_dirty=True), name="probe_days_dirty"),
            models.Index(fields=["date"], condition=Q(is_closed=False), name="probe_days_open"),
            models.Index(fields=["date"], condition=~Q(hours=b""), name="probe_days_with_hours"),
            # Sums over months are read from the index alone.
            models.Index(
                fields=[
                    *("probe", "date", "location", "good_slots", "degraded_slots", "bad_slots", "maintenance_slots"),
                    *("up", "degraded", "down", "error", "last_failure_at"),
                ],
                name="probe_days_sums",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.probe_id} on {self.date}"


class ComponentDay(models.Model):
    """A UTC day of a component over all of its probes, in slots of five minutes: what every percentage is made of.

    Corrections are in it: it is made anew from the days of the probes whenever one is written or withdrawn. `good`
    leaves out the degraded slots. Slots that are still to come, and those of the very first day before the first
    measurement, are counted nowhere.
    """

    # The index of the sums begins with it.
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="days", db_index=False)
    date = models.DateField()
    good = models.PositiveSmallIntegerField(default=0)
    bad = models.PositiveSmallIntegerField(default=0)
    degraded = models.PositiveSmallIntegerField(default=0)
    maintenance = models.PositiveSmallIntegerField(default=0)
    excluded = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    worst = models.CharField(max_length=24, choices=ComponentStatus, default=ComponentStatus.UNKNOWN)
    slots = models.BinaryField(help_text="288 bytes, each a SlotState.")

    class Meta:
        ordering = ["component_id", "date"]
        constraints = [
            # As of the days of probes: the date first.
            models.UniqueConstraint(fields=["date", "component"], name="one_day_a_component_and_date"),
            models.CheckConstraint(condition=Q(worst__in=ComponentStatus.values), name="component_day_worst_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["component", "date", "good", "degraded", "bad", "maintenance", "excluded"],
                name="component_days_sums",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} on {self.date}: {self.worst}"
