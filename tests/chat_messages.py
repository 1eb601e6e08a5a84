"""Messages to chats, made of words alone: no database."""

from datetime import UTC, datetime
from typing import Any

from incidents.enums import NoticeKind
from incidents.models import Notice
from subscriptions.enums import Channel, Purpose
from subscriptions.hooks import HookMessage
from subscriptions.models import Delivery, Subscriber
from subscriptions.said.words import Fact, Passage, Words

URLS = {
    Channel.SLACK: "https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/secretsecretsecretsecret",
    Channel.TEAMS: "https://prod-1.westeurope.logic.azure.com/workflows/abc/triggers/manual/paths/invoke?sig=secret",
    Channel.DISCORD: "https://discord.com/api/webhooks/123456789012345678/secret-secret_secret",
}
FACTS = (
    Fact(label="Affects", value="API gateway (Major outage)"),
    Fact(label="Began", value="21 November 2026, 12:00 UTC"),
    Fact(value="Next update by 12:30 UTC."),
)


def said(*passages: Passage | str, **fields: Any) -> Words:
    """Words on an incident; a passage that is a str is Markdown."""
    given: dict[str, Any] = {
        "thread": "incident-abcdefghijkl",
        "subject": "[Investigating] API errors",
        "title": "API errors",
        "state": "Investigating",
        "about": ["Critical", "21 November 2026, 12:01 UTC"],
        "css": "critical",
        "passages": [Passage(text=one, html="") if isinstance(one, str) else one for one in passages],
        "facts": FACTS,
        "link_label": "Whole timeline",
        "url": "https://status.example.com/incidents/INC-2026-1121-a/",
    }
    return Words(**(given | fields))


def message(
    channel: Channel,
    words: Words | None = None,
    *,
    kind: NoticeKind = NoticeKind.INCIDENT_CREATED,
    purpose: Purpose = Purpose.NOTICE,
    url: str = "",
    posted_id: str = "",
) -> HookMessage:
    """About an incident, or without words a letter of the purpose."""
    return HookMessage(
        delivery=Delivery(pk=1, channel=channel, purpose=purpose),
        subscriber=Subscriber(channel=channel, address=url or URLS[channel]),
        notice=None if words is None else Notice(kind=kind),
        words=words,
        manage_url="https://status.example.com/subscriptions/of-manage/",
        unsubscribe_url="https://status.example.com/subscriptions/of-leave/unsubscribe/",
        confirm_url="https://status.example.com/subscribe/confirm/of-confirm/",
        page_name="Example & Sons",
        page_url="https://status.example.com",
        at=datetime(2026, 11, 21, 12, 1, tzinfo=UTC),
        posted_id=posted_id,
    )
