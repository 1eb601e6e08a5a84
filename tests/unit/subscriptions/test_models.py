"""What a row calls itself: nothing that opens a door. Whether a message is still wanted."""

from collections.abc import Callable

import pytest

from subscriptions.enums import Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@example.org", "ada@example.org"),
        ("https://hooks.slack.com/services/T0/B0/secretabcd", "hooks.slack.com/…abcd"),
        ("http://10.0.0.1:8065/hooks/secretabcd", "10.0.0.1:8065/…abcd"),
        ("https://user:pass@example.org/x/abcd", "example.org/…abcd"),
        ("APPRISE_ON_CALL", "APPRISE_ON_CALL"),
    ],
)
def test_the_url_of_a_webhook_is_not_shown_whole(address: str, shown: str) -> None:
    assert str(Subscriber(address=address)) == shown
    assert str(SubscriptionRequest(address=address)) == shown


@pytest.mark.parametrize("purpose", [Purpose.TEST, Purpose.QUARANTINED, Purpose.LINK])
@pytest.mark.parametrize(
    ("state", "is_wanted"),
    [
        (SubscriberState.CONFIRMED, True),
        (SubscriberState.QUARANTINED, True),
        (SubscriberState.UNSUBSCRIBED, False),
        (SubscriberState.SUPPRESSED, False),
    ],
)
def test_what_waits_for_somebody_who_left_meanwhile_is_not_wanted_any_more(
    subscriber: Callable[..., Subscriber], purpose: Purpose, state: SubscriberState, is_wanted: bool
) -> None:
    row = Delivery.objects.create(subscriber=subscriber(state=state), purpose=purpose)
    assert row.is_wanted is is_wanted
