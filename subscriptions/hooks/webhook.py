"""Webhooks, signed as Standard Webhooks says (https://www.standardwebhooks.com).

The signature is over `webhook-id.webhook-timestamp.body`; while a secret retires, messages carry one of each. The id
belongs to the message and its receiver and is the same in every try; the time is that of the try.
"""

import json
import secrets
from base64 import b64encode
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac
from standardwebhooks import Webhook

from incidents.enums import NoticeKind
from subscriptions.enums import Purpose
from subscriptions.hooks.outgoing import Answer, Format, HookMessage, Outgoing, Reply, Verdict, answer_by_status
from subscriptions.hooks.statuspage_shape import news_of, page_of
from subscriptions.models import Delivery, Subscriber

SECRET_BYTES = 32
CHALLENGE, TEST = "subscription.challenge", "test"
TEST_WORDS = "This is a test. Nothing has happened."
NOT_ECHOED = "Answered, but did not send the challenge back."


def new_secret() -> str:
    """`whsec_` and 256 random bits in base64."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def write(message: HookMessage) -> Outgoing:
    """Signed with all the secrets, the newest first. Raises ValueError if there is none."""
    body = json.dumps(body_of(message), ensure_ascii=False, separators=(",", ":"))
    return Outgoing(
        url=message.subscriber.address,
        headers={"Content-Type": "application/json; charset=utf-8", **_signed(message, body)},
        body=body.encode(),
    )


def read_answer(message: HookMessage, reply: Reply) -> Answer:
    """2xx is yes. To a challenge only the challenge itself is: any server may answer 200 to anything."""
    answer = answer_by_status(reply)
    if message.delivery.purpose != Purpose.CONFIRMATION or answer.verdict is not Verdict.ACCEPTED:
        return answer
    if constant_time_compare(
        _echoed(reply.body).encode("utf-8", "replace"), challenge_of(message.delivery, message.subscriber)
    ):
        return Answer(verdict=Verdict.ACCEPTED, confirms=True)
    return Answer(verdict=Verdict.REFUSED, words=NOT_ECHOED)


def body_of(message: HookMessage) -> dict[str, Any]:
    """The JSON of a message, as docs/webhooks.md describes it."""
    meta = {"unsubscribe": message.unsubscribe_url, "documentation": f"{message.page_url}/subscribe/webhook/"}
    if message.notice is not None:
        kind, payload = NoticeKind(message.notice.kind), message.notice.payload
        return {"type": kind.value, "meta": meta, "page": page_of(payload["page"]), **news_of(kind, payload)}
    if message.delivery.purpose == Purpose.CONFIRMATION:
        # Whoever gets this unasked has nothing to leave.
        meta = {"documentation": meta["documentation"]}
        challenge = challenge_of(message.delivery, message.subscriber)
        return {"type": CHALLENGE, "meta": meta, "page": page_of(message.page), "challenge": challenge}
    return {"type": TEST, "meta": meta, "page": page_of(message.page), "message": TEST_WORDS}


def message_id(delivery: Delivery, subscriber: Subscriber, notice_id: str) -> str:
    """Of letters, digits and `_`: a dot would be part of what is signed."""
    return f"msg_{notice_id or delivery.pk}_{subscriber.public_id}"


def challenge_of(delivery: Delivery, subscriber: Subscriber) -> str:
    """What the receiver has to send back: made of the row, so that nothing has to be kept."""
    value = f"{delivery.pk}:{subscriber.public_id}:{subscriber.generation}"
    return salted_hmac("statuspage.subscription.challenge", value, algorithm="sha256").hexdigest()[:40]


def _signed(message: HookMessage, body: str) -> dict[str, str]:
    if not message.secrets:
        raise ValueError(f"subscriber {message.subscriber.pk} has no secret to sign with")
    own_id = message_id(message.delivery, message.subscriber, message.notice.public_id if message.notice else "")
    signatures = [Webhook(secret).sign(own_id, message.at, body) for secret in message.secrets]
    return {
        "webhook-id": own_id,
        "webhook-timestamp": str(int(message.at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _echoed(body: bytes) -> str:
    """The challenge in `{"challenge": …}`, or the whole text."""
    text = body.decode("utf-8", "replace").strip()
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = said.get("challenge") if isinstance(said, dict) else said
    return found if isinstance(found, str) else text


FORMAT = Format(write=write, read_answer=read_answer)
