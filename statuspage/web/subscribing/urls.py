"""The addresses of subscribing. `subscriptions.links` builds the ones in our mails."""

from django.urls import path

from statuspage.web.subscribing import api as subscribe_api
from statuspage.web.subscribing import views as subscribe

urlpatterns = [
    path("subscribe/", subscribe.subscribe, name="subscribe"),
    path("subscribe/sent/", subscribe.sent, name="subscribe-sent"),
    path("subscribe/confirm/<str:token>/", subscribe.confirm, name="subscribe-confirm"),
    path("subscriptions/<str:token>/", subscribe.manage, name="subscription"),
    path("subscriptions/<str:token>/unsubscribe/", subscribe.unsubscribe, name="unsubscribe"),
    path("v1/status/subscribe", subscribe_api.subscribe, name="api-subscribe"),
]
