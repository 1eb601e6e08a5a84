"""Letters about a subscription itself: please confirm, you are subscribed already, a fresh link, it was stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from statuspage.core.text import clean_line
from subscriptions.enums import Event, Purpose
from subscriptions.languages import say, say_count
from subscriptions.said.words import Fact, Passage, Words, plain, some


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What somebody hears of. Without components and whole `groups` everything; `follows` are titles of incidents.

    `host` is the one that is posted to, empty for mail. `trouble` is why it was stopped, as far as it was.
    """

    events: tuple[Event, ...] = ()
    components: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    updates: bool = True
    minimum_severity: str = ""
    follows: tuple[str, ...] = ()
    host: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who writes, and what a letter may lead to."""

    page: str
    confirm_url: str = ""
    manage_url: str = ""
    days: int = 0  # that a confirmation is good for


def words_of_letter(purpose: Purpose, chosen: Chosen, desk: Desk) -> Words:
    return LETTERS[purpose](chosen, desk)


def facts_of(chosen: Chosen) -> list[Fact]:
    """What they chose, line by line."""
    if not chosen.events:
        often = say("Each update") if chosen.updates else say("Its end only")
        return some((say("Incident"), ", ".join(chosen.follows)), (say("How often"), often))
    often = say("Each update") if chosen.updates else say("The beginning and the end only")
    groups = [say("All of %(group)s", group=clean_line(name)) for name in chosen.groups]
    return some(
        (say("What"), ", ".join(say(str(event.label)) for event in chosen.events)),
        (say("Of"), ", ".join([*groups, *chosen.components]) or say("Everything on this page")),
        (say("How often"), often),
        (say("How bad at least"), chosen.minimum_severity),
        (say("Until it is over"), ", ".join(chosen.follows)),
    )


def _confirmation(chosen: Chosen, desk: Desk) -> Words:
    title = say("Confirm your subscription to %(page)s", page=desk.page)
    return Words(
        thread="",
        subject=title,
        title=title,
        passages=[_plain(_what_was_asked(chosen, desk))],
        facts=facts_of(chosen),
        asking=say_count(
            "If it was you, open this page and press the button on it within %(number)d day:",
            "If it was you, open this page and press the button on it within %(number)d days:",
            desk.days,
        ),
        link_label=say("Confirm the subscription"),
        url=desk.confirm_url,
        closing=say("If it was not, do nothing: you will hear no more from us."),
        is_asking=True,
    )


def _what_was_asked(chosen: Chosen, desk: Desk) -> str:
    if chosen.host:
        return say(
            "Somebody, most likely you, asked %(page)s to post messages to an address at %(host)s.",
            page=desk.page,
            host=chosen.host,
        )
    if not chosen.events:
        return say(
            "Somebody, most likely you, asked %(page)s to send mail to this address until an incident is over.",
            page=desk.page,
        )
    return say(
        "Somebody, most likely you, asked %(page)s to send mail to this address when something breaks.", page=desk.page
    )


def _reminder(chosen: Chosen, desk: Desk) -> Words:
    title = say("You are subscribed to %(page)s", page=desk.page)
    return _leading_to_the_choice(
        chosen,
        desk,
        title=title,
        sentences=[
            say("Somebody, most likely you, asked %(page)s to send mail to this address.", page=desk.page),
            say("You are subscribed already. Nothing was changed. This is what you get:"),
        ],
    )


def _fresh_link(chosen: Chosen, desk: Desk) -> Words:
    title = say("Your link to %(page)s", page=desk.page)
    return _leading_to_the_choice(
        chosen,
        desk,
        title=title,
        sentences=_why_a_link(chosen, desk),
    )


def _why_a_link(chosen: Chosen, desk: Desk) -> list[str]:
    """Whoever answers for a URL gets one also when the URL itself has confirmed, without having asked."""
    if chosen.host:
        return [
            say(
                "%(page)s posts its messages to an address at %(host)s, and you were named as its contact.",
                page=desk.page,
                host=chosen.host,
            ),
            say("With this link you change it, end it, or make the secret of a webhook. This is what it gets:"),
        ]
    return [
        say("Somebody, most likely you, asked for a fresh link to this subscription. Here it is."),
        say("If it was not you, do nothing: nothing was changed. This is what you get:"),
    ]


def _stopped(chosen: Chosen, desk: Desk) -> Words:
    state, title = say("Stopped"), say("Messages to %(host)s", host=chosen.host)
    return _leading_to_the_choice(
        chosen,
        desk,
        title=title,
        state=state,
        sentences=[
            say(
                "%(page)s could not deliver its messages to %(host)s for days, so no more are sent there.",
                page=desk.page,
                host=chosen.host,
            )
        ],
        asking=say("Nothing of your choice was lost. Once the receiver answers again, start it again here:"),
        css="major",
        link_label=say("Open the subscription"),
    )


def _test(chosen: Chosen, desk: Desk) -> Words:
    title = say("A test from %(page)s", page=desk.page)
    sentences = [say("This is a test, and nothing is broken. If you read this, our messages reach you.")]
    return _leading_to_the_choice(chosen, desk, title=title, state=say("Test"), sentences=sentences)


def _leading_to_the_choice(
    chosen: Chosen,
    desk: Desk,
    *,
    title: str,
    sentences: Sequence[str],
    state: str = "",
    css: str = "none",
    asking: str = "",
    link_label: str = "",
) -> Words:
    return Words(
        thread="",
        subject=f"[{state}] {title}" if state else title,
        title=title,
        state=state,
        css=css,
        passages=[_plain(sentence) for sentence in sentences],
        facts=[*some((say("What went wrong"), chosen.trouble)), *facts_of(chosen)],
        asking=asking,
        link_label=link_label or say("Change what you get"),
        url=desk.manage_url,
        is_asking=True,
    )


def _plain(sentence: str) -> Passage:
    return plain("", sentence)


LETTERS: dict[Purpose, Callable[[Chosen, Desk], Words]] = {
    Purpose.CONFIRMATION: _confirmation,
    Purpose.REMINDER: _reminder,
    Purpose.LINK: _fresh_link,
    Purpose.QUARANTINED: _stopped,
    Purpose.TEST: _test,
}
