"""Whether what is to be told gets out: by channel, for the console, for /metrics and as a signal for on-call.

Everything is read from the ledger's rows, so that whoever asks need not be the process that sends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q

from incidents.enums import SignalSource
from incidents.models import Signal
from incidents.signals import raise_signal, resolve_signal
from statuspage.core import clock
from statuspage.core.durations import say_duration
from subscriptions.enums import Channel, DeliveryState
from subscriptions.models import Delivery

FINGERPRINT = "deliveries:"
FAILURES_OVER = timedelta(hours=1)
MOVING_WITHIN = timedelta(minutes=1)
# Below this many a share says nothing: one dead mailbox of two is half of them.
FEWEST_FOR_A_RATIO = 20
WORST_RATIO = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """What waits on one channel, and what became of the messages that ended within the last hour.

    `oldest_due` is how long the message has waited that should have gone out first; a message that waits for its next
    try is not due. `retrying` were tried and not taken, and will be tried again.
    """

    channel: Channel
    waiting: int = 0
    retrying: int = 0
    oldest_due: timedelta = timedelta(0)
    sent: int = 0
    sent_lately: int = 0
    failed: int = 0

    @property
    def tried(self) -> int:
        return self.sent + self.failed + self.retrying

    @property
    def failure_ratio(self) -> float:
        """Of what was tried within the hour, the share that was not taken: given up, or to be tried again."""
        return (self.failed + self.retrying) / self.tried if self.tried else 0.0

    @property
    def is_moving(self) -> bool:
        return self.sent_lately > 0

    @property
    def is_late(self) -> bool:
        return self.oldest_due > timedelta(seconds=settings.DELIVERY_QUEUE_AGE_LIMIT_SECONDS)

    @property
    def is_failing(self) -> bool:
        return self.tried >= FEWEST_FOR_A_RATIO and self.failure_ratio > WORST_RATIO

    @property
    def trouble(self) -> str:
        """What is wrong, in sentences; empty when nothing is."""
        said = []
        if self.is_late:
            pace = f"{self.sent_lately:,} went out in the last minute" if self.is_moving else "nothing goes out"
            said.append(
                f"{self.waiting:,} wait, one of them {say_duration(self.oldest_due)} longer than it should; {pace}."
            )
        if self.is_failing:
            said.append(
                f"Of {self.tried:,} messages tried in the last hour {self.failed + self.retrying:,} were not taken."
            )
        return " ".join(said)


def delivery_health() -> list[ChannelHealth]:
    """Each channel that has had something to send within the hour, or has now. Three queries.

    They read what waits and what ended within the hour, however long the ledger is.
    """
    now = clock.now()
    waiting = _waiting(now)
    sent = _sent(now)
    failed = _failed(now)
    return [
        ChannelHealth(
            channel=channel,
            waiting=waiting.get(channel, NOTHING_WAITS).number,
            retrying=waiting.get(channel, NOTHING_WAITS).retrying,
            oldest_due=waiting.get(channel, NOTHING_WAITS).oldest_due,
            sent=sent.get(channel, (0, 0))[0],
            sent_lately=sent.get(channel, (0, 0))[1],
            failed=failed.get(channel, 0),
        )
        for channel in Channel
        if channel in waiting or channel in sent or channel in failed
    ]


def watch_deliveries() -> None:
    """Raise a signal for each channel that is in trouble, resolve those that are over. Four queries while all is well.

    It wakes somebody unless what is late is at least on its way: 100,000 mails take their time.
    """
    troubled = {health.channel: health for health in delivery_health() if health.trouble}
    for channel, health in troubled.items():
        raise_signal(
            source=SignalSource.MONITORING,
            fingerprint=f"{FINGERPRINT}{channel.value}",
            title=_title(health),
            detail=health.trouble,
            pages=health.is_failing or not health.is_moving,
            evidence={
                "waiting": health.waiting,
                "oldest_due_seconds": round(health.oldest_due.total_seconds()),
                "sent_in_the_last_hour": health.sent,
                "not_taken_in_the_last_hour": health.failed + health.retrying,
            },
        )
    raised = Signal.objects.unresolved().filter(fingerprint__startswith=FINGERPRINT)
    for fingerprint in raised.values_list("fingerprint", flat=True):
        if fingerprint.removeprefix(FINGERPRINT) not in troubled:
            resolve_signal(fingerprint=fingerprint)


def _title(health: ChannelHealth) -> str:
    name = health.channel.label
    return f"{name}: messages wait too long" if health.is_late else f"{name}: many messages are not taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    number: int
    retrying: int
    oldest_due: timedelta


NOTHING_WAITS = _Waiting(number=0, retrying=0, oldest_due=timedelta(0))


def _waiting(now: datetime) -> dict[str, _Waiting]:
    rows = (
        Delivery.objects.pending()
        .order_by()
        .values("channel")
        .annotate(
            number=Count("*"),
            retrying=Count("pk", filter=Q(attempts__gt=0)),
            due_since=Min("next_attempt_at", filter=Q(next_attempt_at__lte=now)),
        )
    )
    return {
        row["channel"]: _Waiting(
            number=row["number"],
            retrying=row["retrying"],
            oldest_due=now - row["due_since"] if row["due_since"] else timedelta(0),
        )
        for row in rows
    }


def _sent(now: datetime) -> dict[str, tuple[int, int]]:
    rows = Delivery.objects.filter(state=DeliveryState.SENT, sent_at__gte=now - FAILURES_OVER).order_by()
    lately = Count("pk", filter=Q(sent_at__gte=now - MOVING_WITHIN))
    counted = rows.values("channel").annotate(number=Count("*"), lately=lately)
    return {channel: (number, late) for channel, number, late in counted.values_list("channel", "number", "lately")}


def _failed(now: datetime) -> dict[str, int]:
    # Of what was given up, the moment of its next try is when that was.
    rows = Delivery.objects.filter(state=DeliveryState.FAILED, next_attempt_at__gte=now - FAILURES_OVER).order_by()
    return dict(rows.values("channel").annotate(number=Count("*")).values_list("channel", "number"))
