"""The addresses of the health checks."""

from django.urls import path

from statuspage.web.health import views as health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
