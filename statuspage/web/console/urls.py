from django.urls import path

from statuspage.web.console.views import preview

urlpatterns = [path("preview/", preview, name="console_preview")]
