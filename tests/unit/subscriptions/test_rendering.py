from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents import services as incidents
from incidents.enums import IncidentStatus
from incidents.models import Incident, Notice
from subscriptions.enums import Purpose
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import CastMail
from subscriptions.rendering import cast_mail, choice_of, letterhead, render_letter, render_notice
from subscriptions.said.times import written
from tests.unit.subscriptions.mail_reading import assert_same_words, unwrapped

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def mail_of(notice: Notice) -> CastMail:
    row = Subscriber(public_id="s" * 12, address="ada@example.org")
    return cast_mail(render_notice(notice), Delivery(notice=notice, subscriber=row))


def html_of(mail: CastMail) -> str:
    return str(mail.alternatives[0][0])


def clock_of(incident: Incident) -> str:
    """When the next update is due, on the same day: `13:30 CET (12:30 UTC)`."""
    assert incident.next_update_due_at is not None
    return written(incident.next_update_due_at, ZoneInfo("Europe/Berlin")).partition(", ")[2]


def newest() -> Notice:
    return Notice.objects.latest("pk")


def open_one(api: Component, **words: Any) -> Incident:
    given = {"title": "API errors", "message": "We see errors.", "severity": "critical", **words}
    return incidents.open_incident(impacts={api: ComponentStatus.MAJOR_OUTAGE}, **given)


@time_machine.travel(NOON, tick=False)
def test_a_declared_incident_reads_well_as_text(api: Component) -> None:
    incident = open_one(api, title="API errors in eu-west", message="We see **errors**.", started_at=NOON)
    mail = mail_of(newest())
    assert mail.subject == "[Investigating] API errors in eu-west"
    before, after = str(mail.body).split("\n-- \n")
    assert before == (
        "Investigating\n"
        "API errors in eu-west\n"
        "Critical - 21 November 2026, 13:00 CET (12:00 UTC)\n"
        "\n"
        "We see **errors**.\n"
        "\n"
        "Affects: API gateway (Major outage)\n"
        "Began: 21 November 2026, 13:00 CET (12:00 UTC)\n"
        f"Next update by {clock_of(incident)}.\n"
        "\n"
        "Whole timeline:\n"
        f"https://status.example.com/incidents/{incident.reference}/\n"
    )
    assert "You get this because you subscribed to Example at\nhttps://status.example.com/\n" in after


def test_the_html_says_the_same(api: Component) -> None:
    incident = open_one(api, title="API errors in eu-west", message="We see **errors**.")
    html = html_of(mail_of(newest()))
    for words in (
        "API errors in eu-west",
        "Investigating",
        "Critical",
        "We see <strong>errors</strong>.",
        "API gateway (Major outage)",
        f'href="https://status.example.com/incidents/{incident.reference}/"',
        "Next update by",
        "You get this because you subscribed to Example",
    ):
        assert words in html


def test_a_resolution_tells_the_cause_and_the_remedy(api: Component) -> None:
    with time_machine.travel(NOON, tick=False):
        incident = open_one(api)
    with time_machine.travel(NOON + timedelta(minutes=34), tick=False):
        incidents.resolve_incident(
            incident=incident, message="All is well.", root_cause_summary="A full disk.", remediation="Bigger disks."
        )
    mail = mail_of(newest())
    assert mail.subject == "[Resolved] API errors"
    assert "\n\nRoot cause\nA full disk.\n\nWhat we do about it\nBigger disks.\n\nAffected: API gateway\n" in str(
        mail.body
    )
    assert "Over: 21 November 2026, 13:34 CET (12:34 UTC), after 34 minutes\n" in str(mail.body)
    assert "Next update by" not in str(mail.body)
    for words in ("A full disk.", "Bigger disks.", "34 minutes"):
        assert words in html_of(mail)


def test_a_repeated_status_is_still_said_first(api: Component) -> None:
    incident = open_one(api)
    incidents.post_update(incident=incident, status=IncidentStatus.INVESTIGATING, message="Still looking.")
    assert mail_of(newest()).subject == "[Investigating] API errors"


