"""`/report/`: a visitor tells us that something is broken.

As with subscribing these pages set no cookie, so the form has no CSRF token; a post that a browser says comes from
another site is refused. Whatever is refused keeps what was typed.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from components.enums import ComponentStatus
from components.models import Component
from components.overall import Overall, overall_state
from incidents.enums import MaintenanceStatus
from incidents.models import ContentPage, Incident, Maintenance
from incidents.reports.services import submit_report
from statuspage.core.client_address import client_ip
from statuspage.core.errors import NotFound, RateLimited, ValidationFailed
from statuspage.web.readmodels import SiteInfo
from statuspage.web.reporting.forms import TRAPPED, ReportForm
from statuspage.web.selectors import site_info
from statuspage.web.subscribing.forms import component_groups
from statuspage.web.subscribing.views import comes_from_elsewhere, see_other

# All fields at their longest, with each character written as twelve.
LONGEST_BODY = 250_000
KNOWN_SHOWN = 10
PLACE = "report"
INCIDENT_CSS = {"critical": "down", "major": "part", "minor": "slow", "none": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Something that the page tells of already. A private incident has no title of its own here."""

    path: str
    title: str
    state: str
    css: str


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, below what is known already; a mistake is said beside its field."""
    site = _site()
    if request.method != "POST":
        return _form(request, site, ReportForm(component=request.GET.get("component", "")[:80]))
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        return _form(request, site, ReportForm(), status=413, sentence="This is too long: shorten the texts.")
    form = ReportForm(request.POST)
    if comes_from_elsewhere(request):
        return _form(request, site, form, status=403, sentence="This was sent from another site. Send it from here.")
    if form.is_trapped:
        return _form(request, site, form, status=400, sentence=TRAPPED)
    if not form.is_valid():
        return _form(request, site, form, status=400)
    try:
        submit_report(sender=client_ip(request), **form.said)
    except (ValidationFailed, RateLimited) as error:
        form.refuse(error)
        response = _form(request, site, form, status=error.http_status)
        if isinstance(error, RateLimited):
            response["Retry-After"] = str(error.retry_after_seconds)
        return response
    return see_other("/report/thanks/")


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    return _page(request, "pages/report_thanks.html", {"site": _site()})


def _site() -> SiteInfo:
    """One query. Raises NotFound where visitors cannot report."""
    site = site_info()
    if not site.accepts_reports:
        raise NotFound("This page takes no reports.")
    return site


def _form(
    request: HttpRequest, site: SiteInfo, form: ReportForm, *, status: int = 200, sentence: str = ""
) -> HttpResponse:
    if form.is_bound:
        form.ready()
    context = {
        "site": site,
        "form": form,
        "sentence": sentence,
        "overall": _overall(),
        "known": known(),
        "groups": component_groups(),
        "explained": [page for page in ContentPage.objects.filter(is_published=True) if PLACE in page.places],
    }
    return _page(request, "pages/report.html", context, status=status)


def known() -> list[Known]:
    """Open incidents, the newest first, and maintenance that runs. Two queries."""
    incidents = Incident.objects.open().shown().newest_first().select_related("severity")[:KNOWN_SHOWN]
    running = (MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING)
    windows = Maintenance.objects.filter(status__in=running).order_by("-scheduled_for")[:KNOWN_SHOWN]
    return [
        *(
            Known(
                path=incident.get_absolute_url(),
                title=incident.public_title,
                state=str(incident.state.label),
                css=INCIDENT_CSS[incident.impact],
            )
            for incident in incidents
        ),
        *(
            Known(path=window.get_absolute_url(), title=window.title, state="Maintenance", css="work")
            for window in windows
        ),
    ]


def _overall() -> Overall:
    """What the page says of everything now. One query."""
    statuses = Component.objects.visible().values_list("status", flat=True)
    return overall_state(ComponentStatus(status) for status in statuses)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-cache" if status == 200 else "no-store"
    return response
