"""The steps of the work, gone through with one press each."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from components.services import touch_page
from incidents.enums import NoticeKind, StepState
from incidents.input import body_text
from incidents.maintenance.plans import OVER, StepPlan, check_steps, write_steps
from incidents.maintenance.rows import lock, save, say
from incidents.models import Maintenance, MaintenanceStep
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, StaleRevision

NONE_RUNS = 0


@retry_on_conflict
@transaction.atomic
def advance_step(
    *,
    maintenance: Maintenance,
    expected_step: int | None = None,
    message: str = "",
    notify: bool = False,
    author: str | None = None,
) -> MaintenanceStep | None:
    """The step that runs is done, the next one begins. Returns the one that runs now; None: all are over.

    `expected_step`: the key of the step that ran when the button was shown, 0 if none did. A second tap on the same
    button, or a second person's, changes nothing more. A message is posted as an update, and `notify` tells
    subscribers of it; with `notify` and no message the title of the step that begins is the word.

    Raises InvalidTransition unless the window runs, and StaleRevision if the step is not here any more.
    """
    row, now = lock(maintenance), clock.now()
    running = _running(row)
    if _is_second_tap(row, running, expected_step):
        return running
    return _go_on(row, running, StepState.DONE, now, message=message, notify=notify, author=author)


@retry_on_conflict
@transaction.atomic
def skip_step(
    *, maintenance: Maintenance, step: MaintenanceStep, expected_revision: int | None = None, author: str | None = None
) -> MaintenanceStep | None:
    """It is not done. If it ran, the next one begins. Returns the one that runs now."""
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    found = _check(row).steps.filter(pk=step.pk).first()
    if found is None:
        raise StaleRevision(f"The steps of {row.reference} were written anew in the meantime: look at them again.")
    if found.state in OVER:
        return _running(row)
    if found.state == StepState.RUNNING:
        return _go_on(row, found, StepState.SKIPPED, now, message="", notify=False, author=author)
    MaintenanceStep.objects.filter(pk=found.pk).update(state=StepState.SKIPPED)
    save(row, now)
    touch_page(at=now)
    return _running(row)


@retry_on_conflict
@transaction.atomic
def set_steps(*, maintenance: Maintenance, steps: Sequence[StepPlan], expected_revision: int | None = None) -> None:
    """These steps instead of those there were, each with its state. Before the window begins all are pending."""
    row, now = lock(maintenance, expected_revision=expected_revision), clock.now()
    write_steps(row, check_steps(steps, may_be_begun=row.started_at is not None), now=now)
    save(row, now)
    touch_page(at=now)
    maintenance.refresh_from_db()


def _check(row: Maintenance) -> Maintenance:
    if not row.is_active:
        raise InvalidTransition(f"{row.reference} does not run: begin it first, then its steps.")
    return row


def _running(row: Maintenance) -> MaintenanceStep | None:
    return row.steps.filter(state=StepState.RUNNING).first()


def _is_second_tap(row: Maintenance, running: MaintenanceStep | None, expected_step: int | None) -> bool:
    if expected_step is None or expected_step == (NONE_RUNS if running is None else running.pk):
        _check(row)
        return False
    if expected_step != NONE_RUNS and not row.steps.filter(pk=expected_step).exists():
        raise StaleRevision(f"The steps of {row.reference} were written anew in the meantime: look at them again.")
    return True


def _go_on(
    row: Maintenance,
    running: MaintenanceStep | None,
    left_as: StepState,
    now: datetime,
    *,
    message: str,
    notify: bool,
    author: str | None,
) -> MaintenanceStep | None:
    if running is not None:
        # A clock that was set back does not end a step before it began.
        finished_at = max(now, running.started_at or now)
        MaintenanceStep.objects.filter(pk=running.pk).update(state=left_as, finished_at=finished_at)
    following = row.steps.filter(state=StepState.PENDING).first()
    if following is None and running is None:
        return None
    if following is not None:
        MaintenanceStep.objects.filter(pk=following.pk).update(state=StepState.RUNNING, started_at=now)
        following.refresh_from_db()
    save(row, now)
    word = message or (following.title if notify and following is not None else "")
    if word:
        tell = NoticeKind.MAINTENANCE_UPDATED if notify else None
        say(row, body_text(word), at=now, author=author, is_repeat=True, tell=tell)
    touch_page(at=now)
    return following
