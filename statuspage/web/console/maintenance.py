"""Announcing maintenance: of a window that has begun already, what was measured in it is left out of uptime."""

from typing import cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from incidents.admin_maintenance_parts import WindowModelAdmin
from incidents.admin_maintenance_views import announce_view
from incidents.models import Maintenance
from probes.late_maintenance import leave_out_past


def announce(request: HttpRequest) -> HttpResponse:
    """The same form as the admin's own, and the correction in the same transaction."""
    model_admin = cast("WindowModelAdmin", admin.site.get_model_admin(Maintenance))
    return announce_view(request, model_admin=model_admin, announced=leave_out_past)
