"""The address that a Prometheus reads."""

from django.urls import path

from statuspage.web.metrics.views import metrics

urlpatterns = [path("metrics", metrics, name="metrics")]
