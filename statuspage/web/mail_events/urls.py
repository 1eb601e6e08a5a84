from django.urls import path

from statuspage.web.mail_events.views import own_events, provider_events

app_name = "mail_events"
urlpatterns = [
    path("mail-events/<str:provider>/", provider_events, name="provider"),
    path("v1/mail-events/<str:token>", own_events, name="own"),
]
