"""Taking a report and dealing with it.

A report is stored with the mail to our support as a row beside it, so that it is there whatever the mail server does.
The page's row is locked while a report is stored: two taps on the button are one report, and the limits are exact.

Errors: `ValidationFailed` (at the field), `NotFound` (the page takes no reports), `RateLimited`, `InvalidTransition`
(somebody else dealt with it).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from components.models import Component, Page
from components.services import lock_components
from incidents.enums import ReportState
from incidents.models import Incident, OutageReport
from incidents.reports.letters import forward
from incidents.reports.noticing import end_if_over, nothing_is_said, notice
from statuspage.core import clock, rate_limit
from statuspage.core.client_address import neighbourhood
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, NotFound, RateLimited, ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.text import clean_line, clean_text

REPORTS_AN_ADDRESS = 10
# Of all together. What is not taken in because of this is said to the visitor, who can still write a mail.
REPORTS_IN_ALL = 300
PER = timedelta(hours=1)
# Somebody who presses the button again means the same report.
SAME_WITHIN = timedelta(minutes=10)

WHAT_LENGTH = 4_000
ERROR_LENGTH = 10_000
COUNTRY_LENGTH = 80
LINE_LENGTH = 160
LONGEST_AUTHOR = 150


def submit_report(
    *,
    what: str,
    component: str = "",
    country: str = "",
    isp: str = "",
    began: str = "",
    error_text: str = "",
    contact: str = "",
    sender: str = "",
) -> OutageReport:
    """Store what a visitor tells us. `component` is a slug or empty, `sender` the client's address, which is not kept.

    Several of them while the page is green raise a signal in the same transaction.
    """
    report = OutageReport(
        what=_text("what", what, WHAT_LENGTH),
        country=_line("country", country, COUNTRY_LENGTH),
        isp=_line("isp", isp, LINE_LENGTH),
        began=_line("began", began, LINE_LENGTH),
        error_text=_text("error_text", error_text, ERROR_LENGTH),
        contact=normalise_address(contact, field="contact") if clean_line(contact) else "",
        component=_component(component),
        sender_hash=_hash(sender),
    )
    if not report.what:
        raise ValidationFailed("what", "Say what is broken: one sentence is enough.")
    if not rate_limit.allow(f"report:{neighbourhood(sender)}", limit=REPORTS_AN_ADDRESS, per=PER):
        raise _too_many("Too many reports came from your network in the last hour.")
    return _store(report)


@retry_on_conflict
@transaction.atomic
def _store(report: OutageReport) -> OutageReport:
    now = clock.now()
    Page.current()
    # Before the page, as everywhere: a row that names a component waits for whoever holds it.
    lock_components([report.component] if report.component else [])
    page = Page.objects.select_for_update().get(pk=1)
    if not page.accepts_reports:
        raise NotFound("This page takes no reports.")
    again = _same(report, now)
    if again is not None:
        return again
    # Counted here and not in the cache, which may be gone, and which each process has of its own without Redis.
    if OutageReport.objects.filter(created_at__gt=now - PER).count() >= REPORTS_IN_ALL:
        raise _too_many("Very many reports have come in within the last hour, and we are reading them.")
    report.while_green = nothing_is_said()
    report.created_at = now
    # After a transaction that was rolled back it has a key that no row has.
    report.pk = None
    report.save(force_insert=True)
    forward(report, page)
    if report.while_green:
        notice(page, now)
    return report


@retry_on_conflict
@transaction.atomic
def link_reports(*, reports: Iterable[OutageReport], incident: Incident, author: str = "") -> None:
    """They belong to this incident, or to the one that it was merged into."""
    target = incident.merged_into or incident
    for report in sorted(reports, key=lambda report: report.pk):
        _move(report, ReportState.LINKED, author, incident=target)
    end_if_over()


@retry_on_conflict
@transaction.atomic
def close_report(*, report: OutageReport, author: str = "") -> None:
    """Nothing more is to be done about it. What it belongs to stays."""
    _move(report, ReportState.CLOSED, author, incident=report.incident)
    end_if_over()


@retry_on_conflict
@transaction.atomic
def reopen_report(*, report: OutageReport) -> None:
    """Back to the inbox: it belongs to no incident, and nobody has dealt with it."""
    _move(report, ReportState.NEW, "", incident=None)


def _move(report: OutageReport, new: ReportState, author: str, *, incident: Incident | None) -> None:
    report.check_transition(new)
    is_new = new is ReportState.NEW
    moved = OutageReport.objects.filter(pk=report.pk, state=report.state).update(
        state=new,
        incident=incident,
        handled_at=None if is_new else clock.now(),
        handled_by=author[:LONGEST_AUTHOR],
    )
    if not moved:
        raise InvalidTransition("Somebody else dealt with this report in the meantime.")
    report.refresh_from_db()


def _same(report: OutageReport, now: datetime) -> OutageReport | None:
    """What the same sender has told us in the same words just now."""
    recent = OutageReport.objects.filter(created_at__gt=now - SAME_WITHIN, sender_hash=report.sender_hash)
    same = recent.filter(component=report.component, contact=report.contact, isp=report.isp, country=report.country)
    told = (report.what, report.error_text, report.began)
    return next((row for row in same if (row.what, row.error_text, row.began) == told), None)


def _too_many(sentence: str) -> RateLimited:
    return RateLimited(
        f"{sentence} Nothing you typed is lost: send it again later.", retry_after_seconds=int(PER.total_seconds())
    )


def _component(slug: str) -> Component | None:
    wanted = clean_line(slug)
    if not wanted:
        return None
    # Compared here: a database is not asked about a text of any length.
    for component in Component.objects.visible():
        if component.slug == wanted:
            return component
    raise ValidationFailed("component", "This is not on the page any more: choose another, or something else.")


def _line(field: str, text: str, longest: int) -> str:
    return _fitting(field, clean_line(text), longest)


def _text(field: str, text: str, longest: int) -> str:
    return _fitting(field, clean_text(text), longest)


def _fitting(field: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise ValidationFailed(field, f"This has {len(text)} characters; at most {longest} fit.")
    return text


def _hash(sender: str) -> str:
    """Of the address, keyed: without our secret nobody can try all addresses to find the one."""
    return salted_hmac("incidents.reports", neighbourhood(sender), algorithm="sha256").hexdigest() if sender else ""
