"""The addresses of somebody's own pages."""

import json

from django.test import Client

from subscriptions import links
from subscriptions.models import Subscriber

FORM = "/subscribe/"
API = "/v1/status/subscribe"


def manage(subscriber: Subscriber, more: str = "") -> str:
    return links.manage_path(links.manage_token(subscriber)) + more


def leave(subscriber: Subscriber) -> str:
    return links.unsubscribe_path(links.leave_token(subscriber))


def confirm(subscriber: Subscriber) -> str:
    return links.confirm_path(links.confirm_token(subscriber))


def state_of(subscriber: Subscriber) -> str:
    return Subscriber.objects.get(pk=subscriber.pk).state


def post_json(visitor: Client, body: object, **extra: str) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    response = visitor.post(API, data, content_type="application/json", headers=extra or None)
    return response.status_code, response.json()
