"""Microsoft Teams: a Workflow's webhook, and the older connectors, get the same Adaptive Card.

Of Markdown a card knows bold, italic, lists and links, and takes no more than 28 KB with all around it
(https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features).
"""

import re
from typing import Any

from subscriptions.hooks import chat
from subscriptions.hooks.dialects import ZERO_WIDTH_SPACE, Dialect, pieces_of, without_mentions, without_tags
from subscriptions.hooks.fitting import fit, fit_line
from subscriptions.hooks.outgoing import Answer, Format, HookMessage, Outgoing, Reply, Verdict
from subscriptions.said.words import Words

MOST_BYTES = 28 * 1024
TITLE, LINE, FACT = 300, 500, 2000
# Of a passage: the first with which the whole is small enough.
PASSAGES = (6000, 3000, 1500, 700, 300, 100)
FOLLOW_UP_PASSAGES = PASSAGES[2:]
MOST_PASSAGES, MOST_FACTS = 8, 20
STYLES = {"over": "good", "critical": "attention", "major": "warning", "minor": "warning", "work": "accent"}
# Begins a function of cards, such as {{DATE(…)}}.
FUNCTION = "{{"
LIST_AT_START = re.compile(r"^(\s*)([-+]|\d+\.)(?=\s)", re.MULTILINE)
GONE = {404: "this webhook was removed.", 410: "this webhook was removed."}
THROTTLED = re.compile(rb"HTTP error (\d{3})")


def _plainly(text: str) -> str:
    return without_mentions(without_tags(text.replace(FUNCTION, ZERO_WIDTH_SPACE.join(FUNCTION))))


def escape(text: str) -> str:
    marks = re.sub(r"([\\`*_\[\]])", r"\\\1", text)
    return _plainly(LIST_AT_START.sub(lambda match: f"{match[1]}{match[2][:-1]}\\{match[2][-1]}", marks))


DIALECT = Dialect(
    escape=escape,
    link=lambda label, url: f"[{label}]({url.replace('(', '%28').replace(')', '%29')})",
    bold="**",
    italic="_",
    strike="",
    code=escape,
    block_of_code=lambda text: escape(text).replace("\n", "\n\n"),
    bullet="-",
    quote="",
    new_line="\n\n",
)


def write(message: HookMessage) -> Outgoing:
    limits = FOLLOW_UP_PASSAGES if chat.is_follow_up(message) else PASSAGES
    with chat.speaking_to(message):
        words = chat.words_of(message)
        for limit in limits:
            outgoing = chat.posting(message.subscriber.address, _envelope(message, words, limit))
            if len(outgoing.body) <= MOST_BYTES:
                break
    return outgoing


def _envelope(message: HookMessage, words: Words, limit: int) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": fit_line(chat.headline(words), TITLE, _plainly),
        "msteams": {"width": "Full"},
        "body": _body(message, words, limit),
        "actions": [{"type": "Action.OpenUrl", "title": words.link_label, "url": words.url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "summary": fit_line(chat.headline(words), TITLE, _plainly), "attachments": [attachment]}


def _body(message: HookMessage, words: Words, limit: int) -> list[dict[str, Any]]:
    state = [_text(escape(words.state), weight="Bolder")] if words.state else []
    title = _text(fit_line(words.title, TITLE, escape), size="Large", weight="Bolder", style="heading")
    body = [{"type": "Container", "style": STYLES.get(words.css, "emphasis"), "bleed": True, "items": [*state, title]}]
    more = DIALECT.link(chat.the_rest(), words.url)
    for passage in words.passages[:MOST_PASSAGES]:
        if passage.title:
            body.append(_text(fit_line(passage.title, TITLE, escape), weight="Bolder", spacing="Medium"))
        body.append(_text(fit(pieces_of(passage, DIALECT, base=message.page_url), limit, DIALECT, more=more)))
    facts = [fact for fact in words.facts if fact.label][:MOST_FACTS]
    if facts:
        values = [
            {"title": escape(fact.label), "value": fit_line(fact.value, min(FACT, limit), escape)} for fact in facts
        ]
        body.append({"type": "FactSet", "facts": values})
    body += [_text(fit_line(fact.value, LINE, escape)) for fact in words.facts if not fact.label]
    about = " · ".join(part for part in [*words.about, message.page_name] if part)
    body.append(_text(fit_line(about, LINE, escape), size="Small", isSubtle=True))
    return body


def _text(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **looks}


def read_answer(_message: HookMessage, reply: Reply) -> Answer:
    """A connector answers 200 also when Teams did not take the message, and says so in its body."""
    failed = THROTTLED.search(reply.body) if reply.status == 200 else None
    if failed is not None:
        inner = int(failed[1])
        if inner in GONE:
            return Answer(verdict=Verdict.GONE, words=f"Answered with {inner} inside of 200: {GONE[inner]}")
        return Answer(verdict=Verdict.RETRY, words=f"Answered with {inner} inside of 200.")
    return chat.read_chat_answer(reply, gone=GONE)


FORMAT = Format(write=write, read_answer=read_answer)