def test_a_mail_says_what_was_true_then_whatever_is_edited_later(api: Component) -> None:
    incident = open_one(api)
    notice = newest()
    Incident.objects.filter(pk=incident.pk).update(title="Something else")
    Page.objects.update(name="Other", url="https://other.example")
    mail = mail_of(Notice.objects.get(pk=notice.pk))
    assert mail.subject == "[Investigating] API errors"
    assert "other.example" not in str(mail.body) + html_of(mail) + str(mail.extra_headers)


def test_of_a_private_incident_only_severity_status_and_times_are_said(api: Component) -> None:
    incident = open_one(api, title="Secret customer", message="Secret details", private=True)
    incidents.resolve_incident(
        incident=incident, message="Secret end", root_cause_summary="Secret cause", remediation="Secret remedy"
    )
    for notice in Notice.objects.all():
        mail = mail_of(notice)
        whole = mail.subject + str(mail.body) + html_of(mail)
        assert "Secret" not in whole
        assert "API gateway" not in whole
        assert "Critical incident" in mail.subject
        assert "The details of this incident are not public." in str(mail.body)


@pytest.mark.parametrize("words", ["{{7*7}}", "{% load static %}", "{0.__class__}", "%(name)s ${PATH}"])
def test_what_looks_like_a_template_comes_out_as_written(words: str, api: Component) -> None:
    open_one(api, title=words, message=words)
    mail = mail_of(newest())
    assert mail.subject == f"[Investigating] {words}"
    assert str(mail.body).count(words) == 2


def test_markup_of_staff_is_inert(api: Component) -> None:
    evil = "<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://evil.example/p.png) <img src=x onerror=y>"
    open_one(api, title="<b>bold</b>", message=evil)
    html = html_of(mail_of(newest()))
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold" not in html


def test_a_line_break_in_a_title_stays_out_of_the_headers(api: Component) -> None:
    open_one(api)
    notice = newest()
    notice.payload["incident"]["title"] = "Errors\r\nBcc: eve@example.org"
    mail = mail_of(notice)
    assert mail.subject == "[Investigating] Errors Bcc: eve@example.org"
    assert mail.message()["Bcc"] is None


def test_rendering_a_notice_asks_the_database_nothing(
    notice: Notice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        render_notice(notice)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "21 November 2026, 12:00 UTC"),
        ("Europe/London", "21 November 2026, 12:00 GMT (12:00 UTC)"),
        ("Europe/Berlin", "21 November 2026, 13:00 CET (12:00 UTC)"),
        ("Asia/Kathmandu", "21 November 2026, 17:45 Asia/Kathmandu (12:00 UTC)"),
        ("Pacific/Auckland", "22 November 2026, 01:00 NZDT (21 November, 12:00 UTC)"),
    ],
)
def test_times_are_in_the_page_s_zone_by_name_and_in_utc(zone: str, expected: str) -> None:
    assert written(NOON, ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("url", "base", "host"),
    [
        ("https://status.example.com/", "https://status.example.com", "status.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000", "1"),
        ("https://bücher.example/status/", "https://b%C3%BCcher.example/status", "xn--bcher-kva.example"),
    ],
)
def test_message_ids_end_in_the_page_s_host(url: str, base: str, host: str) -> None:
    head = letterhead("Example", url)
    assert (head.url, head.host) == (base, host)


def test_a_confirmation_says_what_was_chosen(api: Component, web: Component) -> None:
    row = Subscriber.objects.create(address="ada@example.org", wants_updates=False)
    row.components.set([api, web])
    kind = render_letter(Purpose.CONFIRMATION, choice_of(row))
    mail = cast_mail(kind, Delivery(pk=1, purpose=Purpose.CONFIRMATION, subscriber=row))
    assert (
        "What: Incidents, Maintenance, Postmortems\nOf: API gateway, Web application\n"
        "How often: The beginning and the end only\n"
    ) in str(mail.body)
    assert "within 7 days" in unwrapped(str(mail.body))
    assert mail.extra_headers["Message-ID"] == f"<letter-1.{row.public_id}@status.example.com>"
    assert_same_words(mail)


def test_a_path_that_staff_wrote_leads_to_the_page_from_text_and_html(api: Component) -> None:
    open_one(api, message="See [the log](/history/).")
    mail, page = mail_of(newest()), Page.current().url.rstrip("/")
    assert f"See [the log]({page}/history/)." in unwrapped(str(mail.body))
    assert f'<a href="{page}/history/"' in html_of(mail)
