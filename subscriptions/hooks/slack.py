"""Slack's incoming webhooks, and what understands them: Mattermost, Rocket.Chat and others.

Slack gets blocks (https://docs.slack.dev/reference/block-kit/blocks/), the others the older attachments, which all of
them read. An incoming webhook cannot edit what it has posted: each update is a short message that names the incident
and says the present state first.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from subscriptions.hooks import chat
from subscriptions.hooks.dialects import (
    Dialect,
    as_block_of_code,
    as_code,
    pieces_of,
    without_mentions,
    without_tags,
)
from subscriptions.hooks.fitting import fit, fit_line, fit_lines
from subscriptions.hooks.outgoing import Answer, Format, HookMessage, Outgoing, Reply
from subscriptions.said.words import Fact, Passage, Words

# Slack's own limits, of the text as it is sent.
HEADER, SECTION, CONTEXT = 150, 3000, 2000
TITLE, FACT = 150, 1000
# Less than a section takes: a channel is no page.
PASSAGE, FOLLOW_UP_PASSAGE = 2800, 1200
MOST = 8
COMPATIBLE_TEXT = 6000
# Of Slack itself, also behind somebody's proxy. The others' paths begin with /hooks/.
OF_SLACK = re.compile(r"/(?:services|workflows)/[A-Z]\w+/")
WORD = re.compile(rb"[a-z_]{1,60}")
GONE = {
    404: "this webhook was removed.",
    410: "the channel was archived.",
}
# 403 says also that posting is not allowed at this moment; these two it says for good.
DEAD = frozenset({"invalid_token", "no_active_hooks", "no_service", "no_team", "team_disabled", "channel_is_archived"})


def escape(text: str) -> str:
    """The three characters that begin Slack's marks, mentions (`<!channel>`) and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(label: str, url: str) -> str:
    return f"<{escape(url)}|{label.replace('|', '¦').replace('\n', ' ')}>"


DIALECT = Dialect(
    escape=lambda text: without_mentions(escape(text)),
    link=_link,
    bold="*",
    italic="_",
    strike="~",
    code=lambda text: as_code(escape(text)),
    block_of_code=lambda text: as_block_of_code(escape(text)),
    quote="&gt; ",
)


def _plainly(text: str) -> str:
    return without_mentions(without_tags(text))


def _escape_markdown(text: str) -> str:
    """For servers that read Markdown, and Slack's marks beside it."""
    return _plainly(re.sub(r"([\\`*_\[\]~])", r"\\\1", text))


COMPATIBLE = Dialect(
    escape=_escape_markdown,
    link=lambda label, url: f"[{label}]({url.replace('(', '%28').replace(')', '%29')})",
    bold="**",
    italic="_",
    strike="~~",
    code=lambda text: as_code(without_tags(text)),
    block_of_code=lambda text: as_block_of_code(without_tags(text)),
    bullet="-",
)


def write(message: HookMessage) -> Outgoing:
    url = message.subscriber.address
    with chat.speaking_to(message):
        words = chat.words_of(message)
        payload = _blocks(message, words) if OF_SLACK.match(urlsplit(url).path) else _attachment(message, words)
    return chat.posting(url, payload)


def _blocks(message: HookMessage, words: Words) -> dict[str, Any]:
    headline = fit_line(chat.headline(words), HEADER, DIALECT.escape)
    limit = FOLLOW_UP_PASSAGE if chat.is_follow_up(message) else PASSAGE
    said = [_section(_passage(passage, message.page_url, limit, words.url)) for passage in words.passages[:MOST]]
    facts = fit_lines([_fact(fact) for fact in words.facts], SECTION)
    if facts:
        said.append(_section(facts))
    # A link and no button: pressing a button of a webhook asks its app for an answer, which none gives.
    said.append(_section(_link(DIALECT.escape(words.link_label), words.url)))
    about = " · ".join(part for part in [*words.about, message.page_name] if part)
    said.append({"type": "context", "elements": [_mrkdwn(fit_line(about, CONTEXT, DIALECT.escape))]})
    return {
        "text": fit_line(f"{chat.headline(words)} – {message.page_name}", SECTION, DIALECT.escape),
        "blocks": [{"type": "header", "text": {"type": "plain_text", "text": headline, "emoji": False}}],
        "attachments": [{"color": chat.edge_of(words), "blocks": said}],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _passage(passage: Passage, base: str, limit: int, url: str) -> str:
    title = f"*{fit_line(passage.title, TITLE, DIALECT.escape)}*\n" if passage.title else ""
    return title + fit(pieces_of(passage, DIALECT, base=base), limit, DIALECT, more=_link(chat.the_rest(), url))


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: Slack makes no links and mentions of its own.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fact(fact: Fact) -> str:
    value = fit_line(fact.value, FACT, DIALECT.escape)
    return f"*{DIALECT.escape(fact.label)}:* {value}" if fact.label else value


def _attachment(message: HookMessage, words: Words) -> dict[str, Any]:
    more = COMPATIBLE.link(chat.the_rest(), words.url)
    passages = []
    for passage in words.passages[:MOST]:
        title = f"**{fit_line(passage.title, TITLE, COMPATIBLE.escape)}**\n" if passage.title else ""
        pieces = pieces_of(passage, COMPATIBLE, base=message.page_url)
        passages.append(title + fit(pieces, COMPATIBLE_TEXT // len(words.passages[:MOST]), COMPATIBLE, more=more))
    labelled = [fact for fact in words.facts if fact.label]
    loose = [fit_line(fact.value, FACT, COMPATIBLE.escape) for fact in words.facts if not fact.label]
    attachment = {
        "fallback": fit_line(chat.headline(words), TITLE, _plainly),
        "color": chat.edge_of(words),
        "title": words.link_label,
        "title_link": words.url,
        "text": "\n\n".join([*passages, *loose]),
        "fields": [
            {"title": fact.label, "value": fit_line(fact.value, FACT, COMPATIBLE.escape), "short": False}
            for fact in labelled
        ],
        "footer": _plainly(" · ".join([*words.about, message.page_name])),
    }
    return {"text": f"**{fit_line(chat.headline(words), TITLE, COMPATIBLE.escape)}**", "attachments": [attachment]}


def read_answer(_message: HookMessage, reply: Reply) -> Answer:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors"."""
    said = reply.body.strip()
    word = said.decode("ascii") if WORD.fullmatch(said) else ""
    gone = dict(GONE)
    if word in DEAD:
        gone.setdefault(reply.status, "this webhook was removed.")
    return chat.read_chat_answer(reply, gone=gone, said=word)


FORMAT = Format(write=write, read_answer=read_answer)
