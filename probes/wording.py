"""The sentences of the incidents that probes open and end."""

from datetime import datetime

from probes.standings import Reading
from statuspage.core import clock


def failure_sentence(reading: Reading) -> str:
    """What failed, how often, from where and since when, in one sentence."""
    since = reading.verdict.down_since or clock.now()
    return f"The check “{reading.probe.name}” has failed {_how(reading)} since {said(since)}: {_why(reading)}."


def said(moment: datetime) -> str:
    """`"12:00 UTC"`, with its day if that is not today."""
    return f"{moment:%H:%M} UTC" if moment.date() == clock.now().date() else f"{moment:%d %B %H:%M} UTC"


def _how(reading: Reading) -> str:
    failing = [name for name, row in reading.rows.items() if row.track.is_outage]
    if len(reading.rows) > 1 and failing:
        *others, last = failing
        return f"from {', '.join(others)} and {last}" if others else f"from {last}"
    failures = max((row.failures for row in reading.rows.values()), default=0)
    return "once" if failures == 1 else f"{failures} times in a row"


def _why(reading: Reading) -> str:
    return reading.detail.rstrip(".")
