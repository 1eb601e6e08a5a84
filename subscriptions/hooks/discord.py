"""Discord: the first message of an incident is edited to say its present state, and each update is posted as well.

An edit alone rings nobody's bell, a new message alone leaves an old state standing above it. Limits and answers:
https://docs.discord.com/developers/resources/webhook and …/resources/message#embed-object.
"""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from subscriptions.hooks import chat
from subscriptions.hooks.dialects import Dialect, as_block_of_code, as_code, pieces_of, without_mentions
from subscriptions.hooks.fitting import fit, fit_line, length_of
from subscriptions.hooks.outgoing import Answer, Format, HookMessage, Outgoing, Reply, Verdict
from subscriptions.said.words import Words

# Discord's own limits: of each part, and of all parts of an embed together.
DESCRIPTION, FIELD_NAME, WHOLE = 4096, 256, 6000
# Ours are below Discord's (2,000 of content, 1,024 of a field, 2,048 of a footer): a channel is no page.
LONG, SHORT, HEADLINE, TITLE, SHORT_FIELD, FOOTER = 3600, 1500, 300, 100, 500, 300
MOST_PASSAGES, MOST_FIELDS, MOST_SENTENCES = 8, 10, 3
MARKS = re.compile(r"([\\`*_~|<>\[\]])")
# They mean something at the beginning of a line alone: headings, small print, lists.
AT_START = re.compile(r"^(\s*)(#|-|\d+\.)", re.MULTILINE)
UNKNOWN_WEBHOOK, INVALID_TOKEN = 10015, 50027
A_DAY = 86_400
SNOWFLAKE = re.compile(r"\d{1,25}", re.ASCII)


def escape(text: str) -> str:
    marks = MARKS.sub(r"\\\1", text)
    return without_mentions(AT_START.sub(lambda match: f"{match[1]}{match[2][:-1]}\\{match[2][-1]}", marks))


def _link(label: str, url: str) -> str:
    # A label that is an address itself is not taken for one.
    if "://" in label:
        return f"<{url}>"
    return f"[{label}]({url.replace('(', '%28').replace(')', '%29')})"


DIALECT = Dialect(
    escape=escape,
    link=_link,
    bold="**",
    italic="*",
    strike="~~",
    code=as_code,
    block_of_code=as_block_of_code,
    bullet="-",
    schemes=frozenset({"http", "https"}),
)


def write(message: HookMessage) -> Outgoing:
    """`wait=true`: the answer has the id of the message."""
    return chat.posting(_url(message, query="wait=true"), _message(message, SHORT if message.posted_id else LONG))


def edit(message: HookMessage) -> Outgoing | None:
    """The first message of this thread, saying the present state."""
    if not SNOWFLAKE.fullmatch(message.posted_id):
        return None
    return chat.posting(_url(message, f"/messages/{message.posted_id}"), _message(message, LONG), method="PATCH")


def _url(message: HookMessage, path: str = "", query: str = "") -> str:
    parts = urlsplit(message.subscriber.address)
    asked = "&".join(part for part in (parts.query, query) if part)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, query=asked))


def _message(message: HookMessage, limit: int) -> dict[str, Any]:
    with chat.speaking_to(message):
        words = chat.words_of(message)
        embed = _embed(message, words, limit)
    return {
        # Beside the embed: whoever has embeds turned off, and the notification on a phone, shows this alone.
        "content": f"**{fit_line(chat.headline(words), HEADLINE, escape)}**",
        "embeds": [embed],
        "allowed_mentions": {"parse": []},
    }


def _embed(message: HookMessage, words: Words, limit: int) -> dict[str, Any]:
    labelled = [fact for fact in words.facts if fact.label][:MOST_FIELDS]
    embed = {
        "description": _description(words, limit, base=message.page_url),
        "color": int(chat.edge_of(words)[1:], 16),
        "fields": [
            {"name": fit_line(fact.label, FIELD_NAME), "value": fit_line(fact.value, SHORT_FIELD, escape)}
            for fact in labelled
        ],
        "footer": {"text": fit_line(" · ".join([*words.about, message.page_name]), FOOTER)},
    }
    return _small_enough(embed)


def _description(words: Words, limit: int, *, base: str) -> str:
    """What was said, then the sentences that go with it, then the link."""
    passages = words.passages[:MOST_PASSAGES]
    titles = [f"**{fit_line(one.title, TITLE, escape)}**\n" if one.title else "" for one in passages]
    after = [fit_line(fact.value, SHORT_FIELD, escape) for fact in words.facts if not fact.label][:MOST_SENTENCES]
    after.append(DIALECT.link(DIALECT.escape(words.link_label), words.url))
    taken = sum(length_of(text) + 2 for text in [*titles, *after])
    each = min(limit, DESCRIPTION - taken) // max(len(passages), 1) - 2
    more = DIALECT.link(chat.the_rest(), words.url)
    texts = [
        title + fit(pieces_of(passage, DIALECT, base=base), each, DIALECT, more=more)
        for title, passage in zip(titles, passages, strict=True)
    ]
    return "\n\n".join([*texts, *after])


def _small_enough(embed: dict[str, Any]) -> dict[str, Any]:
    """Without its last facts, if all of it is more than a message may have: they are on the page."""
    fields = list(embed["fields"])
    while fields and _length(embed, fields) > WHOLE:
        fields.pop()
    return {**embed, "fields": fields}


def _length(embed: dict[str, Any], fields: list[dict[str, str]]) -> int:
    named = sum(length_of(field["name"]) + length_of(field["value"]) for field in fields)
    return named + length_of(embed["description"]) + length_of(embed["footer"]["text"])


def read_answer(message: HookMessage, reply: Reply) -> Answer:
    said = _json(reply.body)
    code = said.get("code")
    if 200 <= reply.status < 300:
        remote_id = str(said.get("id", ""))
        keeps = message.words is not None and not message.posted_id and SNOWFLAKE.fullmatch(remote_id)
        return Answer(verdict=Verdict.ACCEPTED, remote_id=remote_id if keeps else "")
    if code in {UNKNOWN_WEBHOOK, INVALID_TOKEN} or reply.status in {404, 410}:
        return Answer(verdict=Verdict.GONE, words=f"Answered with {reply.status}: this webhook was removed.")
    answer = chat.read_chat_answer(reply, gone={})
    seconds = said.get("retry_after")
    if reply.status == 429 and answer.wait is None and isinstance(seconds, int | float) and 0 <= seconds < A_DAY:
        return replace(answer, wait=min(timedelta(seconds=seconds), chat.MOST_WAIT))
    return answer


def _json(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


FORMAT = Format(write=write, read_answer=read_answer, edit=edit)
