"""What Slack, Discord and Teams document about the messages they take: each check gives what is wrong, or nothing.

Slack: https://docs.slack.dev/reference/block-kit/blocks/. Discord:
https://docs.discord.com/developers/resources/message (embed limits) and …/resources/webhook. Teams: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors
and https://adaptivecards.io/explorer/ (version 1.4).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

COLOUR = re.compile(r"#[0-9a-f]{6}")
# What Slack reads as a mark: <!channel>, <!here>, <!everyone>, <!subteam^…>, <@U…>, <#C…>.
SLACK_CALL = re.compile(r"<[!@#]")
SLACK_LINK = re.compile(r"<(?:https?|mailto|tel):[^<>|\s]+(?:\|[^<>|\n]+)?>")
SLACK_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
CARD_ELEMENTS = {"TextBlock", "FactSet", "Container"}
CARD_STYLES = {"default", "emphasis", "good", "attention", "warning", "accent"}
CARD_BYTES = 28 * 1024


def wrong_in_slack(body: bytes) -> list[str]:
    payload = json.loads(body)
    blocks = payload["blocks"] + [block for one in payload["attachments"] for block in one["blocks"]]
    return [
        *(["no text for notifications"] if not payload.get("text") else []),
        *(["more than 50 blocks"] if len(blocks) > 50 else []),
        *[f"colour {one['color']}" for one in payload["attachments"] if not COLOUR.fullmatch(one["color"])],
        *_slack_text(payload["text"], 4000),
        *[problem for block in blocks for problem in _slack_block(block)],
    ]


def _slack_block(block: dict[str, Any]) -> Iterator[str]:
    kind = block["type"]
    if kind == "header":
        yield from [] if block["text"]["type"] == "plain_text" else ["a header that is not plain"]
        yield from _slack_text(block["text"]["text"], 150)
    elif kind == "section":
        yield from [] if block["text"]["type"] == "mrkdwn" else ["a section without marks"]
        yield from _slack_text(block["text"]["text"], 3000)
    elif kind == "context":
        yield from [] if 1 <= len(block["elements"]) <= 10 else ["a context without or with too many elements"]
        for element in block["elements"]:
            yield from _slack_text(element["text"], 3000)
    else:
        yield f"a block of type {kind}"


def _slack_text(text: str, limit: int) -> Iterator[str]:
    if not 1 <= _units(text) <= limit:
        yield f"{_units(text)} characters where 1 to {limit} are allowed"
    if SLACK_CALL.search(text):
        yield f"a call: {text!r}"
    left = SLACK_LINK.sub("", text)
    if "<" in left or ">" in left or SLACK_ENTITY.search(left):
        yield f"characters that are not escaped: {left!r}"


def wrong_in_discord(body: bytes) -> list[str]:
    payload = json.loads(body)
    embeds = payload.get("embeds", [])
    problems = [] if payload.get("allowed_mentions") == {"parse": []} else ["mentions are allowed"]
    problems += [] if payload.get("content") or embeds else ["an empty message"]
    problems += [] if len(embeds) <= 10 else ["more than 10 embeds"]
    problems += _within(payload.get("content", ""), 2000, "content")
    whole = 0
    for embed in embeds:
        parts = {"title": 256, "description": 4096}
        texts = [(embed.get(name, ""), limit, name) for name, limit in parts.items()]
        texts += [(embed.get("footer", {}).get("text", ""), 2048, "footer")]
        for field in embed.get("fields", []):
            texts += [(field["name"], 256, "field name"), (field["value"], 1024, "field value")]
            problems += [] if field["name"] and field["value"] else ["an empty field"]
        problems += [] if len(embed.get("fields", [])) <= 25 else ["more than 25 fields"]
        problems += [] if 0 <= embed.get("color", 0) <= 0xFFFFFF else ["no such colour"]
        problems += [problem for text, limit, name in texts for problem in _within(text, limit, name)]
        whole += sum(_units(text) for text, _, _ in texts)
    return problems + ([f"{whole} characters in all"] if whole > 6000 else [])


def wrong_in_teams(body: bytes) -> list[str]:
    payload = json.loads(body)
    problems = [] if len(body) <= CARD_BYTES else [f"{len(body)} bytes"]
    problems += [] if payload["type"] == "message" else ["not a message"]
    (attachment,) = payload["attachments"]
    card = attachment["content"]
    if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
        problems.append("not an adaptive card")
    if (card["type"], card["version"]) != ("AdaptiveCard", "1.4"):
        problems.append("not version 1.4")
    problems += [f"an action {one['type']}" for one in card["actions"] if one["type"] != "Action.OpenUrl"]
    problems += [f"leads to {one['url']}" for one in card["actions"] if not one["url"].startswith("http")]
    return problems + [problem for element in card["body"] for problem in _card_element(element)]


def _card_element(element: dict[str, Any]) -> Iterator[str]:
    kind = element["type"]
    if kind not in CARD_ELEMENTS:
        yield f"an element {kind}"
    if kind == "Container":
        yield from [] if element["style"] in CARD_STYLES else [f"a style {element['style']}"]
        for item in element["items"]:
            yield from _card_element(item)
    texts = [element["text"]] if kind == "TextBlock" else [fact["value"] for fact in element.get("facts", [])]
    for text in texts:
        yield from ["an empty text"] if not text else []
        yield from [f"a function or a tag: {text!r}"] if re.search(r"\{\{|<(?=[A-Za-z/!])", text) else []


def texts_of_card(body: bytes) -> str:
    """All that a card says, top to bottom."""
    (attachment,) = json.loads(body)["attachments"]
    return "\n".join(_texts(attachment["content"]["body"]))


def _texts(elements: list[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        if element["type"] == "Container":
            yield from _texts(element["items"])
        elif element["type"] == "FactSet":
            yield from (f"{fact['title']}: {fact['value']}" for fact in element["facts"])
        else:
            yield element["text"]


def texts_of_slack(body: bytes) -> str:
    payload = json.loads(body)
    blocks = payload["blocks"] + [block for one in payload["attachments"] for block in one["blocks"]]
    return "\n".join(
        element["text"]
        for block in blocks
        for element in (block["elements"] if block["type"] == "context" else [block["text"]])
    )


def texts_of_discord(body: bytes) -> str:
    payload = json.loads(body)
    (embed,) = payload["embeds"]
    fields = [f"{field['name']}: {field['value']}" for field in embed["fields"]]
    return "\n".join([payload["content"], embed["description"], *fields, embed["footer"]["text"]])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _within(text: str, limit: int, name: str) -> list[str]:
    return [f"{_units(text)} characters of {name}, {limit} are allowed"] if _units(text) > limit else []
