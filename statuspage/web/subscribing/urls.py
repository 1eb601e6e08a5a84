"""The addresses of subscribing. `subscriptions.links` builds the ones in our mails."""

from django.urls import path

from statuspage.web.subscribing import api as subscribe_api
from statuspage.web.subscribing import chats, managing, webhooks
from statuspage.web.subscribing import views as subscribe

urlpatterns = [
    path("subscribe/", subscribe.subscribe, name="subscribe"),
    path("subscribe/sent/", subscribe.sent, name="subscribe-sent"),
    path("subscribe/incident/<str:reference>/", subscribe.one_incident, name="subscribe-incident"),
    path("subscribe/confirm/<str:token>/", managing.confirm, name="subscribe-confirm"),
    *(
        path(f"subscribe/{service}/", chats.subscribe, {"service": service}, name=f"subscribe-{service}")
        for service in chats.SERVICES
    ),
    *(
        path(f"subscribe/{service}/sent/", chats.sent, {"service": service}, name=f"subscribe-{service}-sent")
        for service in chats.SERVICES
    ),
    path("subscribe/webhook/", webhooks.subscribe, name="subscribe-webhook"),
    path("subscribe/webhook/sent/", webhooks.sent, name="subscribe-webhook-sent"),
    path("subscriptions/<str:token>/webhook/", webhooks.show, name="webhook"),
    path("subscriptions/<str:token>/webhook/secret/", webhooks.secret, name="webhook-secret"),
    path("subscriptions/<str:token>/webhook/test/", webhooks.test, name="webhook-test"),
    path("subscriptions/<str:token>/webhook/again/", webhooks.again, name="webhook-again"),
    path("subscriptions/<str:token>/webhook/start/", webhooks.start, name="webhook-start"),
    path("subscriptions/<str:token>/", managing.manage, name="subscription"),
    path("subscriptions/<str:token>/pause/", managing.pause, name="subscription-pause"),
    path("subscriptions/<str:token>/resume/", managing.resume, name="subscription-resume"),
    path("subscriptions/<str:token>/follow/", managing.follow, name="subscription-follow"),
    path("subscriptions/<str:token>/unfollow/", managing.unfollow, name="subscription-unfollow"),
    path("subscriptions/<str:token>/link/", managing.send_link, name="subscription-link"),
    path("subscriptions/<str:token>/data.json", managing.data, name="subscription-data"),
    path("subscriptions/<str:token>/delete/", managing.delete, name="subscription-delete"),
    path("subscriptions/<str:token>/unsubscribe/", managing.unsubscribe, name="unsubscribe"),
    path("v1/status/subscribe", subscribe_api.subscribe, name="api-subscribe"),
]
