import re
from datetime import timedelta

import pytest
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import NoticeKind
from incidents.models import Incident, Notice
from incidents.services import open_incident
from statuspage.core import clock
from subscriptions import links
from subscriptions.enums import Channel, DeliveryState, Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest, WebhookSecret
from tests.unit.web.subscribing.paths import confirm, manage, post_json, state_of

FORM = "/subscribe/webhook/"
URL = "https://hooks.example.com/status"
ASKED = {"url": URL, "contact_email": "ops@example.org"}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture
def hook(api: Component) -> Subscriber:
    row = Subscriber.objects.create(
        channel=Channel.WEBHOOK,
        address=URL,
        host="hooks.example.com",
        contact_email="ops@example.org",
        state=SubscriberState.CONFIRMED,
        confirmed_at=clock.now() - timedelta(days=1),
    )
    WebhookSecret.objects.create(subscriber=row, secret="whsec_never+shown+never+shown+never+shown+never+sho")
    return row


@pytest.fixture
def incident(api: Component) -> Incident:
    return open_incident(
        title="API <b>down</b>", severity="critical", message="Look.", impacts={api: ComponentStatus.MAJOR_OUTAGE}
    )


@pytest.fixture
def failed(hook: Subscriber, incident: Incident) -> Delivery:
    return Delivery.objects.create(
        subscriber=hook,
        notice=Notice.objects.get(),
        channel=Channel.WEBHOOK,
        state=DeliveryState.FAILED,
        status_code=500,
        attempts=8,
        last_error="Answered with 500.",
    )


# --- subscribing


def test_the_form_explains_itself_and_sets_no_cookie(visitor: Client, api: Component) -> None:
    response = visitor.get(FORM)
    html = response.content.decode()
    assert response.status_code == 200
    assert re.search(r'value="components" checked', html)
    assert "subscription.challenge" in html
    assert not response.cookies


def test_what_is_asked_is_written_down_and_the_answer_says_nothing(visitor: Client, hook: Subscriber) -> None:
    answers = [visitor.post(FORM, {**ASKED, "url": url}) for url in (URL, "https://new.example.com/")]
    assert [(one.status_code, one["Location"]) for one in answers] == [(303, "/subscribe/webhook/sent/")] * 2
    assert visitor.get("/subscribe/webhook/sent/").status_code == 200
    asked = SubscriptionRequest.objects.latest("pk")
    assert (asked.channel, asked.address, asked.contact_email) == (
        Channel.WEBHOOK,
        "https://new.example.com/",
        "ops@example.org",
    )
    assert asked.choice["events"] == ["components", "incidents", "maintenance", "postmortems"]


def test_what_is_chosen_counts(visitor: Client, api: Component) -> None:
    chosen = {"choosing": "1", "events": ["incidents"], "components": ["api"], "updates": "ends"}
    assert visitor.post(FORM, {**ASKED, **chosen}).status_code == 303
    choice = SubscriptionRequest.objects.get().choice
    assert (choice["events"], choice["component_ids"], choice["updates"]) == (["incidents"], [api.pk], False)


