"""What a row calls itself: nothing that opens a door."""

import pytest

from subscriptions.models import Subscriber, SubscriptionRequest


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
