"""What was left out of the figures afterwards, as visitors read it. Who said so is for the console alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from probes.models import Correction
from statuspage.web import wording
from statuspage.web.pages.cards import Reader

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionLine:
    """A withdrawn one counts no more, and stays told. `when` is UTC; `components` are names with their paths."""

    kind: str
    when: str
    reason: str
    components: tuple[tuple[str, str], ...]
    said_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str


def correction_line(row: Correction, reader: Reader, *, components: Sequence[tuple[str, str]] = ()) -> CorrectionLine:
    return CorrectionLine(
        kind=str(row.get_kind_display()),
        when=wording.window(row.starts_at.astimezone(UTC), row.ends_at.astimezone(UTC)),
        reason=row.reason,
        components=tuple(components),
        said_at=reader.local(row.created_at),
        withdrawn_at=reader.maybe(row.withdrawn_at),
        withdrawn_reason=row.withdrawn_reason,
    )


def corrections_between(begin: datetime, end: datetime, reader: Reader) -> tuple[CorrectionLine, ...]:
    """The newest hundred that touch this time, of components that visitors see. Two queries."""
    rows = Correction.objects.filter(starts_at__lt=end, ends_at__gt=begin).order_by("-starts_at", "-pk")
    lines = []
    for row in rows.prefetch_related("components")[:MOST]:
        seen = [component for component in row.components.all() if component.is_visible and not component.retired_at]
        if seen:
            named = [(component.name, component.get_absolute_url()) for component in seen]
            lines.append(correction_line(row, reader, components=named))
    return tuple(lines)
