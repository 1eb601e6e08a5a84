"""What a webhook's receiver gets: Standard Webhooks around, Statuspage's shape within."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import NoticeKind
from incidents.maintenance import schedule_maintenance
from incidents.models import Incident, Notice
from incidents.notices_page import page_payload
from incidents.services import open_incident, resolve_incident
from subscriptions.enums import Channel, Purpose
from subscriptions.hooks import HookMessage, Reply, Verdict, webhook
from subscriptions.hooks.webhook import new_secret
from subscriptions.models import Delivery, Subscriber
from tests.unit.subscriptions.test_fanout import tell_of_each

Make = Callable[..., Subscriber]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OLD, NEW, OTHER = (new_secret() for _ in range(3))


@pytest.fixture
def receiver(subscriber: Make) -> Subscriber:
    return subscriber("https://hooks.example.com/status", channel=Channel.WEBHOOK, host="hooks.example.com")


def message(receiver: Subscriber, notice: Notice | None = None, **fields: Any) -> HookMessage:
    purpose = Purpose.NOTICE if notice else fields.pop("purpose", Purpose.TEST)
    values = {
        "delivery": Delivery.objects.create(
            notice=notice, subscriber=receiver, channel=Channel.WEBHOOK, purpose=purpose
        ),
        "subscriber": receiver,
        "secrets": (NEW,),
        "notice": notice,
        "manage_url": "https://status.example.com/subscriptions/x/",
        "unsubscribe_url": "https://status.example.com/subscriptions/x/unsubscribe/",
        "page_name": "Example",
        "page_url": "https://status.example.com",
        "page": {},
        "at": NOON,
        **fields,
    }
    return HookMessage(**values)


def body(receiver: Subscriber, notice: Notice) -> Any:
    return json.loads(webhook.write(message(receiver, notice)).body)


@time_machine.travel(NOON, tick=False)
def test_the_reference_library_accepts_our_signature(notice: Notice, receiver: Subscriber) -> None:
    outgoing = webhook.write(message(receiver, notice))
    assert outgoing.method == "POST"
    assert outgoing.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    said = Webhook(NEW).verify(outgoing.body, dict(outgoing.headers))
    assert said["type"] == "incident.created"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(outgoing.body, dict(outgoing.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(outgoing.body.replace(b"eu-west", b"us-east"), dict(outgoing.headers))


@time_machine.travel(NOON, tick=False)
def test_while_a_secret_retires_both_verify(notice: Notice, receiver: Subscriber) -> None:
    outgoing = webhook.write(message(receiver, notice, secrets=(NEW, OLD)))
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(outgoing.body, dict(outgoing.headers))
    assert outgoing.headers["webhook-signature"].count("v1,") == 2


def test_the_id_is_the_message_s_and_its_receiver_s_in_every_try(
    notice: Notice, receiver: Subscriber, subscriber: Make
) -> None:
    first = message(receiver, notice)
    again = HookMessage(**{key: getattr(first, key) for key in HookMessage.__slots__} | {"at": NOON + timedelta(1)})
    other = message(subscriber("https://other.example.com/", channel=Channel.WEBHOOK), notice)
    ids = [webhook.write(one).headers["webhook-id"] for one in (first, again, other)]
    assert ids[0] == ids[1] == f"msg_{notice.public_id}_{receiver.public_id}"
    assert ids[2] != ids[0]


def test_without_a_secret_nothing_is_written(notice: Notice, receiver: Subscriber) -> None:
    with pytest.raises(ValueError, match="no secret"):
        webhook.write(message(receiver, notice, secrets=()))


def test_an_incident_has_statuspage_s_shape_and_our_type(
    notice: Notice, receiver: Subscriber, incident: Incident, api: Component
) -> None:
    said = body(receiver, notice)
    assert list(said) == ["type", "meta", "page", "incident"]
    assert said["type"] == "incident.created"
    assert said["meta"] == {
        "unsubscribe": "https://status.example.com/subscriptions/x/unsubscribe/",
        "documentation": "https://status.example.com/subscribe/webhook/",
    }
    page = page_payload(own := Page.current())
    assert said["page"] == {
        "id": own.public_id,
        "name": "Example",
        "url": "https://status.example.com",
        "status_indicator": page["status_indicator"],
        "status_description": page["status_description"],
    }
    row = said["incident"]
    assert (row["id"], row["name"], row["status"]) == (incident.public_id, "API errors in eu-west", "investigating")
    assert row["shortlink"] == f"https://status.example.com/incidents/{incident.reference}/"
    assert row["started_at"].endswith(".000Z")
    assert row["resolved_at"] is None
    assert row["page_id"] == own.public_id
    (update,) = row["incident_updates"]
    assert (update["incident_id"], update["status"]) == (incident.public_id, "investigating")
    assert update["body"] == "We see **errors** and are looking into it."
    assert row["components"] == [{"id": api.public_id, "name": "API gateway", "slug": "api", "status": "major_outage"}]


def test_the_end_of_an_incident_has_its_times_and_cause(incident: Incident, receiver: Subscriber) -> None:
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="Two disks.")
    row = body(receiver, Notice.objects.get(kind=NoticeKind.INCIDENT_RESOLVED))["incident"]
    assert row["status"] == "resolved"
    assert row["resolved_at"] is not None
    assert (row["root_cause_summary"], row["remediation"]) == ("A disk.", "Two disks.")


def test_a_private_incident_has_no_words(receiver: Subscriber, api: Component) -> None:
    incident = open_incident(
        title="Secret merger",
        severity="critical",
        message="Hidden words.",
        impacts={api: ComponentStatus.MAJOR_OUTAGE},
        private=True,
    )
    resolve_incident(incident=incident, message="Hidden end.", root_cause_summary="Hidden", remediation="Hidden")
    for notice in Notice.objects.all():
        said = webhook.write(message(receiver, notice)).body.decode()
        assert not [word for word in ("merger", "Hidden", "gateway") if word in said], said
        assert json.loads(said)["incident"]["components"] == []


def test_every_kind_of_notice_is_written(incident: Incident, api: Component, receiver: Subscriber) -> None:
    tell_of_each(incident, api)
    said = {notice.kind: body(receiver, notice) for notice in Notice.objects.all()}
    assert {"incident.created", "maintenance.scheduled", "postmortem.published"} <= said.keys()
    assert {kind: one["type"] for kind, one in said.items()} == {kind: kind for kind in said}
    postmortem = said["postmortem.published"]["incident"]
    assert postmortem["status"] == "postmortem"
    assert postmortem["postmortem_body"]
    assert postmortem["postmortem_published_at"].endswith(".000Z")


@time_machine.travel(NOON, tick=False)
def test_a_window_is_an_incident_of_the_impact_maintenance(api: Component, receiver: Subscriber) -> None:
    window = schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=[api],
        scheduled_for=NOON + timedelta(hours=1),
        scheduled_until=NOON + timedelta(hours=2),
    )
    row = body(receiver, Notice.objects.get(kind=NoticeKind.MAINTENANCE_SCHEDULED))["incident"]
    assert (row["id"], row["impact"], row["status"]) == (window.public_id, "maintenance", "scheduled")
    assert (row["scheduled_for"], row["scheduled_until"]) == (
        "2026-11-21T13:00:00.000Z",
        "2026-11-21T14:00:00.000Z",
    )


def test_a_component_s_change_has_both_of_statuspage_s_objects(api: Component, receiver: Subscriber) -> None:
    payload = {
        "page": {"name": "Example", "url": "https://status.example.com", "time_zone": "UTC"},
        "component": {
            "id": api.public_id,
            "slug": "api",
            "name": "API gateway",
            "group": "Core",
            "url": "https://x/",
            "status": "major_outage",
            "status_label": "Major outage",
            "old_status": "operational",
            "since": "2026-11-21T12:00:00Z",
            "created_at": "2026-01-01T00:00:00Z",
        },
        "change": {"id": "abcdefghijkl", "created_at": "2026-11-21T12:01:00Z"},
        "cause": "Found by our monitoring.",
        "incident": None,
        "maintenance": None,
    }
    said = body(receiver, Notice.objects.create(kind=NoticeKind.COMPONENT_UPDATED, payload=payload))
    assert said["component_update"]["new_status"] == "major_outage"
    assert said["component_update"]["old_status"] == "operational"
    assert said["component_update"]["component_id"] == said["component"]["id"] == api.public_id
    assert said["component"]["status"] == "major_outage"


def test_a_payload_of_before_webhooks_is_still_written(notice: Notice, receiver: Subscriber) -> None:
    old = notice.payload
    old["page"] = {key: old["page"][key] for key in ("name", "url", "time_zone")}
    for key in ("created_at", "updated_at", "contained_at", "promise"):
        del old["incident"][key]
    for component in old["components"]:
        del component["id"]
    Notice.objects.filter(pk=notice.pk).update(payload=old)
    said = body(receiver, Notice.objects.get(pk=notice.pk))
    assert said["page"]["status_indicator"] is None
    assert said["incident"]["created_at"] == said["incident"]["started_at"]


# --- the challenge


def challenge(receiver: Subscriber) -> tuple[HookMessage, str]:
    asking = message(receiver, purpose=Purpose.CONFIRMATION)
    said = json.loads(webhook.write(asking).body)
    assert said["type"] == "subscription.challenge"
    assert "unsubscribe" not in said["meta"]
    return asking, said["challenge"]


@pytest.mark.parametrize(
    "echo",
    ['{{"challenge": "{0}"}}', '{{"ok": true, "challenge": "{0}"}}', "{0}", "{0}\r\n", '"{0}"'],
)
def test_who_sends_the_challenge_back_confirms(receiver: Subscriber, echo: str) -> None:
    asking, value = challenge(receiver)
    answer = webhook.read_answer(asking, Reply(status=200, body=echo.format(value).encode()))
    assert (answer.verdict, answer.confirms) == (Verdict.ACCEPTED, True)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"ok",
        b"{}",
        b'{"challenge": null}',
        b'{"challenge": ["x"]}',
        b'{"challenge": "\\ud800"}',
        b"\xff",
        b"[" * 9000,
    ],
)
def test_any_other_answer_does_not(receiver: Subscriber, said: bytes) -> None:
    asking, _ = challenge(receiver)
    answer = webhook.read_answer(asking, Reply(status=200, body=said))
    assert (answer.verdict, answer.confirms) == (Verdict.REFUSED, False)


def test_the_challenge_with_an_error_s_status_does_not_confirm(receiver: Subscriber) -> None:
    asking, value = challenge(receiver)
    assert not webhook.read_answer(asking, Reply(status=400, body=value.encode())).confirms


def test_the_challenge_of_another_question_does_not_confirm(receiver: Subscriber, subscriber: Make) -> None:
    asking, _ = challenge(receiver)
    _, of_another = challenge(subscriber("https://other.example.com/", channel=Channel.WEBHOOK))
    assert not webhook.read_answer(asking, Reply(status=200, body=of_another.encode())).confirms


def test_an_echo_of_anything_else_confirms_nothing(notice: Notice, receiver: Subscriber) -> None:
    answer = webhook.read_answer(message(receiver, notice), Reply(status=200, body=b'{"challenge": "x"}'))
    assert (answer.verdict, answer.confirms) == (Verdict.ACCEPTED, False)


def test_a_path_that_staff_wrote_leads_to_the_page_from_the_html(api: Component, receiver: Subscriber) -> None:
    impacts = {api: ComponentStatus.MAJOR_OUTAGE}
    open_incident(title="Late", message="See [the log](/history/).", severity="critical", impacts=impacts)
    update = body(receiver, Notice.objects.latest("pk"))["incident"]["incident_updates"][0]
    assert '<a href="https://status.example.com/history/"' in update["body_html"]
    assert update["body"] == "See [the log](/history/)."
