"""Incidents and their updates, written in bulk. Nobody is told: an import writes no notice."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, StatusClaim
from incidents.enums import Impact, IncidentStatus, Origin
from incidents.importing.component_rows import ComponentBook, claim_for_incident
from incidents.importing.matching import KnownUpdate, UpdatePlan, plan_updates
from incidents.importing.numbering import ReferenceBook
from incidents.importing.records import ComponentRecord, IncidentRecord, Skipped, UpdateRecord
from incidents.importing.tally import ImportReport
from incidents.models import AffectedComponent, Incident, IncidentUpdate, SeverityPolicy, UpdateImpact
from statuspage.core.errors import ValidationFailed

# What an impact says of a component about which nothing more is known.
USUAL_STATUS: Mapping[Impact, ComponentStatus] = {
    Impact.NONE: ComponentStatus.OPERATIONAL,
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}
CHANGED_FIELDS = (
    "title",
    "status",
    "impact",
    "started_at",
    "contained_at",
    "resolved_at",
    "external_url",
    "created_at",
    "updated_at",
)

Plan = UpdatePlan[IncidentStatus]
# What an incident says of each component, and whether that is known or only usual for its impact.
States = dict[Component, tuple[ComponentStatus, bool]]
Entry = tuple[IncidentRecord, Incident, States]


class SeverityBook:
    """The rung of the ladder for an impact: the one of that name, else the mildest that is at least as bad."""

    def __init__(self) -> None:
        self.ladder = list(SeverityPolicy.objects.order_by("rank"))
        if not self.ladder:
            raise ValidationFailed("severity", "There is no severity yet: set up the ladder, then import.")

    def of(self, impact: Impact) -> SeverityPolicy:
        wanted = Impact.MINOR if impact is Impact.NONE else impact
        by_slug = [policy for policy in self.ladder if policy.slug == wanted]
        bad_enough = [policy for policy in self.ladder if _badness(policy.impact) >= _badness(wanted)]
        return (by_slug or bad_enough[-1:] or self.ladder)[0]


def _badness(impact: str) -> int:
    return list(Impact).index(Impact(impact))


class IncidentWriter:
    """Writes chunks of incidents; a chunk of new ones is seven queries, whatever its size."""

    def __init__(self, book: ComponentBook, references: ReferenceBook, report: ImportReport) -> None:
        self.book, self.references, self.report = book, references, report
        self.severities = SeverityBook()

    def write(self, records: Sequence[IncidentRecord]) -> None:
        """Take over those that are new or newer than what is here."""
        known = Incident.objects.in_bulk([record.public_id for record in records], field_name="public_id")
        new = [record for record in records if record.public_id not in known]
        newer = [record for record in records if record.public_id in known and self._is_newer(record, known)]
        incidents = {**known, **self._create(new)}
        for record in newer:
            self._change(incidents[record.public_id], record)
        written = [*new, *newer]
        # The states first: they make the components that the updates speak of.
        entries = [(record, incidents[record.public_id], self._states(record)) for record in written]
        self._write_updates(written, incidents)
        self._write_affected(entries)
        self._write_claims(entries)

    def _is_newer(self, record: IncidentRecord, known: Mapping[str, Incident]) -> bool:
        here = known[record.public_id].updated_at
        if record.updated_at > here:
            return True
        if record.updated_at < here:
            self.report.incidents.left += 1
        else:
            self.report.incidents.unchanged += 1
        return False

    def _create(self, records: Sequence[IncidentRecord]) -> dict[str, Incident]:
        rows = [
            Incident(
                public_id=record.public_id,
                reference=self.references.next(record.started_at),
                severity=self.severities.of(record.impact),
                origin=Origin.IMPORT,
                **_fields(record),
            )
            for record in records
        ]
        Incident.objects.bulk_create(rows)
        self.report.incidents.added += len(rows)
        return {row.public_id: row for row in rows}

    def _change(self, incident: Incident, record: IncidentRecord) -> None:
        fields = _fields(record)
        if incident.impact != record.impact:
            incident.severity = self.severities.of(record.impact)
        for name, value in fields.items():
            setattr(incident, name, value)
        incident.revision += 1
        incident.next_update_due_at = None if not incident.is_open else incident.next_update_due_at
        incident.save(update_fields=[*fields, "severity", "revision", "next_update_due_at"])
        self.report.incidents.changed += 1

    def _write_updates(self, records: Sequence[IncidentRecord], incidents: Mapping[str, Incident]) -> None:
        plans = self._plans(records, incidents)
        rows: list[IncidentUpdate] = []
        said: list[tuple[IncidentUpdate, UpdateRecord[IncidentStatus]]] = []
        for record, plan in plans:
            for update in plan.new:
                row = _update_row(incidents[record.public_id], update)
                rows.append(row)
                said.append((row, update))
            for pk, update in plan.changed:
                IncidentUpdate.objects.filter(pk=pk).update(**_update_fields(update))
            self.report.updates.added += len(plan.new)
            self.report.updates.changed += len(plan.changed)
        IncidentUpdate.objects.bulk_create(rows)
        UpdateImpact.objects.bulk_create(
            UpdateImpact(
                update=row,
                component=self.book.components.get(impact.code),
                code=impact.code,
                name=impact.name,
                old_status=impact.old_status,
                new_status=impact.new_status,
            )
            for row, update in said
            for impact in update.impacts
        )

    def _plans(
        self, records: Sequence[IncidentRecord], incidents: Mapping[str, Incident]
    ) -> list[tuple[IncidentRecord, Plan]]:
        known: dict[int, list[KnownUpdate]] = {}
        for row in IncidentUpdate.objects.filter(incident__in=[incidents[record.public_id] for record in records]):
            known.setdefault(row.incident_id, []).append(
                KnownUpdate(
                    pk=row.pk,
                    public_id=row.public_id,
                    body=row.body,
                    display_at=row.display_at,
                    updated_at=row.updated_at,
                )
            )
        plans = [
            (record, plan_updates(known.get(incidents[record.public_id].pk, []), record.updates)) for record in records
        ]
        ids = [update.public_id for _, plan in plans for update in plan.new]
        taken = set(IncidentUpdate.objects.filter(public_id__in=ids).values_list("public_id", flat=True))
        return [(record, self._without_taken(record, plan, taken)) for record, plan in plans]

    def _without_taken(self, record: IncidentRecord, plan: Plan, taken: set[str]) -> Plan:
        """An id is one update's: of two incidents that claim the same one, the first has it."""
        free = []
        for update in plan.new:
            if update.public_id in taken:
                sentence = f"the update {update.public_id} left out: another incident has one with this id."
                self.report.skipped.append(Skipped(place=record.place, sentence=sentence))
            else:
                taken.add(update.public_id)
                free.append(update)
        return UpdatePlan(new=tuple(free), changed=plan.changed)

    def _write_affected(self, entries: Sequence[Entry]) -> None:
        known: list[AffectedComponent] = []
        usual: list[AffectedComponent] = []
        for _, incident, states in entries:
            for component, (status, is_known) in states.items():
                row = AffectedComponent(incident=incident, component=component, status=status)
                (known if is_known else usual).append(row)
        AffectedComponent.objects.bulk_create(
            known, update_conflicts=True, unique_fields=["incident", "component"], update_fields=["status"]
        )
        # A guess never replaces what is known.
        AffectedComponent.objects.bulk_create(usual, ignore_conflicts=True)

    def _states(self, record: IncidentRecord) -> States:
        said = record.said
        states: States = {}
        for part in record.components:
            component = self.book.ensure(part, self.report.components, at=record.started_at)
            states[component] = self._state(record, part, said)
        for code, status in said.items():
            if code in self.book.components:
                states.setdefault(self.book.components[code], (status, True))
        return states

    def _state(
        self, record: IncidentRecord, part: ComponentRecord, said: Mapping[str, ComponentStatus]
    ) -> tuple[ComponentStatus, bool]:
        if part.public_id is not None and part.public_id in said:
            return said[part.public_id], True
        if record.status is not IncidentStatus.RESOLVED and part.status is not None:
            # The row of the component comes with the incident, in its state of that moment.
            return part.status, True
        return USUAL_STATUS[record.impact], False

    def _write_claims(self, entries: Sequence[Entry]) -> None:
        """Open incidents speak for their components; what others had claimed before is taken back."""
        ids = [incident.public_id for _, incident, _ in entries]
        held = StatusClaim.objects.filter(source=ClaimSource.INCIDENT, source_id__in=ids).select_related("component")
        claimed: dict[str, list[Component]] = {}
        for claim in held:
            claimed.setdefault(claim.source_id, []).append(claim.component)
        for record, incident, states in entries:
            wanted = (
                {component: status for component, (status, is_known) in states.items() if is_known}
                if incident.is_open
                else {}
            )
            back = {
                component: ComponentStatus.OPERATIONAL
                for component in claimed.get(incident.public_id, [])
                if component not in wanted
            }
            for component, status in sorted({**wanted, **back}.items(), key=lambda item: item[0].pk):
                claim_for_incident(
                    component,
                    status=status,
                    incident_id=incident.public_id,
                    reference=incident.reference,
                    at=_said_at(record),
                )


def _said_at(record: IncidentRecord) -> datetime:
    """Since when: the newest word about components; the end, or the beginning, when no update has one."""
    spoken = [update.display_at for update in record.updates if update.impacts]
    return record.resolved_at or (spoken[-1] if spoken else record.started_at)


def _fields(record: IncidentRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in CHANGED_FIELDS}


def _update_fields(update: UpdateRecord[IncidentStatus]) -> dict[str, object]:
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


def _update_row(incident: Incident, update: UpdateRecord[IncidentStatus]) -> IncidentUpdate:
    return IncidentUpdate(incident=incident, **_update_fields(update))