@pytest.mark.parametrize(
    ("typed", "error", "words"),
    [
        ({"url": "http://10.0.0.1/"}, "url-error", "begin with https"),
        ({"url": "https://10.0.0.1/"}, "url-error", "public internet"),
        ({"url": ""}, "url-error", "Give the URL"),
        ({"contact_email": "nobody"}, "contact-error", "name@example.com"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays(
    visitor: Client, api: Component, typed: dict[str, str], error: str, words: str
) -> None:
    response = visitor.post(FORM, {**ASKED, **typed})
    html = response.content.decode()
    assert response.status_code == 400
    assert re.search(rf'id="{error}"[^>]*>[^<]*{re.escape(words)}', html)
    for value in {**ASKED, **typed}.values():
        assert f'value="{value}"' in html
    assert not SubscriptionRequest.objects.exists()


def test_another_site_s_form_is_refused(visitor: Client, api: Component) -> None:
    response = visitor.post(FORM, ASKED, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert not SubscriptionRequest.objects.exists()


def test_hostile_values_are_answered(visitor: Client, api: Component) -> None:
    for value in ("\x00", "\ud800", "a" * 100_000, "https://[", "javascript:alert(1)", "https://x/\r\nHost: y"):
        assert visitor.post(FORM, {**ASKED, "url": value.encode("utf-8", "replace")}).status_code == 400


def test_confirming_by_the_mail_s_link_leads_to_the_webhook_s_page(visitor: Client, hook: Subscriber) -> None:
    Subscriber.objects.update(state=SubscriberState.PENDING, confirmed_at=None)
    assert visitor.get(confirm(hook)).status_code == 200
    assert state_of(hook) == SubscriberState.PENDING
    response = visitor.post(confirm(hook))
    assert response["Location"] == f"{links.manage_path(links.manage_token(hook))}webhook/?done=confirmed"
    assert "The webhook is subscribed" in visitor.get(response["Location"]).content.decode()


def test_a_program_subscribes_a_webhook(visitor: Client, api: Component) -> None:
    body = {"channel": "webhook", "url": URL, "contactEmail": "Ops@Example.org"}
    assert post_json(visitor, body) == (202, {"data": {"status": "pending_confirmation"}})
    assert post_json(visitor, {**body, "events": ["reports"]})[0] == 202
    usual, chosen = SubscriptionRequest.objects.order_by("pk")
    assert (usual.channel, usual.address, usual.contact_email) == (Channel.WEBHOOK, URL, "ops@example.org")
    assert usual.choice["events"] == ["components", "incidents", "maintenance", "postmortems"]
    assert chosen.choice["events"] == ["reports"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "https://127.0.0.1/"}, "public internet"),
        ({"url": None}, "Give the URL"),
        ({"url": ["x"]}, "Give the URL"),
        ({"contactEmail": ""}, "your email address"),
        ({"contactEmail": 7}, "email address as text"),
        ({"contactEmail": "a@b,c@d"}, "one address only"),
    ],
)
def test_a_program_is_told_what_is_wrong(
    visitor: Client, api: Component, change: dict[str, object], words: str
) -> None:
    body = {"channel": "webhook", "url": URL, "contactEmail": "ops@example.org", **change}
    status, said = post_json(visitor, body)
    assert status == 400
    assert words in str(said["detail"])
    assert not SubscriptionRequest.objects.exists()


# --- its own page


def test_the_page_shows_messages_and_neither_the_secret_nor_the_whole_url(
    visitor: Client, hook: Subscriber, failed: Delivery
) -> None:
    response = visitor.get(manage(hook, "webhook/"))
    html = response.content.decode()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert not SECRET.search(html)
    assert URL not in html
    assert "hooks.example.com" in html
    assert "API &lt;b&gt;down&lt;/b&gt;" in html
    assert re.search(r"500 · tried 8 times", html)
    assert "Answered with 500." in html
    assert f"msg_{Notice.objects.get().public_id}_{hook.public_id}" in html


def test_a_secret_is_shown_in_one_answer_and_never_again(visitor: Client, hook: Subscriber) -> None:
    assert visitor.get(manage(hook, "webhook/secret/")).status_code == 405
    assert hook.secrets.count() == 1
    response = visitor.post(manage(hook, "webhook/secret/"))
    assert response["Cache-Control"] == "no-store"
    (shown,) = set(SECRET.findall(response.content.decode()))
    assert shown == hook.secrets.get(retires_at__isnull=True).secret
    later = visitor.get(manage(hook, "webhook/")).content.decode()
    assert not SECRET.search(later)
    assert "signs beside it until" in later


def test_a_test_and_a_message_again_are_sent_by_button_alone(
    visitor: Client, hook: Subscriber, failed: Delivery
) -> None:
    for action in ("test", "again", "start"):
        assert visitor.get(manage(hook, f"webhook/{action}/")).status_code == 405
    assert visitor.post(manage(hook, "webhook/test/")).status_code == 303
    assert Delivery.objects.filter(purpose=Purpose.TEST, channel=Channel.WEBHOOK).pending().count() == 1
    assert visitor.post(manage(hook, "webhook/test/")).status_code == 409
    assert visitor.post(manage(hook, "webhook/again/"), {"delivery": failed.pk}).status_code == 303
    failed.refresh_from_db()
    assert failed.state == DeliveryState.PENDING


@pytest.mark.parametrize("key", ["", "x", "-1", "9" * 40, "٣", "0"])
def test_a_message_that_is_not_there_is_not_sent(visitor: Client, hook: Subscriber, key: str) -> None:
    assert visitor.post(manage(hook, "webhook/again/"), {"delivery": key}).status_code == 404


def test_a_stopped_webhook_says_why_and_starts_again(visitor: Client, hook: Subscriber) -> None:
    Subscriber.objects.update(state=SubscriberState.QUARANTINED, suppressed_reason="Failed for 5 days.")
    html = visitor.get(manage(hook, "webhook/")).content.decode()
    assert "Failed for 5 days." in html
    assert visitor.post(manage(hook, "webhook/start/")).status_code == 303
    assert state_of(hook) == SubscriberState.CONFIRMED


def test_no_other_link_opens_it(visitor: Client, hook: Subscriber, ada: Subscriber) -> None:
    for token in (links.confirm_token(hook), links.leave_token(hook), links.manage_token(ada), "guessed"):
        for action in ("", "secret/", "test/", "again/", "start/"):
            path = f"/subscriptions/{token}/webhook/{action}"
            response = visitor.post(path, {"delivery": "1"}) if action else visitor.get(path)
            assert response.status_code == 404, path
    assert not Delivery.objects.exists()


def test_a_change_is_called_by_its_component_and_not_by_what_is_behind_it(visitor: Client, hook: Subscriber) -> None:
    payload = {"component": {"name": "Mail gateway"}, "incident": {"title": "Mail is late"}}
    notice = Notice.objects.create(kind=NoticeKind.COMPONENT_UPDATED, payload=payload)
    Delivery.objects.create(subscriber=hook, notice=notice, channel=Channel.WEBHOOK)
    html = visitor.get(manage(hook, "webhook/")).content.decode()
    assert "Mail gateway" in html
    assert "Mail is late" not in html
