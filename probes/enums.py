"""The closed sets of the probes, stored as words."""

from django.db import models


class ProbeKind(models.TextChoices):
    """What is measured, and so by which checker."""

    HTTP = "http", "HTTP"
    TCP = "tcp", "TCP"
    POSTGRES = "postgres", "PostgreSQL"
    REDIS = "redis", "Redis"
    HEARTBEAT = "heartbeat", "Heartbeat"
    DISK = "disk", "Disk"
    DNS = "dns", "DNS"
    TLS = "tls", "TLS certificate"
    ICMP = "icmp", "ICMP"
    WEBSOCKET = "websocket", "WebSocket"
    SMTP = "smtp", "SMTP"
    GRPC = "grpc", "gRPC health"
    S3 = "s3", "S3 bucket"
    JSON = "json", "JSON value"
    WORKERS = "workers", "Worker heartbeats"


# What reports to us is waited for and not asked: nothing of it is timed.
REPORTING_KINDS = frozenset({ProbeKind.HEARTBEAT, ProbeKind.WORKERS})


class Outcome(models.TextChoices):
    """What one check found. `ERROR` is trouble of our own: it says nothing of the target and never counts as down."""

    UP = "up", "Up"
    DEGRADED = "degraded", "Degraded"
    DOWN = "down", "Down"
    ERROR = "error", "Error"


class ObjectiveKind(models.TextChoices):
    """What an objective promises. A statement is a promise in words: nothing here measures it."""

    AVAILABILITY = "availability", "Availability"
    LATENCY = "latency", "Latency"
    HEARTBEAT_AGE = "heartbeat_age", "Heartbeat age"
    STATEMENT = "statement", "Statement"


class ObjectiveWindow(models.TextChoices):
    """Over which time it is judged: a month of the page's zone, or the thirty days up to now."""

    CALENDAR_MONTH = "calendar_month", "Calendar month"
    ROLLING_30D = "rolling_30d", "Rolling 30 days"


class CorrectionKind(models.TextChoices):
    """Why a time is left out of uptime afterwards."""

    MAINTENANCE = "maintenance", "Maintenance"
    NOT_OURS = "not_ours", "Not ours"


class MetricKind(models.TextChoices):
    """What a metric's numbers mean over time."""

    GAUGE = "gauge", "The last value stands"
    COUNTER_24H = "counter_24h", "Summed over 24 hours"


class RuleKind(models.TextChoices):
    """What a rule looks for in the results of its probe."""

    CONSECUTIVE_FAILURES = "consecutive_failures", "Failures in a row"
    LATENCY_ABOVE = "latency_above", "Slower than"
    HEARTBEAT_OLDER_THAN = "heartbeat_older_than", "Heartbeat older than"
    VALUE_ABOVE = "value_above", "Value above"
    VALUE_BELOW = "value_below", "Value below"
    VALUE_GROWING = "value_growing", "Value growing"


class RuleEffect(models.TextChoices):
    """What a rule does while it fires."""

    DEGRADE = "degrade", "Degrades the component"
    FAIL = "fail", "Fails the component"
    INCIDENT = "incident", "Opens an incident"
    PAGE = "page", "Pages on-call"
