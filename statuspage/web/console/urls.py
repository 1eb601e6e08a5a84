from django.contrib import admin
from django.urls import path

from statuspage.web.console.corrections import not_ours
from statuspage.web.console.maintenance import announce
from statuspage.web.console.views import preview

urlpatterns = [
    path("preview/", preview, name="console_preview"),
    path("incidents/incident/<int:pk>/not-ours/", admin.site.admin_view(not_ours), name="console_not_ours"),
    # Before the admin's own address of that name, which knows nothing of what was measured.
    path("incidents/maintenance/add/", admin.site.admin_view(announce), name="console_announce"),
]
