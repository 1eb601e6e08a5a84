"""The addresses of reporting a problem."""

from django.urls import path

from statuspage.web.reporting import views

urlpatterns = [
    path("report/", views.report, name="report"),
    path("report/thanks/", views.thanks, name="report-thanks"),
]
