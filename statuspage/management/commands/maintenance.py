"""`manage.py maintenance …`: the same services as the web."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.db import transaction

from incidents import maintenance as services
from incidents.enums import MaintenanceStatus
from incidents.models import Maintenance, MaintenanceSeries
from probes.late_maintenance import leave_out_past
from statuspage.core import clock
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.management import maintenance_input as read
from statuspage.management.base import SentenceCommand
from statuspage.management.input import component_named, message_of, operator
from statuspage.management.maintenance_arguments import add_actions

NEXT_SHOWN = 3


class Command(SentenceCommand):
    help = "Announce, run, change and list maintenance windows. Times without an offset are the page's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_actions(parser.add_subparsers(dest="action", required=True, metavar="action"))

    def handle(self, *_args: object, **options: Any) -> None:
        alone = {"schedule": self._schedule, "list": self._list, "series": self._series}
        if options["action"] in alone:
            alone[options["action"]](options)
            return
        window = read.maintenance_named(options["reference"])
        actions = {
            "edit": self._edit,
            "update": self._update,
            "extend": self._extend,
            "estimate": self._estimate,
            "service": self._service,
            "advance": self._advance,
            "skip": self._skip,
            "steps": self._steps,
            "take-over": self._take_over,
            "show": self._show,
        }
        actions.get(options["action"], self._step)(window, options)
        if options["action"] != "show":
            self.stdout.write(read.window_line(window))

    def _schedule(self, options: dict[str, Any]) -> None:
        author = operator()
        with transaction.atomic():
            window = services.schedule_maintenance(
                title=options["title"],
                message=message_of(options["message"]),
                scheduled_for=read.page_moment("from", options["begin"]),
                scheduled_until=read.page_moment("until", options["end"]),
                started_at=read.page_moment("started", options["started"]) if options["started"] else None,
                reference=options["reference"],
                reason=options["reason"],
                what_to_do=options["what_to_do"],
                phase=options["phase"],
                services=[read.service_of(text) for text in options["services"]],
                steps=read.steps_of(options["steps"], options["steps_file"]),
                starts_itself=not options["start_by_hand"],
                ends_itself=not options["end_by_hand"],
                notify=not options["quiet"],
                notify_start=not options["quiet_start"],
                notify_end=not options["quiet_end"],
                author=author,
                **_plan(options),
            )
            leave_out_past(maintenance=window, author=author)
        self.stdout.write(window.reference)

    def _edit(self, window: Maintenance, options: dict[str, Any]) -> None:
        names = {"impact": "impact_level", "note": "impact_note"}
        words = ("title", "kind", "reason", "impact", "note", "phase", "what_to_do")
        changes: dict[str, Any] = {names.get(word, word): options[word] for word in words if options[word] is not None}
        if options["downtime"] is not None:
            changes["expects_downtime"] = read.answer(options["downtime"])
        for name, column in (("begin", "scheduled_for"), ("end", "scheduled_until")):
            if options[name] is not None:
                changes[column] = read.page_moment(name, options[name])
        if options["components"] is not None:
            changes["components"] = [component_named(slug) for slug in options["components"]]
        if options["regions"] is not None:
            changes["regions"] = [read.region_named(slug) for slug in options["regions"]]
        if options["reminders"] is not None:
            changes["reminders"] = read.durations_of("reminder", options["reminders"])
        services.edit_maintenance(
            maintenance=window,
            message=message_of(options["message"]),
            notify=options["notify"],
            author=operator(),
            **changes,
        )

    def _step(self, window: Maintenance, options: dict[str, Any]) -> None:
        steps: dict[str, Any] = {
            "start": services.start_maintenance,
            "complete": services.complete_maintenance,
            "cancel": services.cancel_maintenance,
        }
        said: dict[str, Any] = {"message": message_of(options["message"])} if options["message"] else {}
        if options["quiet"]:
            said["notify"] = False
        steps[options["action"]](maintenance=window, author=operator(), **said)

    def _update(self, window: Maintenance, options: dict[str, Any]) -> None:
        services.post_maintenance_update(
            maintenance=window,
            message=message_of(options["message"]),
            status=None if options["status"] is None else read.maintenance_status_named(options["status"]),
            notify=not options["quiet"],
            author=operator(),
        )

    def _extend(self, window: Maintenance, options: dict[str, Any]) -> None:
        services.extend_maintenance(
            maintenance=window,
            until=read.page_moment("until", options["end"]),
            message=message_of(options["message"]),
            notify=not options["quiet"],
            author=operator(),
        )

    def _estimate(self, window: Maintenance, options: dict[str, Any]) -> None:
        at = None if options["at"] == "none" else read.page_moment("at", options["at"])
        services.estimate_end(maintenance=window, at=at)

    def _service(self, window: Maintenance, options: dict[str, Any]) -> None:
        plan = read.service_of(options["service"])
        services.set_service(maintenance=window, component=plan.component, state=plan.state, eta_at=plan.eta_at)

    def _advance(self, window: Maintenance, options: dict[str, Any]) -> None:
        running = services.advance_step(
            maintenance=window,
            message=message_of(options["message"]),
            notify=options["notify"],
            author=operator(),
        )
        self.stdout.write("All steps are over." if running is None else f"Now: {running.title}")

    def _skip(self, window: Maintenance, options: dict[str, Any]) -> None:
        steps = list(window.steps.all())
        if not 1 <= options["number"] <= len(steps):
            raise NotFound(f"{window.reference} has {len(steps)} steps.")
        services.skip_step(maintenance=window, step=steps[options["number"] - 1], author=operator())

    def _steps(self, window: Maintenance, options: dict[str, Any]) -> None:
        services.set_steps(maintenance=window, steps=read.steps_of(options["steps"], options["steps_file"]))

    def _take_over(self, window: Maintenance, _options: dict[str, Any]) -> None:
        services.take_over(maintenance=window)

    def _show(self, window: Maintenance, _options: dict[str, Any]) -> None:
        self.stdout.write(read.window_line(window))
        for row in window.services.select_related("component"):
            eta = f", back at {row.eta_at:%H:%M} UTC" if row.eta_at else ""
            self.stdout.write(f"  {row.component.slug}: {row.get_state_display().lower()}{eta}")
        for number, step in enumerate(window.steps.all(), start=1):
            self.stdout.write(f"  {number}. {step.title}: {step.get_state_display().lower()}")
        for update in window.updates.all():
            self.stdout.write(f"  {update}: {update.body.splitlines()[0]}")

    def _list(self, _options: dict[str, Any]) -> None:
        over = {MaintenanceStatus.COMPLETED, MaintenanceStatus.CANCELLED}
        rows = Maintenance.objects.newest_first()
        shown = [*rows.exclude(status__in=over), *rows.filter(status__in=over)[:10]]
        for row in shown:
            self.stdout.write(read.window_line(row))
        if not shown:
            self.stdout.write("There are no maintenance windows.")

    def _series(self, options: dict[str, Any]) -> None:
        actions = {"create": self._create_series, "list": self._list_series, "end": self._end_series}
        actions[options["series_action"]](options)

    def _create_series(self, options: dict[str, Any]) -> None:
        try:
            first_date = date.fromisoformat(options["first_date"])
        except ValueError:
            raise ValidationFailed("first_date", f"{options['first_date']!r} is no day: write 2026-12-01.") from None
        series = services.create_series(
            slug=options["slug"],
            title=options["title"],
            message=message_of(options["message"]),
            rrule=options["rrule"],
            first_date=first_date,
            begins=read.wall_time("begins", options["begins"]),
            duration=read.durations_of("duration", [options["duration"]])[0],
            announce_before=read.durations_of("announce-before", [options["announce_before"]])[0],
            **_plan(options),
        )
        self.stdout.write(series.slug)

    def _list_series(self, _options: dict[str, Any]) -> None:
        for series in MaintenanceSeries.objects.all():
            if series.ended_at is not None:
                self.stdout.write(f"{series.slug:24} ended on {series.ended_at:%Y-%m-%d}  {series.title}")
                continue
            coming = services.occurrences(series, clock.now(), NEXT_SHOWN)
            said = ", ".join(f"{one.begins_at:%Y-%m-%d %H:%M}" for one in coming) or "none"
            self.stdout.write(f"{series.slug:24} {series.rrule}  next (UTC): {said}  {series.title}")

    def _end_series(self, options: dict[str, Any]) -> None:
        series = read.series_named(options["slug"])
        services.end_series(series=series, cancel_announced=options["cancel_announced"], author=operator())
        self.stdout.write(f"{series.slug} has ended.")


def _plan(options: dict[str, Any]) -> dict[str, Any]:
    """What a window and a series have in common."""
    return {
        "components": [component_named(slug) for slug in options["components"]],
        "regions": [read.region_named(slug) for slug in options["regions"]],
        "kind": options["kind"],
        "expects_downtime": read.answer(options["downtime"]),
        "takes_platform_down": options["platform_down"],
        "impact_level": options["impact"],
        "impact_note": options["note"],
        "reminders": read.durations_of("reminder", options["reminders"]),
    }
