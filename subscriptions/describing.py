"""What somebody chose, in words."""

from collections.abc import Iterable, Sequence

from components.models import Component
from subscriptions.enums import Event
from subscriptions.languages import LANGUAGES
from subscriptions.models import Subscriber


def describe(subscriber: Subscriber) -> list[tuple[str, str]]:
    """Label and value, line by line: what they hear of, as they chose it. Four queries."""
    followed = [
        f"{incident.public_title} ({incident.reference})" for incident in subscriber.follows.select_related("severity")
    ]
    one = [("Until it is over", ", ".join(followed))] if followed else []
    often = "Each update" if subscriber.wants_updates else "The beginning and the end only"
    if subscriber.only_follows:
        return [*one, ("How often", "Each update, and the end" if subscriber.wants_updates else "Its end only")]
    least = subscriber.minimum_severity
    how = [
        ("Times in", subscriber.time_zone),
        ("Language", LANGUAGES.get(subscriber.language, "")),
    ]
    return [
        ("What", _kinds([event for event in Event if getattr(subscriber, f"wants_{event.value}")])),
        ("Of", in_a_row(names_of(subscriber)) or "Everything on this page"),
        ("How often", often),
        *([("How bad at least", least.name)] if least else []),
        *one,
        *((label, value) for label, value in how if value),
    ]


def names_of(subscriber: Subscriber) -> list[str]:
    """Of the components and whole groups they chose; none is all of them. Two queries."""
    return _named(subscriber, subscriber.components.select_related("group"))


def in_short(subscriber: Subscriber) -> str:
    """For a list: the components and groups, else what they follow. No query where all three are prefetched."""
    if subscriber.only_follows:
        return ", ".join(incident.reference for incident in subscriber.follows.all()) or "Nothing any more"
    return ", ".join(_named(subscriber, subscriber.components.all())) or "Everything"


def _named(subscriber: Subscriber, components: Iterable[Component]) -> list[str]:
    groups = {group.pk: f"All of {group.name}" for group in subscriber.groups.all()}
    return [*groups.values(), *(component.full_name for component in components if component.group_id not in groups)]


def in_a_row(words: Sequence[str]) -> str:
    """`API, Web and Jobs`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def shown_address(subscriber: Subscriber) -> str:
    """A mail address as it is. Of a URL, which is a secret, its host, and its end to tell it from others."""
    if "://" not in subscriber.address:
        return subscriber.address
    return f"{subscriber.host or subscriber.address.partition('//')[2].partition('/')[0]}/…{subscriber.address[-4:]}"


def _kinds(events: Sequence[Event]) -> str:
    """`Incidents, maintenance and postmortems`: one sentence, so one capital."""
    words = in_a_row([str(event.label).lower() for event in events])
    return words[:1].upper() + words[1:]
