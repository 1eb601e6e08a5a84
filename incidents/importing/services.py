"""Take a file over, in one transaction: all of it or none of it."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from components.models import Component, Page
from components.services import lock_components, touch_page
from incidents.component_notices import take_as_told
from incidents.importing.component_rows import ComponentBook
from incidents.importing.incident_rows import IncidentWriter
from incidents.importing.maintenance_rows import MaintenanceWriter
from incidents.importing.numbering import ReferenceBook
from incidents.importing.records import (
    ImportFile,
    IncidentRecord,
    MaintenanceRecord,
    PageRecord,
    Skipped,
)
from incidents.importing.tally import ImportReport
from incidents.references import INCIDENT_PREFIX, MAINTENANCE_PREFIX
from statuspage.core.database import retry_on_conflict

CHUNK = 100

type Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """For callers who show no progress."""


@retry_on_conflict
@transaction.atomic
def import_file(
    file: ImportFile, *, with_page: bool = False, dry_run: bool = False, progress: Progress = silent
) -> ImportReport:
    """Write what is new or newer than what is here, and say what was done.

    The same file again changes nothing. What was changed here after the file was written stays as it is. Nobody is
    notified. The page's name, address and zone are taken over `with_page` only. With `dry_run` the report is of what
    would be done, and nothing is kept. `progress(done, total)` is called after every 100 incidents and windows.

    Raises ValidationFailed when the page has no severities.
    """
    page = Page.current()
    report = ImportReport(skipped=list(file.skipped))
    if with_page and file.page is not None:
        report.page_changed = _write_page(page, file.page, file.name, report)
    book = ComponentBook()
    lock_components(book.components.values())
    before = _states()
    for group in file.groups:
        book.write_group(group, report.groups)
    for component in file.components:
        book.write(component, report.components)
    total = len(file.incidents) + len(file.maintenances)
    incidents = IncidentWriter(book, ReferenceBook(INCIDENT_PREFIX, page.zone), report)
    done = 0
    for chunk in _chunks(sorted(file.incidents, key=lambda record: (record.started_at, record.public_id))):
        incidents.write(chunk)
        done += len(chunk)
        progress(done, total)
    windows = MaintenanceWriter(book, ReferenceBook(MAINTENANCE_PREFIX, page.zone), report)
    for later in _chunks(sorted(file.maintenances, key=lambda record: (record.scheduled_for, record.public_id))):
        windows.write(later)
        done += len(later)
        progress(done, total)
    take_as_told(pk for pk, status in _states().items() if before.get(pk) != status)
    if report.changed_anything:
        touch_page()
    if dry_run:
        transaction.set_rollback(True)
    return report


def _states() -> dict[int, str]:
    return dict(Component.objects.order_by("pk").values_list("pk", "status"))


def _chunks[R: (IncidentRecord, MaintenanceRecord)](records: Sequence[R]) -> list[Sequence[R]]:
    return [records[start : start + CHUNK] for start in range(0, len(records), CHUNK)]


def _write_page(page: Page, record: PageRecord, name: str, report: ImportReport) -> bool:
    wanted = {"public_id": record.public_id, "name": record.name, "url": record.url, "time_zone": record.time_zone}
    if record.time_zone and not _is_zone(record.time_zone):
        sentence = f"time_zone is {record.time_zone!r}; expected an IANA name such as Europe/London."
        report.skipped.append(Skipped(place=f"{name}: page", sentence=sentence))
        del wanted["time_zone"]
    changes = {field: value for field, value in wanted.items() if value and value != getattr(page, field)}
    for field, value in changes.items():
        setattr(page, field, value)
    if changes:
        page.save(update_fields=list(changes))
    return bool(changes)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
