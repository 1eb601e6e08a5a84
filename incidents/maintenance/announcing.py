"""Announcing a window."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from components.models import Component
from components.services import lock_components, touch_page
from incidents.input import body_text, title_line
from incidents.maintenance.rows import begin, insert, say, write_down
from incidents.maintenance.rules import check_window
from incidents.models import Maintenance
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import ValidationFailed
from statuspage.core.text import clean_line

NOTE_LENGTH = 300


@retry_on_conflict
@transaction.atomic
def schedule_maintenance(
    *,
    title: str,
    message: str,
    components: Collection[Component],
    scheduled_for: datetime,
    scheduled_until: datetime,
    impact_note: str = "",
    author: str | None = None,
) -> Maintenance:
    """Announce a window. One that has begun already runs at once; one that is over is written down as it was.

    For a window in the past, what was measured is for the caller to correct: `probes.corrections`.
    """
    now = clock.now()
    body = body_text(message)
    check_window(scheduled_for, scheduled_until, now)
    if not components:
        raise ValidationFailed("components", "Name at least one component that is worked on.")
    lock_components(components)
    maintenance = insert(
        Maintenance(
            title=title_line(title),
            impact_note=clean_line(impact_note)[:NOTE_LENGTH],
            scheduled_for=scheduled_for,
            scheduled_until=scheduled_until,
            created_at=now,
            updated_at=now,
        )
    )
    maintenance.components.set(components)
    say(maintenance, body, at=min(now, scheduled_for), author=author)
    if scheduled_until <= now:
        write_down(maintenance, now=now)
    elif scheduled_for <= now:
        begin(maintenance, at=scheduled_for, now=now)
    touch_page(at=now)
    return maintenance
