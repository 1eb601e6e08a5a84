"""Groups and components: found by id, else by name, else made."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.utils.text import slugify

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Group
from components.services import claim_status, set_staff_status, withdraw_claim
from incidents.importing.records import ComponentRecord, GroupRecord
from incidents.importing.tally import Tally
from statuspage.core import clock

ACTOR = "import"
SLUG_LENGTH = 80


class ComponentBook:
    """The page's groups and components by id and by name, kept for one import. Two queries to open."""

    def __init__(self) -> None:
        self.groups = {group.public_id: group for group in Group.objects.all()}
        self.components = {component.public_id: component for component in Component.objects.select_related("group")}
        self.adopted: set[str] = set()

    def find(self, record: ComponentRecord) -> Component | None:
        """By id; by name when the id is not known here (a name may be in several groups: then in its own)."""
        if record.public_id in self.components:
            return self.components[record.public_id]
        named = [c for c in self.components.values() if c.name == record.name and c.public_id not in self.adopted]
        group = self.groups.get(record.group_id or "")
        if record.public_id is not None and group is not None:
            # One with the same name in another group is another component.
            named = [component for component in named if component.group_id in {group.pk, None}]
        return named[0] if named else None

    def ensure(self, record: ComponentRecord, tally: Tally, *, at: datetime) -> Component:
        """The component an incident of that time speaks of, made when it is missing: visible, without a status."""
        component = self.find(record)
        if component is None:
            component = self._create(replace(record, created_at=record.created_at or at))
            tally.added += 1
        return component

    def write_group(self, record: GroupRecord, tally: Tally) -> None:
        group = self.groups.get(record.public_id) or next(
            (group for group in self.groups.values() if group.name == record.name), None
        )
        now = clock.now()
        if group is None:
            self.groups[record.public_id] = Group.objects.create(
                public_id=record.public_id,
                slug=_free_slug(record.name, (group.slug for group in self.groups.values()), "group"),
                name=record.name,
                position=_position(record.position, (group.position for group in self.groups.values())),
                created_at=record.created_at or now,
                updated_at=record.updated_at or record.created_at or now,
            )
            tally.added += 1
            return
        changed = self._adopt_group(group, record.public_id)
        if record.updated_at is not None and record.updated_at > group.updated_at:
            group.name, group.updated_at = record.name, record.updated_at
            group.position = group.position if record.position is None else record.position
            group.save(update_fields=["name", "updated_at", "position"])
            changed = True
        _count(tally, changed=changed, newer_here=_is_older(record.updated_at, group.updated_at))

    def write(self, record: ComponentRecord, tally: Tally) -> None:
        """Take over all a listing says of a component; its status becomes the staff's word."""
        component = self.find(record)
        if component is None:
            component = self._create(record)
            tally.added += 1
            self._claim(component, record)
        else:
            self._change(component, record, tally)
        self.adopted.add(component.public_id)

    def _change(self, component: Component, record: ComponentRecord, tally: Tally) -> None:
        before = component.updated_at
        changed = self._adopt(component, record.public_id)
        newer = record.updated_at is not None and record.updated_at > before
        if newer:
            self._rewrite(component, record)
        # What nobody has said anything about takes the file's word, however old it is.
        unheard = component.state is ComponentStatus.UNKNOWN
        claimed = (newer or unheard) and self._claim(component, record)
        _count(tally, changed=changed or newer or claimed, newer_here=_is_older(record.updated_at, before))

    def _rewrite(self, component: Component, record: ComponentRecord) -> None:
        """What a file leaves out stays."""
        said = {
            "name": record.name,
            "note": record.note,
            "group": self.groups.get(record.group_id or ""),
            "position": component.position if record.position is None else record.position,
            "showcase": record.showcase,
            "only_show_if_degraded": record.only_show_if_degraded,
            "start_date": record.start_date or component.start_date,
            "created_at": record.created_at or component.created_at,
            "updated_at": record.updated_at or component.updated_at,
        }
        for field, value in said.items():
            setattr(component, field, value)
        component.save(update_fields=list(said))

    def _create(self, record: ComponentRecord) -> Component:
        now = clock.now()
        created_at = record.created_at or now
        component = Component(
            slug=_free_slug(record.name, (c.slug for c in self.components.values()), "component"),
            name=record.name,
            note=record.note,
            group=self.groups.get(record.group_id or ""),
            position=_position(record.position, (c.position for c in self.components.values())),
            status_since=created_at,
            showcase=record.showcase,
            only_show_if_degraded=record.only_show_if_degraded,
            start_date=record.start_date,
            created_at=created_at,
            updated_at=record.updated_at or created_at,
        )
        component.public_id = record.public_id or component.public_id
        component.save(force_insert=True)
        self.components[component.public_id] = component
        return component

    def _claim(self, component: Component, record: ComponentRecord) -> bool:
        if record.status is None or record.status is ComponentStatus.UNKNOWN:
            return False
        at = record.updated_at or clock.now()
        change = set_staff_status(component=component, status=record.status, actor=ACTOR, at=at)
        keep_updated_at(component)
        return change is not None

    def _adopt(self, component: Component, public_id: str | None) -> bool:
        """Known by name so far: from now on by the id its readers know."""
        if public_id is None or component.public_id == public_id:
            return False
        del self.components[component.public_id]
        component.public_id = public_id
        Component.objects.filter(pk=component.pk).update(public_id=public_id)
        self.components[public_id] = component
        return True

    def _adopt_group(self, group: Group, public_id: str) -> bool:
        if group.public_id == public_id:
            return False
        del self.groups[group.public_id]
        group.public_id = public_id
        Group.objects.filter(pk=group.pk).update(public_id=public_id)
        self.groups[public_id] = group
        return True


def claim_for_incident(
    component: Component, *, status: ComponentStatus, incident_id: str, reference: str, at: datetime
) -> None:
    """What an open incident says of a component: operational takes its word back."""
    if status is ComponentStatus.OPERATIONAL:
        withdraw_claim(component=component, source=ClaimSource.INCIDENT, source_id=incident_id, cause=reference, at=at)
    else:
        claim_status(
            component=component,
            status=status,
            source=ClaimSource.INCIDENT,
            source_id=incident_id,
            cause=reference,
            at=at,
        )
    keep_updated_at(component)


def keep_updated_at(component: Component) -> None:
    """A claim dates the row with now; an import keeps the file's date, by which the next file is known as newer."""
    Component.objects.filter(pk=component.pk).update(updated_at=component.updated_at)


def _is_older(ours: datetime | None, theirs: datetime) -> bool:
    return ours is not None and ours < theirs


def _count(tally: Tally, *, changed: bool, newer_here: bool) -> None:
    if changed:
        tally.changed += 1
    elif newer_here:
        tally.left += 1
    else:
        tally.unchanged += 1


def _position(given: int | None, taken: Iterable[int]) -> int:
    return given if given is not None else max(taken, default=0) + 1


def _free_slug(name: str, taken: Iterable[str], otherwise: str) -> str:
    used = set(taken)
    stem = slugify(name)[: SLUG_LENGTH - 5].strip("-_") or otherwise
    slug, copy = stem, 1
    while slug in used:
        copy += 1
        slug = f"{stem}-{copy}"
    return slug
