from django.urls import path, re_path

from probes.metrics.views import push
from probes.views import heartbeat

app_name = "probes"
# No converter: a token may hold whatever its owner chose, but for a slash.
urlpatterns = [
    path("heartbeat/<str:token>", heartbeat, name="heartbeat"),
    re_path(r"^heartbeat/(?P<token>[^/]+)/(?P<event>start|fail)$", heartbeat, name="heartbeat_event"),
    path("v1/metrics/<str:key>", push, name="metric"),
]
