"""Windows that come back, in the console: written in one form that shows the next ones before it is saved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from components.admin_base import ModelAdmin
from components.models import Page
from incidents.admin_maintenance_parts import STATUS_CSS
from incidents.admin_parts import author_of, number
from incidents.forms_maintenance_fields import merged_fields
from incidents.forms_maintenance_series import NOT_OF_IT, EndSeriesForm, SeriesForm
from incidents.maintenance import create_series, edit_series, end_series
from incidents.maintenance.occurrences import DROPPED, occurrences
from incidents.maintenance.recurrence import Occurrence, Recurrence, check_rule
from incidents.models import Maintenance, MaintenanceSeries
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import DomainError, StaleRevision

type SeriesModelAdmin = ModelAdmin[MaintenanceSeries]

TEMPLATE = "admin/incidents/maintenanceseries/series.html"
COMING = "admin/incidents/maintenanceseries/_coming.html"
END = "admin/incidents/maintenanceseries/end.html"
SHOWN, WINDOWS_SHOWN = 6, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """The next windows of what stands in the form, or why there are none."""

    windows: list[Occurrence]
    rule: str = ""
    problem: str = ""


def write_series_view(
    request: HttpRequest, series: MaintenanceSeries | None, *, model_admin: SeriesModelAdmin
) -> HttpResponse:
    """Make a series or change one; one that has ended is only looked at."""
    may_write = _may_write(request, series, model_admin)
    page = Page.current()
    form = SeriesForm(request.POST or None, page=page, series=series)
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied
        form.is_quiet = request.POST.get("then") == "check"
        if not form.is_quiet and form.is_valid():
            saved = _save(request, form, series, model_admin)
            if isinstance(saved, MaintenanceSeries):
                return _to_series(saved)
            form = saved
    rows = [] if series is None else list(series.occurrences.newest_first()[:WINDOWS_SHOWN])
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Maintenance that comes back" if series is None else series.title,
        "opts": model_admin.opts,
        "series": series,
        "form": form,
        "zone": page.zone,
        "may_write": may_write,
        "coming": _coming(form, series, page) if series is None or series.ended_at is None else None,
        "windows": [(row, STATUS_CSS[row.state]) for row in rows],
    }
    return TemplateResponse(request, TEMPLATE, context)


def _may_write(request: HttpRequest, series: MaintenanceSeries | None, model_admin: SeriesModelAdmin) -> bool:
    if series is None:
        if not model_admin.has_add_permission(request):
            raise PermissionDenied
        return True
    return series.ended_at is None and model_admin.has_change_permission(request, series)


def _save(
    request: HttpRequest, form: SeriesForm, series: MaintenanceSeries | None, model_admin: SeriesModelAdmin
) -> MaintenanceSeries | SeriesForm:
    """The series, or the form with the refusal."""
    try:
        if series is None:
            made = create_series(**form.said())
            model_admin.log_addition(request, made, "Made.")
            messages.success(request, f"{made.title}: its windows are announced by themselves.")
            return made
        _edit(series, form, author_of(request))
    except StaleRevision as error:
        return _overtaken(request.POST, form, error)
    except DomainError as error:
        form.refuse(error)
        return form
    model_admin.log_change(request, series, "Changed.")
    messages.success(request, f"{series.title}: changed, and with it the windows that follow it.")
    return series


def _overtaken(data: QueryDict, form: SeriesForm, error: StaleRevision) -> SeriesForm:
    """What the writer touched, over what is there now."""
    assert form.series is not None  # noqa: S101 -- only a series that is there is changed by somebody else
    series, page = MaintenanceSeries.objects.get(pk=form.series.pk), Page.current()
    fresh = SeriesForm(page=page, series=series)
    newer = SeriesForm(merged_fields(data, form, fresh, always=NOT_OF_IT), page=page, series=series)
    newer.is_valid()
    newer.refuse(error)
    return newer


@retry_on_conflict
@transaction.atomic
def _edit(series: MaintenanceSeries, form: SeriesForm, author: str) -> None:
    row = MaintenanceSeries.objects.select_for_update(of=("self",)).get(pk=series.pk)
    if row.updated_at.isoformat() != form.cleaned_data["seen_at"]:
        raise StaleRevision(
            f"Somebody else changed the series {row.slug} in the meantime. Nothing was saved: compare with "
            "what it says now, then save again if it still fits."
        )
    changes = form.changes()
    if changes:
        said = form.cleaned_data
        edit_series(
            series=series,
            message_to_subscribers=said["message_to_subscribers"],
            notify=said["notify"],
            author=author,
            **changes,
        )


def coming_view(
    request: HttpRequest, series: MaintenanceSeries | None, *, model_admin: SeriesModelAdmin
) -> HttpResponse:
    """The next windows of what stands in the form: a fragment."""
    if not _may_write(request, series, model_admin):
        raise PermissionDenied
    page = Page.current()
    form = SeriesForm(request.POST, page=page, series=series)
    return TemplateResponse(request, COMING, {"coming": _coming(form, series, page), "zone": page.zone})


def _coming(form: SeriesForm, series: MaintenanceSeries | None, page: Page) -> Coming | None:
    """Of the form if something was sent, else of the series. None: nothing is to be said yet."""
    now = clock.now()
    if not form.is_bound:
        return None if series is None else Coming(windows=occurrences(series, now, SHOWN), rule=series.rrule)
    reader = form.again()
    reader.full_clean()
    said, rule = reader.cleaned_data, reader.rule()
    if rule is None or said.get("begins") is None or said.get("duration") is None:
        return Coming(windows=[], problem="Choose the first day, the time and how long it takes.")
    return _of_rule(rule, said, page, now)


def _of_rule(rule: str, said: dict[str, Any], page: Page, now: datetime) -> Coming:
    try:
        checked = check_rule(rule, said["first_date"])
    except DomainError as error:
        return Coming(windows=[], problem=error.sentence)
    recurrence = Recurrence(
        rule=checked, first_date=said["first_date"], begins=said["begins"], duration=said["duration"]
    )
    windows = recurrence.occurrences(zone=page.zone, after=now, count=SHOWN)
    return Coming(windows=windows, rule=checked, problem="" if windows else "All windows of this rule are over.")


def end_series_view(request: HttpRequest, series: MaintenanceSeries, *, model_admin: SeriesModelAdmin) -> HttpResponse:
    """No more windows are made; those that are announced take place or are cancelled."""
    if not model_admin.has_change_permission(request, series):
        raise PermissionDenied
    form = EndSeriesForm(request.POST or None)
    # A form of one box sends nothing when it is not ticked but its message.
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            end_series(
                series=series,
                cancel_announced=said["cancel_announced"],
                message=said["message"] or DROPPED,
                author=author_of(request),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            model_admin.log_change(request, series, "Ended.")
            messages.success(request, f"{series.title} has ended: no more windows are made.")
            return _to_series(series)
    context = {**model_admin.admin_site.each_context(request), "title": f"End {series.title}", "form": form}
    context |= {"opts": model_admin.opts, "series": series, "announced": _announced(series)}
    return TemplateResponse(request, END, context)


def _announced(series: MaintenanceSeries) -> list[Maintenance]:
    return list(series.occurrences.upcoming().filter(scheduled_for__gt=clock.now()))


def get_series(request: HttpRequest, object_id: str, model_admin: SeriesModelAdmin) -> MaintenanceSeries:
    """404 if there is none, 403 for who may not see it."""
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    pk = number(object_id)
    series = MaintenanceSeries.objects.select_related("kind").filter(pk=pk).first() if pk is not None else None
    if series is None:
        raise Http404("There is no such series.")
    return series


def _to_series(series: MaintenanceSeries) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_maintenanceseries_change", args=[series.pk]))
