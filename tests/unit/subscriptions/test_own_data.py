import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from components.models import Component
from incidents.enums import NoticeKind
from incidents.models import Incident, Notice, SeverityPolicy
from statuspage.core import clock
from subscriptions.enums import Channel, DeliveryState, Purpose
from subscriptions.fanout import fan_out_pending
from subscriptions.models import Delivery, PostedMessage, Subscriber, SubscriptionRequest, WebhookSecret
from subscriptions.own_data import everything_about

Make = Callable[..., Subscriber]
# Nobody's but ours, or said in other words.
NOT_THEIRS = {"id", "generation", "ended_at", "suppressed_reason", "host"}


def test_all_that_is_known_of_somebody_is_there(
    subscriber: Make, api: Component, incident: Incident, notice: Notice
) -> None:
    row = subscriber(
        "https://hooks.example.org/x",
        api,
        channel=Channel.WEBHOOK,
        contact_email="ops@example.org",
        minimum_severity=SeverityPolicy.objects.get(slug="major"),
        time_zone="Asia/Tokyo",
    )
    row.follows.add(incident)
    fan_out_pending()
    Delivery.objects.update(
        state=DeliveryState.FAILED, status_code=500, last_error="500", created_at=datetime(2026, 1, 2, 3, tzinfo=UTC)
    )
    Delivery.objects.create(subscriber=row, purpose=Purpose.LINK)
    WebhookSecret.objects.create(subscriber=row, secret="whsec_very_secret")
    PostedMessage.objects.create(subscriber=row, thread="incident-1", remote_id="17")
    SubscriptionRequest.objects.create(channel=Channel.WEBHOOK, address=row.address, contact_email="eve@example.org")
    kept = everything_about(row)
    text = json.dumps(kept)
    assert "very_secret" not in text
    for value in ("hooks.example.org", "ops@example.org", "eve@example.org", "Asia/Tokyo", "incident-1", "17"):
        assert value in text
    assert kept["choice"]["components"] == ["api"]
    assert kept["choice"]["incidents"] == [incident.reference]
    assert kept["choice"]["minimum_severity"] == "major"
    assert len(kept["secrets"]) == 1
    news, letter = sorted(kept["deliveries"], key=lambda row: row["purpose"], reverse=True)
    assert (news["kind"], news["about"], news["state"]) == ("incident.created", incident.reference, "failed")
    assert (news["status_code"], news["last_error"], news["written_at"]) == (500, "500", "2026-01-02T03:00:00Z")
    assert (letter["purpose"], letter["kind"], letter["about"]) == ("link", None, None)


def test_the_number_of_queries_does_not_grow_with_what_was_sent(
    subscriber: Make, notice: Notice, django_assert_num_queries: Callable[..., Any]
) -> None:
    row = subscriber("ada@example.org")
    fan_out_pending()
    for _ in range(20):
        Delivery.objects.create(subscriber=row, purpose=Purpose.LINK, created_at=clock.now())
    row = Subscriber.objects.get()
    with django_assert_num_queries(7):
        assert len(everything_about(row)["deliveries"]) == 21


def test_no_column_is_forgotten(subscriber: Make) -> None:
    """A new column of a subscriber is theirs to see, unless it is named here."""
    kept = everything_about(subscriber("ada@example.org"))
    said = {*kept["subscription"], *kept["choice"]}
    names = {"public_id": "id", "origin": "came_by", "created_at": "asked_at", "wants_updates": "updates"}
    for column in Subscriber._meta.concrete_fields:
        name = names.get(column.name, column.name)
        if name in NOT_THEIRS or name.startswith("wants_"):
            continue
        assert name in said, column.name


def test_a_change_is_named_by_its_component(subscriber: Make, api: Component) -> None:
    row = subscriber("ada@example.org")
    notice = Notice.objects.create(kind=NoticeKind.COMPONENT_UPDATED, payload={"component": {"slug": "api"}})
    Delivery.objects.create(subscriber=row, notice=notice)
    (news,) = everything_about(row)["deliveries"]
    assert (news["kind"], news["about"]) == ("component.updated", "api")
