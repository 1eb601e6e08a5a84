"""What somebody wants to hear of, and how: read from people and programs, kept as JSON, put on a subscriber.

Errors: `ValidationFailed` at the field that is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import available_timezones

from django.db.models import Exists, OuterRef, Q

from components.models import Component, Group
from incidents.models import Incident, SeverityPolicy
from statuspage.core.errors import NotFound, ValidationFailed
from subscriptions.enums import Event
from subscriptions.languages import LANGUAGES
from subscriptions.models import Subscriber

REFERENCE_LENGTH = 40
DEFAULT_EVENTS = frozenset({Event.INCIDENTS, Event.MAINTENANCE, Event.POSTMORTEMS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Components by their keys, none for all; `group_ids` are whole groups, with what is in them later.

    `follows` is the one incident that this is about.

    Who chooses an incident and no events hears of that incident alone.
    """

    component_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    events: frozenset[Event] = DEFAULT_EVENTS
    updates: bool = True
    minimum_severity_id: int | None = None
    time_zone: str = ""
    language: str = ""
    follows_id: int | None = None

    @property
    def is_one_incident(self) -> bool:
        """Nothing else is asked for than to hear of one incident."""
        return self.follows_id is not None and not self.events

    def as_json(self) -> dict[str, Any]:
        return {
            "component_ids": list(self.component_ids),
            "group_ids": list(self.group_ids),
            "events": sorted(event.value for event in self.events),
            "updates": self.updates,
            "minimum_severity_id": self.minimum_severity_id,
            "time_zone": self.time_zone,
            "language": self.language,
            "follows_id": self.follows_id,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """What `as_json` wrote; an older row may lack what was added since."""
        return cls(
            component_ids=tuple(kept.get("component_ids", ())),
            group_ids=tuple(kept.get("group_ids", ())),
            events=frozenset(Event(word) for word in kept.get("events", DEFAULT_EVENTS)),
            updates=kept.get("updates", True),
            minimum_severity_id=kept.get("minimum_severity_id"),
            time_zone=kept.get("time_zone", ""),
            language=kept.get("language", ""),
            follows_id=kept.get("follows_id"),
        )


def read_choice(
    *,
    components: Iterable[str] = (),
    groups: Iterable[str] = (),
    events: Iterable[Event] = DEFAULT_EVENTS,
    updates: bool = True,
    minimum_severity: str = "",
    time_zone: str = "",
    language: str = "",
    incident: str = "",
    may_be_empty: bool = False,
) -> Choice:
    """A choice as it was asked for: slugs of components, groups and a severity, reference of an incident.

    One query for each of them that is given. Choosing no events is only right for who follows an
    incident: this one, or an earlier one, as `may_be_empty` says.
    """
    wanted = frozenset(events)
    if not wanted and not incident and not may_be_empty:
        raise ValidationFailed("events", "Choose at least one of them: there would be nothing to tell you.")
    if time_zone and time_zone not in available_timezones():
        raise ValidationFailed("time_zone", f"There is no time zone called {time_zone[:64]!r}.")
    if language and language not in LANGUAGES:
        raise ValidationFailed(
            "language", f"There are no mails in {language[:16]!r}: choose one of {', '.join(LANGUAGES)}."
        )
    return Choice(
        component_ids=tuple(_component_ids(components)),
        group_ids=tuple(_group_ids(groups)),
        events=wanted,
        updates=updates,
        minimum_severity_id=_severity_id(minimum_severity),
        time_zone=time_zone,
        language=language,
        follows_id=_incident_id(incident),
    )


def apply_choice(subscriber: Subscriber, choice: Choice) -> None:
    """Put it on the row, but for what does not exist any more. Call it in a transaction that holds the row."""
    subscriber.components.set(_components(choice))
    subscriber.groups.set(Group.objects.filter(pk__in=choice.group_ids) if choice.group_ids else ())
    for event in Event:
        setattr(subscriber, f"wants_{event.value}", event in choice.events)
    subscriber.wants_updates = choice.updates
    subscriber.minimum_severity = _severity(choice.minimum_severity_id)
    subscriber.time_zone, subscriber.language = choice.time_zone, choice.language
    subscriber.save(
        update_fields=[
            *(f"wants_{event.value}" for event in Event),
            *("wants_updates", "minimum_severity", "time_zone", "language"),
        ]
    )
    add_follow(subscriber, choice.follows_id)


def add_follow(subscriber: Subscriber, incident_id: int | None) -> None:
    """Hear of this incident until it is over, whatever else was chosen; nothing if it does not exist any more."""
    if incident_id is not None:
        subscriber.follows.add(*Incident.objects.filter(pk=incident_id))


def incident_to_follow(reference: str) -> Incident:
    """The incident of this reference, or the one that goes on in its place. Raises NotFound. One query."""
    # Looked at here: a database is not asked about NUL or a text of any length.
    possible = reference.isascii() and len(reference) <= REFERENCE_LENGTH and "\x00" not in reference
    rows = Incident.objects.select_related("merged_into", "severity").filter(reference=reference)
    found = rows.first() if possible else None
    if found is None:
        raise NotFound(f"There is no incident {reference[:REFERENCE_LENGTH]!r} on this page.")
    return found.merged_into or found


def take_in_new_members() -> int:
    """Who chose a whole group gets what was added to it since. Returns how many choices grew.

    One query for each component that is in a group somebody chose, and one for all.
    """
    theirs, chosen = Subscriber.groups.through.objects, Subscriber.components.through.objects
    added = 0
    for component in Component.objects.visible().filter(group__in=theirs.values("group")):
        has_it = Exists(chosen.filter(subscriber=OuterRef("subscriber"), component=component))
        missing = theirs.filter(group=component.group_id).exclude(has_it).values_list("subscriber", flat=True)
        rows = [chosen.model(subscriber_id=subscriber, component_id=component.pk) for subscriber in missing]
        added += len(chosen.bulk_create(rows, ignore_conflicts=True, batch_size=1000))
    return added


def _components(choice: Choice) -> Iterable[Component]:
    if not choice.component_ids and not choice.group_ids:
        return ()
    in_groups = Q(group__in=choice.group_ids, is_visible=True)
    return Component.objects.active().filter(Q(pk__in=choice.component_ids) | in_groups)


def _group_ids(slugs: Iterable[str]) -> list[int]:
    wanted = list(dict.fromkeys(slugs))
    if not wanted:
        return []
    known = dict(Component.objects.visible().filter(group__isnull=False).values_list("group__slug", "group"))
    for slug in wanted:
        if slug not in known:
            raise ValidationFailed("components", f"There is no group called {slug[:80]!r} on this page.")
    return [known[slug] for slug in wanted]


def _component_ids(slugs: Iterable[str]) -> list[int]:
    wanted = list(dict.fromkeys(slugs))
    if not wanted:
        return []
    # Compared here: a database is not asked about NUL or a text of any length.
    known = dict(Component.objects.visible().values_list("slug", "pk"))
    for slug in wanted:
        if slug not in known:
            raise ValidationFailed("components", f"There is no component called {slug[:80]!r} on this page.")
    return [known[slug] for slug in wanted]


def _severity(key: int | None) -> SeverityPolicy | None:
    return None if key is None else SeverityPolicy.objects.filter(pk=key).first()


def _severity_id(slug: str) -> int | None:
    if not slug:
        return None
    known = dict(SeverityPolicy.objects.values_list("slug", "pk"))
    if slug not in known:
        raise ValidationFailed("minimum_severity", f"There is no severity called {slug[:80]!r}: {', '.join(known)}.")
    return known[slug]


def _incident_id(reference: str) -> int | None:
    if not reference:
        return None
    try:
        incident = incident_to_follow(reference)
    except NotFound as error:
        raise ValidationFailed("incident", error.sentence) from None
    if not incident.is_open:
        raise ValidationFailed("incident", f"{incident.reference} is over: there is nothing to wait for.")
    return incident.pk
