"""The form of a choice: what was typed, and how it is drawn. What is right is decided by `subscriptions.choices`."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import QueryDict

from components.models import Component
from incidents.models import SeverityPolicy
from statuspage.core.errors import DomainError, ValidationFailed
from statuspage.web.subscribing.zones import COMMON, COMMON_ZONES, spoken
from subscriptions.choices import DEFAULT_EVENTS, Choice, read_choice
from subscriptions.enums import Event
from subscriptions.languages import LANGUAGES
from subscriptions.models import Subscriber

LONGEST_ADDRESS = 1000
KINDS: dict[Event, tuple[str, str]] = {
    Event.INCIDENTS: ("Incidents", "Something is broken, or slower than it should be"),
    Event.MAINTENANCE: ("Maintenance", "Announced, begun and done"),
    Event.POSTMORTEMS: ("Postmortems", "What was behind an incident, and what is done about it"),
    Event.COMPONENTS: ("Component changes", "Each change of a component's state, also without an incident"),
    Event.REPORTS: ("Monthly report", "How available everything was, once a month"),
}
NOT_A_KIND = "There is nothing of that kind to hear about. Choose again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentOption:
    """One component that can be chosen."""

    slug: str
    name: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentGroup:
    """Components under one heading; slug and name are empty for those in no group."""

    slug: str
    name: str
    choices: tuple[ComponentOption, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    value: str
    label: str
    hint: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form as it was filled in, right or wrong."""

    email: str = ""
    events: frozenset[str] = frozenset(event.value for event in DEFAULT_EVENTS)
    updates: bool = True
    minimum_severity: str = ""
    components: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    time_zone: str = ""
    language: str = ""

    @property
    def is_plain(self) -> bool:
        """Nothing was chosen: the usual."""
        return self == Typed(email=self.email)

    def read(self, *, may_be_empty: bool = False) -> Choice:
        """Raises ValidationFailed at its field. The queries of `read_choice`."""
        try:
            events = [Event(word) for word in self.events]
        except ValueError:
            raise ValidationFailed("events", NOT_A_KIND) from None
        return read_choice(
            components=self.components,
            groups=self.groups,
            events=events,
            updates=self.updates,
            minimum_severity=self.minimum_severity,
            time_zone=self.time_zone,
            language=self.language,
            may_be_empty=may_be_empty,
        )


def typed_in(post: QueryDict) -> Typed:
    """A form without `choosing` has nothing but an address: it says nothing of kinds, so they are the usual."""
    usual = Typed()
    is_choosing = "choosing" in post
    return Typed(
        email=post.get("email", "")[:LONGEST_ADDRESS],
        events=frozenset(post.getlist("events")) if is_choosing else usual.events,
        updates=post.get("updates", "each") != "ends",
        minimum_severity=post.get("minimum_severity", ""),
        components=tuple(post.getlist("components")),
        groups=tuple(post.getlist("groups")),
        time_zone=post.get("time_zone", "").strip(),
        language=post.get("language", ""),
    )


def typed_of(subscriber: Subscriber) -> Typed:
    """What a subscriber chose before. Three queries."""
    least = subscriber.minimum_severity
    return Typed(
        email=subscriber.address,
        events=frozenset(event.value for event in Event if getattr(subscriber, f"wants_{event.value}")),
        updates=subscriber.wants_updates,
        minimum_severity=least.slug if least else "",
        components=tuple(subscriber.components.values_list("slug", flat=True)),
        groups=tuple(subscriber.groups.values_list("slug", flat=True)),
        time_zone=subscriber.time_zone,
        language=subscriber.language,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceForm:
    """All that `subscriptions/choices.html` draws. `errors` has the sentence by the field's name; "" is the form."""

    typed: Typed
    errors: dict[str, str]
    kinds: tuple[Option, ...]
    severities: tuple[Option, ...]
    groups: tuple[ComponentGroup, ...]
    gone: tuple[str, ...]
    zones: tuple[tuple[str, tuple[Option, ...]], ...]
    languages: tuple[Option, ...]
    page_zone: str
    is_open: bool = False

    @property
    def form_error(self) -> str:
        """What has no place of its own."""
        return next((words for name, words in self.errors.items() if name not in FIELDS), "")


FIELDS = frozenset({"email", "events", "minimum_severity", "components", "time_zone", "language"})


def choice_form(typed: Typed, *, page_zone: str, error: DomainError | str = "") -> ChoiceForm:
    """The form with what was typed and what was wrong with it. Two queries."""
    name = error.field if isinstance(error, ValidationFailed) else ""
    errors = {name: str(error)} if error else {}
    groups = component_groups(typed.components)
    offered = {choice.slug for group in groups for choice in group.choices}
    return ChoiceForm(
        typed=typed,
        errors=errors,
        kinds=tuple(
            Option(value=event.value, label=label, hint=hint, chosen=event.value in typed.events)
            for event, (label, hint) in KINDS.items()
        ),
        severities=_severities(typed.minimum_severity),
        groups=groups,
        gone=tuple(slug for slug in typed.components if slug not in offered),
        zones=_zones(typed.time_zone),
        languages=tuple(
            Option(value=code, label=name, chosen=code == typed.language) for code, name in LANGUAGES.items()
        ),
        page_zone=page_zone,
        is_open=not typed.is_plain or bool(FIELDS - {"email"} & errors.keys()),
    )


def component_groups(chosen: Collection[str] = ()) -> tuple[ComponentGroup, ...]:
    """What there is to choose, in the page's order. One query."""
    groups: dict[tuple[int, int, str, str], list[ComponentOption]] = {}
    for component in Component.objects.visible().select_related("group"):
        group = component.group
        key = (group.position, group.pk, group.slug, group.name) if group else (-1, 0, "", "")
        groups.setdefault(key, []).append(
            ComponentOption(
                slug=component.slug, name=component.name, note=component.note, chosen=component.slug in chosen
            )
        )
    return tuple(ComponentGroup(slug=key[2], name=key[3], choices=tuple(groups[key])) for key in sorted(groups))


def _severities(chosen: str) -> tuple[Option, ...]:
    """The ladder from the worst down; the last rung is any of them, which is what choosing none says."""
    ladder = list(SeverityPolicy.objects.values_list("slug", "name", "description"))
    return tuple(
        Option(
            value=slug,
            label=f"{name} only" if position == 0 else f"{name} and worse",
            hint=description,
            chosen=slug == chosen,
        )
        for position, (slug, name, description) in enumerate(ladder[:-1])
    )


def _zones(chosen: str) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    offered = [
        (area, tuple(Option(value=zone, label=spoken(zone), chosen=zone == chosen) for zone in zones))
        for area, zones in COMMON_ZONES.items()
    ]
    other = {"UTC"} | ({chosen} if chosen and chosen not in COMMON else set())
    last = tuple(Option(value=zone, label=zone[:64], chosen=zone == chosen) for zone in sorted(other))
    return (*offered, ("Other", last))
