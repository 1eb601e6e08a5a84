"""Every URL of the project in one place."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", include("statuspage.web.console.urls")),
    path("admin/", admin.site.urls),
    path("", include("statuspage.web.health.urls")),
    path("", include("statuspage.web.metrics.urls")),
    path("", include("statuspage.web.subscribing.urls")),
    path("", include("statuspage.web.mail_events.urls")),
    path("", include("statuspage.web.reporting.urls")),
    path("", include("statuspage.web.api.urls")),
    path("", include("probes.urls")),
    path("", include("statuspage.web.urls")),
]
handler400 = "statuspage.web.errors.pages.bad_request"
handler403 = "statuspage.web.errors.pages.permission_denied"
handler404 = "statuspage.web.errors.pages.page_not_found"
handler500 = "statuspage.web.errors.pages.server_error"
