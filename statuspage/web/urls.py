"""The addresses of the public pages. Each is a document: `documents.render_document` takes the path."""

from django.urls import path

from statuspage.web.search_views import history
from statuspage.web.views import newest_slo, public_document

urlpatterns = [
    path("", public_document, name="home"),
    path("fragments/home/", public_document, name="home-fragment"),
    path("status.json", public_document, name="status-json"),
    path("history/", history, name="history"),
    path("history/<str:month>/", public_document, name="history-month"),
    path("history.atom", public_document, name="history-atom"),
    path("history.rss", public_document, name="history-rss"),
    path("feed.json", public_document, name="json-feed"),
    path("calendar.ics", public_document, name="calendar"),
    path("slo/", newest_slo, name="slo"),
    path("slo/<str:month>/", public_document, name="slo-month"),
    path("how-it-works/", public_document, name="how-it-works"),
    path("incidents/<str:reference>/", public_document, name="incident"),
    path("incidents/<str:reference>/postmortem/", public_document, name="postmortem"),
    path("pages/<str:slug>/", public_document, name="content-page"),
    path("maintenance/", public_document, name="platform-maintenance"),
    path("maintenance/offline.html", public_document, name="platform-offline"),
    path("maintenance/<str:reference>/", public_document, name="maintenance"),
    path("maintenance/<str:reference>/offline.html", public_document, name="maintenance-offline"),
    path("fragments/maintenance/<str:reference>/", public_document, name="maintenance-fragment"),
    path("components/<str:slug>/", public_document, name="component"),
    path("components/<str:slug>/history.atom", public_document, name="component-atom"),
    path("components/<str:slug>/history.rss", public_document, name="component-rss"),
    path("components/<str:slug>/feed.json", public_document, name="component-json-feed"),
    path("components/<str:slug>/calendar.ics", public_document, name="component-calendar"),
    path("components/<str:slug>/<str:day>/", public_document, name="component-day"),
    path("components/<str:slug>/latency/<str:span>/", public_document, name="latency"),
]
