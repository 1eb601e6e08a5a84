"""Maintenance windows and their updates, written in bulk."""

from collections.abc import Mapping, Sequence

from django.db.models import F

from components.models import Component
from incidents.enums import MaintenanceStatus, Origin
from incidents.importing.component_rows import ComponentBook
from incidents.importing.matching import KnownUpdate, plan_updates
from incidents.importing.numbering import ReferenceBook
from incidents.importing.records import MaintenanceRecord, Skipped, UpdateRecord
from incidents.importing.tally import ImportReport
from incidents.models import Maintenance, MaintenanceUpdate

CHANGED_FIELDS = (
    "title",
    "status",
    "scheduled_for",
    "scheduled_until",
    "started_at",
    "completed_at",
    "external_url",
    "created_at",
    "updated_at",
)


class MaintenanceWriter:
    """Writes chunks of windows. A window holds no claim: a listing's status of the component says what it does."""

    def __init__(self, book: ComponentBook, references: ReferenceBook, report: ImportReport) -> None:
        self.book, self.references, self.report = book, references, report

    def write(self, records: Sequence[MaintenanceRecord]) -> None:
        """Take over those that are new or newer than what is here."""
        rows = Maintenance.objects.in_bulk([record.public_id for record in records], field_name="public_id")
        tally = self.report.maintenances
        written = []
        for record in records:
            row = rows.get(record.public_id)
            if row is None:
                rows[record.public_id] = self._create(record)
                tally.added += 1
            elif record.updated_at > row.updated_at:
                # The next revision too: calendars count by it.
                Maintenance.objects.filter(pk=row.pk).update(revision=F("revision") + 1, **_fields(record))
                tally.changed += 1
            else:
                tally.left += record.updated_at < row.updated_at
                tally.unchanged += record.updated_at == row.updated_at
                continue
            written.append(record)
        self._write_updates(written, rows)
        self._write_components(written, rows)

    def _create(self, record: MaintenanceRecord) -> Maintenance:
        return Maintenance.objects.create(
            public_id=record.public_id,
            reference=self.references.next(record.scheduled_for),
            origin=Origin.IMPORT,
            **_fields(record),
        )

    def _write_updates(self, records: Sequence[MaintenanceRecord], rows: Mapping[str, Maintenance]) -> None:
        known: dict[int, list[KnownUpdate]] = {}
        for row in MaintenanceUpdate.objects.filter(maintenance__in=[rows[record.public_id] for record in records]):
            known.setdefault(row.maintenance_id, []).append(
                KnownUpdate(
                    pk=row.pk,
                    public_id=row.public_id,
                    body=row.body,
                    display_at=row.display_at,
                    updated_at=row.updated_at,
                )
            )
        ids = [update.public_id for record in records for update in record.updates]
        owners = dict(
            MaintenanceUpdate.objects.filter(public_id__in=ids).values_list("public_id", "maintenance__public_id")
        )
        new: list[MaintenanceUpdate] = []
        for record in records:
            window = rows[record.public_id]
            plan = plan_updates(known.get(window.pk, []), record.updates)
            for update in plan.new:
                if owners.setdefault(update.public_id, record.public_id) != record.public_id:
                    sentence = f"the update {update.public_id} left out: another window has one with this id."
                    self.report.skipped.append(Skipped(place=record.place, sentence=sentence))
                    continue
                new.append(MaintenanceUpdate(maintenance=window, **_update_fields(update)))
            for pk, update in plan.changed:
                MaintenanceUpdate.objects.filter(pk=pk).update(**_update_fields(update))
            self.report.updates.changed += len(plan.changed)
        MaintenanceUpdate.objects.bulk_create(new)
        self.report.updates.added += len(new)

    def _write_components(self, records: Sequence[MaintenanceRecord], rows: Mapping[str, Maintenance]) -> None:
        through = Maintenance.components.through
        through._default_manager.bulk_create(
            [
                through(maintenance_id=rows[record.public_id].pk, component_id=component.pk)
                for record in records
                for component in self._components(record)
            ],
            ignore_conflicts=True,
        )

    def _components(self, record: MaintenanceRecord) -> set[Component]:
        tally = self.report.components
        return {self.book.ensure(part, tally, at=record.created_at) for part in record.components}


def _fields(record: MaintenanceRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in CHANGED_FIELDS}


def _update_fields(update: UpdateRecord[MaintenanceStatus]) -> dict[str, object]:
    return {
        "public_id": update.public_id,
        "status": update.status,
        "is_repeat": update.is_repeat,
        "body": update.body,
        "display_at": update.display_at,
        "notify": update.notify,
        "created_at": update.created_at,
        "updated_at": update.updated_at,
    }
