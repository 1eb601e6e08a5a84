"""What Slack, Teams and Discord are sent, held against what they document, and how their answers are read."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from incidents.enums import NoticeKind
from subscriptions.enums import Channel, Purpose
from subscriptions.hooks import FORMATS, Answer, Reply, Verdict, discord
from subscriptions.said.incident import NOT_PUBLIC
from subscriptions.said.words import Fact, plain
from tests.chat_messages import URLS, message, said
from tests.chat_rules import (
    texts_of_card,
    texts_of_discord,
    texts_of_slack,
    wrong_in_discord,
    wrong_in_slack,
    wrong_in_teams,
)

CHATS = (Channel.SLACK, Channel.TEAMS, Channel.DISCORD)
WRONG = {Channel.SLACK: wrong_in_slack, Channel.TEAMS: wrong_in_teams, Channel.DISCORD: wrong_in_discord}
TEXTS = {Channel.SLACK: texts_of_slack, Channel.TEAMS: texts_of_card, Channel.DISCORD: texts_of_discord}
HOSTILE = (
    "<!channel> <!here> @everyone @here <@U1> {{TIME(2017-02-14T06:00:00Z)}} </at> *a* _b_ `c` [d](https://e.example)"
)
LONG = (
    "This is a sentence of a long update. " * 500,
    "😀漢" * 9000,
    "&<>*_`" * 3000,
    "word\n\n" * 4000,
    "- item\n" * 3000,
)
anywhere = pytest.mark.parametrize("channel", CHATS)


@anywhere
def test_a_message_says_the_state_first_then_the_words_the_facts_and_where_more_is(channel: Channel) -> None:
    body = FORMATS[channel].write(message(channel, said("We see **errors**."))).body
    assert WRONG[channel](body) == []
    text = TEXTS[channel](body)
    parts = [
        "Investigating",
        "API errors",
        "errors",
        "Affects",
        "API gateway",
        "Next update by 12:30 UTC.",
        "Critical",
    ]
    assert all(part in text for part in parts)
    assert text.index("Investigating") < text.index("API errors") < text.index("We see")
    assert b"https://status.example.com/incidents/INC-2026-1121-a/" in body


@anywhere
@pytest.mark.parametrize("long", LONG)
def test_no_limit_of_the_service_is_broken(channel: Channel, long: str) -> None:
    facts = [Fact(label="Affects", value=long)] * 12 + [Fact(value=long)] * 3
    words = said(long, plain("Root cause" * 40, long), long, title=long[:250], facts=facts, about=[long[:500]])
    body = FORMATS[channel].write(message(channel, words)).body
    assert WRONG[channel](body) == []


@anywhere
def test_a_long_update_is_cut_at_a_sentence_and_leads_to_the_page(channel: Channel) -> None:
    body = FORMATS[channel].write(message(channel, said(LONG[0]))).body
    text = TEXTS[channel](body)
    before, _, after = text.partition("The rest is on the page")
    assert after
    assert before.rstrip("[<(" + "https://status.example.com/incidents/INC-2026-1121-a/|").rstrip().endswith("update.")


@anywhere
def test_what_staff_and_names_say_calls_nobody(channel: Channel) -> None:
    words = said(
        HOSTILE,
        plain(HOSTILE, HOSTILE),
        title=HOSTILE,
        facts=[Fact(label="Affects", value=HOSTILE), Fact(value=HOSTILE)],
        about=[HOSTILE],
    )
    body = FORMATS[channel].write(message(channel, words)).body
    assert WRONG[channel](body) == []
    text = TEXTS[channel](body)
    assert text.count("channel") >= 5
    # Of a footer Discord makes nothing, so there it may stand as it is.
    assert "@everyone" not in text.rpartition("\n")[0]
    assert re.search(r"(?<!\\)<[!@#]", text.rpartition("\n")[0]) is None
    if channel != Channel.SLACK:  # where this is no link
        links = re.findall(r"(?<!\\)\]\(https://e\.example\)", text.rpartition("\n")[0])
        assert len(links) == 1, "a link is made of Markdown alone, not of what looks like it in a title or a fact"


def test_servers_like_slack_get_attachments_that_all_of_them_read() -> None:
    for url in ("https://chat.example.org/hooks/abcdef", "https://rocket.example.org/hooks/id/token"):
        outgoing = FORMATS[Channel.SLACK].write(message(Channel.SLACK, said(HOSTILE), url=url))
        payload = json.loads(outgoing.body)
        assert "blocks" not in payload
        assert payload["text"] == "**Investigating: API errors**"
        (attachment,) = payload["attachments"]
        assert attachment["title_link"].endswith("/incidents/INC-2026-1121-a/")
        assert attachment["fields"][0] == {"title": "Affects", "value": "API gateway (Major outage)", "short": False}
        assert b"<!" not in outgoing.body
        assert b"@everyone" not in outgoing.body


@anywhere
def test_a_follow_up_is_shorter_than_what_begins_something(channel: Channel) -> None:
    first = FORMATS[channel].write(message(channel, said(LONG[0])))
    later = message(channel, said(LONG[0]), kind=NoticeKind.INCIDENT_UPDATED, posted_id="1")
    follow_up = FORMATS[channel].write(later)
    assert len(follow_up.body) < len(first.body)
    assert "Investigating" in TEXTS[channel](follow_up.body)
    assert "API errors" in TEXTS[channel](follow_up.body)


@anywhere
def test_a_private_incident_has_no_words(channel: Channel) -> None:
    body = FORMATS[channel].write(message(channel, said(plain("", NOT_PUBLIC), title="Critical incident"))).body
    assert NOT_PUBLIC in TEXTS[channel](body)


@anywhere
def test_the_question_leads_to_the_confirmation_and_nowhere_else(channel: Channel) -> None:
    body = FORMATS[channel].write(message(channel, purpose=Purpose.CONFIRMATION)).body
    assert WRONG[channel](body) == []
    assert "wants status updates" in TEXTS[channel](body)
    assert b"/subscribe/confirm/of-confirm/" in body
    assert b"of-manage" not in body


@anywhere
def test_a_channel_that_is_subscribed_gets_the_link_to_change_it(channel: Channel) -> None:
    body = FORMATS[channel].write(message(channel, purpose=Purpose.REMINDER)).body
    assert WRONG[channel](body) == []
    assert "This channel is subscribed" in TEXTS[channel](body)
    assert b"/subscriptions/of-manage/" in body
    assert b"of-confirm" not in body


@anywhere
def test_a_test_says_that_nothing_is_broken(channel: Channel) -> None:
    body = FORMATS[channel].write(message(channel, purpose=Purpose.TEST)).body
    assert WRONG[channel](body) == []
    assert "Nothing is broken." in TEXTS[channel](body)


def answer(channel: Channel, status: int, body: bytes = b"", posted_id: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    words = said("We look.")
    return FORMATS[channel].read_answer(
        message(channel, words, posted_id=posted_id), Reply(status=status, headers=named, body=body)
    )


@anywhere
@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_server_in_trouble_is_asked_again(channel: Channel, status: int) -> None:
    assert answer(channel, status).verdict is Verdict.RETRY


@anywhere
def test_who_asks_us_to_wait_is_not_asked_before(channel: Channel) -> None:
    assert answer(channel, 429, retry_after="30").wait == timedelta(seconds=30)
    assert answer(channel, 429, retry_after="999999").wait == timedelta(hours=1)


@anywhere
@pytest.mark.parametrize("status", [404, 410])
def test_a_webhook_that_was_removed_is_gone(channel: Channel, status: int) -> None:
    assert answer(channel, status).verdict is Verdict.GONE


@anywhere
def test_a_message_that_is_not_taken_is_not_sent_again(channel: Channel) -> None:
    assert answer(channel, 400).verdict is Verdict.REFUSED


@pytest.mark.parametrize("word", [b"invalid_token", b"no_service", b"team_disabled"])
def test_slack_says_by_a_word_that_a_webhook_is_dead(word: bytes) -> None:
    dead = answer(Channel.SLACK, 403, word)
    assert dead.verdict is Verdict.GONE
    assert word.decode() in dead.words
    assert answer(Channel.SLACK, 403, b"action_prohibited").verdict is Verdict.REFUSED


@anywhere
def test_no_answer_brings_the_secret_address_into_our_words(channel: Channel) -> None:
    for status in (400, 403, 404, 429, 500, 302):
        found = answer(channel, status, f"no such webhook: {URLS[channel]}".encode(), location=URLS[channel])
        assert "secret" not in found.words


def test_teams_says_inside_of_a_yes_that_it_did_not_take_it() -> None:
    throttled = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with"
    assert answer(Channel.TEAMS, 200, throttled).verdict is Verdict.RETRY
    assert answer(Channel.TEAMS, 200, throttled.replace(b"429", b"404")).verdict is Verdict.GONE
    assert answer(Channel.TEAMS, 200, b"1").verdict is Verdict.ACCEPTED
    assert answer(Channel.TEAMS, 202).verdict is Verdict.ACCEPTED


def test_the_first_message_in_discord_is_kept_by_its_id() -> None:
    assert discord.write(message(Channel.DISCORD, said("a"))).url.endswith("?wait=true")
    assert answer(Channel.DISCORD, 200, b'{"id": "1234567890"}').remote_id == "1234567890"
    assert answer(Channel.DISCORD, 200, b'{"id": "99"}', posted_id="1").remote_id == ""
    for odd in (b'{"id": "../../x"}', b'{"id": 1}x', b"[1]", b"", b'{"id": ""}'):
        assert answer(Channel.DISCORD, 200, odd).remote_id == ""


def test_discord_says_in_its_body_how_long_to_wait_and_that_a_webhook_is_unknown() -> None:
    assert answer(Channel.DISCORD, 429, b'{"retry_after": 0.65}').wait == timedelta(seconds=0.65)
    for odd in (b'{"retry_after": "x"}', b'{"retry_after": -1}', b'{"retry_after": NaN}', b'{"retry_after": 1e400}'):
        assert answer(Channel.DISCORD, 429, odd).wait is None
    assert answer(Channel.DISCORD, 401, b'{"code": 50027}').verdict is Verdict.GONE


def test_the_first_message_in_discord_is_edited_to_the_present_state() -> None:
    edit = FORMATS[Channel.DISCORD].edit
    assert edit is not None
    later = message(Channel.DISCORD, said("Over.", state="Resolved", css="over"), posted_id="1234567890")
    outgoing = edit(later)
    assert outgoing is not None
    assert outgoing.method == "PATCH"
    assert outgoing.url == f"{URLS[Channel.DISCORD]}/messages/1234567890"
    assert wrong_in_discord(outgoing.body) == []
    assert "Resolved: API errors" in texts_of_discord(outgoing.body)
    assert edit(message(Channel.DISCORD, said("a"), posted_id="../x")) is None


def test_a_thread_of_a_forum_in_discord_is_kept() -> None:
    url = URLS[Channel.DISCORD] + "?thread_id=42"
    assert discord.write(message(Channel.DISCORD, said("a"), url=url)).url == f"{url}&wait=true"
    edited = discord.edit(message(Channel.DISCORD, said("a"), url=url, posted_id="7"))
    assert edited is not None
    assert edited.url == f"{URLS[Channel.DISCORD]}/messages/7?thread_id=42"


@pytest.mark.parametrize(
    ("css", "colour"), [("critical", "#d3313f"), ("over", "#2f9e5b"), ("work", "#3b78d8"), ("unheard-of", "#c3c8cf")]
)
def test_the_edge_has_the_colour_of_the_state(css: str, colour: str) -> None:
    write: dict[Channel, Callable[..., bytes]] = {
        channel: lambda words, channel=channel: FORMATS[channel].write(message(channel, words)).body
        for channel in CHATS
    }
    assert json.loads(write[Channel.SLACK](said("a", css=css)))["attachments"][0]["color"] == colour
    assert json.loads(write[Channel.DISCORD](said("a", css=css)))["embeds"][0]["color"] == int(colour[1:], 16)


@anywhere
def test_our_own_words_are_in_the_language_that_was_chosen(channel: Channel) -> None:
    asked = message(channel, purpose=Purpose.CONFIRMATION)
    asked.subscriber.language = "de"
    assert "dass dieser Kanal" in TEXTS[channel](FORMATS[channel].write(asked).body)
    cut = message(channel, said(LONG[0]))
    cut.subscriber.language = "fr"
    assert "La suite est sur la page" in TEXTS[channel](FORMATS[channel].write(cut).body)
    assert "The rest is on the page" in TEXTS[channel](FORMATS[channel].write(message(channel, said(LONG[0]))).body)
