"""What providers post, in the shapes that they document, with invented data; with right and with wrong secrets."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from statuspage.core import clock
from statuspage.settings import MAIL_PROVIDERS
from statuspage.web.mail_events.providers import PROVIDERS
from subscriptions.enums import Purpose, SubscriberState
from subscriptions.models import Customer, Delivery, SoftBounce, Subscriber

ADA = "ada@example.org"
SECRET = "mail-events:a-long-secret-of-ours"
SIGNING_KEY = "key-0123456789abcdef0123456789abcdef"
GONE = "smtp;550 5.1.1 The email account that you tried to reach does not exist"
Body = Callable[[str], Any]
NOW = clock.now().replace(microsecond=0)
STAMP = NOW.timestamp()
ISO = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"


def postmark(kind: str) -> dict[str, Any]:
    types = {"hard": ("HardBounce", 1), "soft": ("SoftBounce", 4096), "complaint": ("SpamComplaint", 512)}
    name, code = types[kind]
    return {
        "RecordType": "SpamComplaint" if kind == "complaint" else "Bounce",
        "ID": 4323372036854775807,
        "Type": name,
        "TypeCode": code,
        "Name": name,
        "Tag": "",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {},
        "ServerID": 23,
        "MessageStream": "outbound",
        "Description": "What the provider says about it.",
        "Details": "452 4.2.2 Mailbox full" if kind == "soft" else GONE,
        "Email": ADA,
        "From": "status@example.com",
        "BouncedAt": ISO,
        "DumpAvailable": True,
        "Inactive": kind != "soft",
        "CanActivate": True,
        "Subject": "[Investigating] API requests fail",
    }


def sendgrid(kind: str) -> list[dict[str, Any]]:
    common = {
        "email": ADA,
        "timestamp": int(STAMP),
        "smtp-id": "<not-one-of-ours@example.com>",
        "sg_event_id": "sendgrid_internal_event_id",
        "sg_message_id": "sendgrid_internal_message_id",
    }
    delivered = {**common, "event": "delivered", "response": "250 OK", "sg_event_id": "another"}
    said = {
        "hard": {"event": "bounce", "type": "bounce", "reason": GONE, "status": "5.1.1"},
        "soft": {"event": "bounce", "type": "blocked", "reason": "452 4.2.2 Mailbox full", "status": "4.2.2"},
        "complaint": {"event": "spamreport"},
    }
    return [delivered, {**common, **said[kind]}]


def mailgun(kind: str) -> dict[str, Any]:
    token, timestamp = "a" * 50, str(int(STAMP))
    signature = hmac.new(SIGNING_KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    said: dict[str, dict[str, Any]] = {
        "hard": {"event": "failed", "severity": "permanent", "reason": "bounce"},
        # Mailgun goes on trying by itself, and says so each time: that is no bounce yet.
        "soft": {"event": "failed", "severity": "temporary", "reason": "generic"},
        "complaint": {"event": "complained"},
    }
    return {
        "signature": {"timestamp": timestamp, "token": token, "signature": signature},
        "event-data": {
            "id": "CPgfbmQMTCKtHW6uIWtuVe",
            "timestamp": STAMP,
            "log-level": "error",
            "recipient": ADA,
            "recipient-domain": "example.org",
            "tags": [],
            "user-variables": {},
            "flags": {"is-test-mode": False},
            "message": {
                "headers": {"to": ADA, "message-id": "not-one-of-ours@example.com", "from": "status@example.com"},
                "attachments": [],
                "size": 111,
            },
            "delivery-status": {"code": 550, "message": GONE, "description": "", "attempt-no": 1},
            **said[kind],
        },
    }


def amazon_ses(kind: str) -> dict[str, Any]:
    who = {"emailAddress": ADA}
    if kind == "complaint":
        said: dict[str, Any] = {
            "notificationType": "Complaint",
            "complaint": {"complainedRecipients": [who], "timestamp": ISO, "complaintFeedbackType": "abuse"},
        }
    else:
        bounce = {
            "bounceType": "Permanent" if kind == "hard" else "Transient",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {**who, "action": "failed", "status": "5.1.1", "diagnosticCode": GONE if kind == "hard" else "4.2.2"}
            ],
            "timestamp": ISO,
            "feedbackId": "00000137860315fd-34208509-5b74-41f3-95c5-22c1edc3c924-000000",
        }
        said = {"notificationType": "Bounce", "bounce": bounce}
    said["mail"] = {
        "timestamp": ISO,
        "source": "status@example.com",
        "messageId": "00000137860315fd-34208509-5b74-41f3-95c5-22c1edc3c924-000000",
        "destination": [ADA],
        "headersTruncated": False,
        "headers": [{"name": "To", "value": ADA}],
        "commonHeaders": {"to": [ADA], "messageId": "<not-one-of-ours@example.com>"},
    }
    return {
        "Type": "Notification",
        "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:status-page",
        "Subject": "Amazon SES Email Event Notification",
        "Message": json.dumps(said),
        "Timestamp": ISO,
        "SignatureVersion": "1",
        "Signature": "not-looked-at",
    }


def brevo(kind: str) -> dict[str, Any]:
    names = {"hard": "hard_bounce", "soft": "soft_bounce", "complaint": "spam"}
    return {
        "event": names[kind],
        "email": ADA,
        "id": 26224,
        "date": "2026-11-21 12:00:00",
        "ts": int(STAMP),
        "message-id": "<not-one-of-ours@example.com>",
        "ts_event": int(STAMP),
        "subject": "[Investigating] API requests fail",
        "sending_ip": "192.0.2.1",
        "ts_epoch": int(STAMP * 1000),
        "reason": "4.2.2 full" if kind == "soft" else GONE,
    }


def mailjet(kind: str) -> list[dict[str, Any]]:
    said: dict[str, dict[str, Any]] = {
        "hard": {"event": "bounce", "hard_bounce": True, "blocked": False, "error": "user unknown"},
        "soft": {"event": "bounce", "hard_bounce": False, "blocked": False, "error": "quota exceeded"},
        "complaint": {"event": "spam", "source": "JMRPP"},
    }
    return [{"time": int(STAMP), "MessageID": 13792286917004336, "email": ADA, "Payload": "", **said[kind]}]


BODIES: dict[str, Body] = {
    "amazon_ses": amazon_ses,
    "brevo": brevo,
    "mailgun": mailgun,
    "mailjet": mailjet,
    "postmark": postmark,
    "sendgrid": sendgrid,
}


@pytest.fixture(autouse=True)
def all_of_them(settings: Settings) -> None:
    settings.MAIL_EVENTS = list(BODIES)
    settings.MAIL_EVENTS_SECRET = SECRET
    settings.MAIL_EVENTS_SIGNING_KEY = SIGNING_KEY


@pytest.fixture
def ada(db: None) -> Subscriber:
    yesterday = NOW - timedelta(days=1)
    return Subscriber.objects.create(address=ADA, state=SubscriberState.CONFIRMED, confirmed_at=yesterday)


def basic(secret: str) -> str:
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def post(client: Client, provider: str, body: object, *, secret: str | None = SECRET) -> tuple[int, bytes]:
    headers: dict[str, str] = {} if secret is None else {"Authorization": basic(secret)}
    if isinstance(body, Mapping) and "TopicArn" in body:
        headers |= {"x-amz-sns-message-type": body["Type"], "x-amz-sns-message-id": body["MessageId"]}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    # Amazon says text/plain of its JSON.
    kind = "text/plain; charset=UTF-8" if provider == "amazon_ses" else "application/json"
    response = client.generic("POST", f"/mail-events/{provider}/", content, content_type=kind, headers=headers)
    return response.status_code, response.content


@pytest.mark.parametrize("provider", list(BODIES))
def test_a_hard_bounce_suppresses_with_the_servers_words(client: Client, ada: Subscriber, provider: str) -> None:
    assert post(client, provider, BODIES[provider]("hard")) == (200, b"")
    ada.refresh_from_db()
    assert ada.state == SubscriberState.SUPPRESSED
    assert "does not exist" in ada.suppressed_reason or provider == "mailjet"


@pytest.mark.parametrize("provider", ["amazon_ses", "brevo", "mailgun", "sendgrid"])
def test_the_mail_itself_is_found_where_the_provider_knows_its_id(
    client: Client, ada: Subscriber, provider: str
) -> None:
    letter = Delivery.objects.create(subscriber=ada, purpose=Purpose.CONFIRMATION)
    ours = f"letter-{letter.pk}.{ada.public_id}@status.example.com"
    body = json.loads(json.dumps(BODIES[provider]("hard")).replace("not-one-of-ours@example.com", ours))
    assert post(client, provider, body)[0] == 200
    letter.refresh_from_db()
    assert "does not exist" in letter.last_error


@pytest.mark.parametrize("provider", list(BODIES))
def test_a_complaint_suppresses_as_spam(client: Client, ada: Subscriber, provider: str) -> None:
    Customer.objects.create(email=ADA)
    assert post(client, provider, BODIES[provider]("complaint")) == (200, b"")
    ada.refresh_from_db()
    assert (ada.state, ada.suppressed_reason) == (SubscriberState.SUPPRESSED, "marked as spam")
    assert Customer.objects.get().suppressed_reason == "marked as spam"


@pytest.mark.parametrize("provider", list(BODIES))
def test_a_soft_bounce_is_counted(client: Client, ada: Subscriber, provider: str) -> None:
    for _ in range(2):
        assert post(client, provider, BODIES[provider]("soft")) == (200, b"")
    ada.refresh_from_db()
    assert ada.is_confirmed
    assert SoftBounce.objects.count() == (0 if provider == "mailgun" else 1)


def dropped(reason: str) -> list[dict[str, Any]]:
    """SendGrid did not even try."""
    return [{"email": ADA, "timestamp": int(STAMP), "event": "dropped", "reason": reason, "sg_event_id": "x"}]


def changed(reason: str | None) -> dict[str, Any]:
    """Postmark sends to this address no more, or again."""
    return {
        "RecordType": "SubscriptionChange",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "ServerID": 23,
        "MessageStream": "outbound",
        "ChangedAt": ISO,
        "Recipient": ADA,
        "Origin": "Recipient",
        "SuppressSending": reason is not None,
        "SuppressionReason": reason,
        "Tag": "",
        "Metadata": {},
    }


@pytest.mark.parametrize(
    ("provider", "body", "state"),
    [
        ("sendgrid", dropped("Bounced Address"), SubscriberState.SUPPRESSED),
        ("sendgrid", dropped("Invalid"), SubscriberState.SUPPRESSED),
        ("sendgrid", dropped("Unsubscribed Address"), SubscriberState.UNSUBSCRIBED),
        ("sendgrid", dropped("Recipient List over Package Quota"), SubscriberState.CONFIRMED),
        ("postmark", changed("HardBounce"), SubscriberState.SUPPRESSED),
        ("postmark", changed("SpamComplaint"), SubscriberState.SUPPRESSED),
        ("postmark", changed("ManualSuppression"), SubscriberState.UNSUBSCRIBED),
        ("postmark", changed(None), SubscriberState.CONFIRMED),
    ],
)
def test_what_a_provider_does_not_send_any_more_says_why(
    client: Client, ada: Subscriber, provider: str, body: object, state: SubscriberState
) -> None:
    assert post(client, provider, body) == (200, b"")
    ada.refresh_from_db()
    assert ada.state == state


@pytest.mark.parametrize("secret", [None, "mail-events:wrong", "", "ä:ö"])
@pytest.mark.parametrize("provider", list(BODIES))
def test_without_the_secret_nothing_is_believed(
    client: Client, ada: Subscriber, provider: str, secret: str | None
) -> None:
    status, body = post(client, provider, BODIES[provider]("hard"), secret=secret)
    ada.refresh_from_db()
    assert (status, ada.is_confirmed) == (401, True)
    assert b"ada" not in body


def test_amazon_is_asked_for_its_password(client: Client) -> None:
    response = client.post("/mail-events/amazon_ses/", "{}", content_type="text/plain")
    assert response["WWW-Authenticate"].startswith("Basic ")


def test_what_mailgun_did_not_sign_is_not_believed(client: Client, ada: Subscriber, settings: Settings) -> None:
    settings.MAIL_EVENTS_SECRET = ""
    assert post(client, "mailgun", mailgun("hard"), secret=None)[0] == 200
    Subscriber.objects.update(state=SubscriberState.CONFIRMED)
    forged = mailgun("hard")
    forged["signature"]["signature"] = "0" * 64
    assert post(client, "mailgun", forged, secret=None)[0] == 401
    ada.refresh_from_db()
    assert ada.is_confirmed


@pytest.mark.parametrize("provider", list(BODIES))
def test_known_and_unknown_addresses_get_the_same_answer(client: Client, ada: Subscriber, provider: str) -> None:
    known = post(client, provider, BODIES[provider]("hard"))
    Subscriber.objects.all().delete()
    assert post(client, provider, BODIES[provider]("hard")) == known


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b"[[]]", b'"x"', b"{}", b'{"event": 7}', b"\xff\xfe", b'{"event-data": null}'),
        *(
            b'[{"event": null}]',
            b'{"RecordType": "Bounce"}',
            b'{"Type": "Notification", "Message": "["}',
            b"[" * 99_999,
            b'{"RecordType":"Bounce", "Type":"HardBounce", "Email":"ada@example.org", "BouncedAt":"2020-01-01T00:00"}',
            b'[{"event": "bounce", "email": "ada@example.org", "timestamp": 1' + b"0" * 30 + b"}]",
        ),
        b'{"signature": {"token": null, "timestamp": "\\u00e9", "signature": "\\u00e9"}}',
    ],
)
@pytest.mark.parametrize("provider", list(BODIES))
def test_what_is_no_event_is_refused_and_never_an_error_of_ours(
    client: Client, ada: Subscriber, provider: str, body: bytes
) -> None:
    status, _ = post(client, provider, body)
    assert status in {200, 400, 401}
    assert Subscriber.objects.get().is_confirmed


def test_a_provider_that_is_not_set_up_has_no_door(client: Client, settings: Settings) -> None:
    settings.MAIL_EVENTS = ["postmark"]
    assert post(client, "sendgrid", sendgrid("hard"))[0] == 404
    assert post(client, "nobody", {})[0] == 404
    assert client.head("/mail-events/postmark/").status_code == 200
    assert client.get("/mail-events/postmark/").status_code == 405


def test_a_topic_of_amazons_that_waits_is_shown_to_who_reads_the_log(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    body = {
        **amazon_ses("hard"),
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.example/x",
    }
    assert post(client, "amazon_ses", body)[0] == 200
    assert "https://sns.example/x" in caplog.text


def test_the_settings_know_the_same_providers() -> None:
    assert sorted(PROVIDERS) == sorted(MAIL_PROVIDERS) == sorted(BODIES)
