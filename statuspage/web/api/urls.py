"""The addresses of the public API about incidents, uptime, objectives and the SLA."""

from django.urls import path

from statuspage.web.api.incidents import incident, incidents
from statuspage.web.api.intervals import intervals_csv, intervals_json
from statuspage.web.api.slo import slo
from statuspage.web.views import public_document

urlpatterns = [
    path("v1/status/incidents", incidents, name="api-incidents"),
    path("v1/status/incidents/<str:reference>", incident, name="api-incident"),
    path("v1/status/sla", public_document, name="api-sla"),
    path("v1/status/slo", slo, name="api-slo"),
    path("v1/status/intervals.json", intervals_json, name="api-intervals-json"),
    path("v1/status/intervals.csv", intervals_csv, name="api-intervals-csv"),
]
