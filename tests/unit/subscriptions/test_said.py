"""What mails say about maintenance, postmortems and promises; text and HTML from the same words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from components.enums import ComponentStatus
from components.models import Component, Page, Region
from incidents import services as incidents
from incidents.enums import IncidentStatus, NoticeKind, Promise, ServiceState
from incidents.maintenance import (
    ServicePlan,
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    run_due,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Incident, Maintenance, Notice
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import CastMail
from subscriptions.rendering import cast_mail, render_notice, words_of
from subscriptions.said.times import in_subject, soon, window, written
from tests.unit.subscriptions.mail_reading import assert_same_words, unwrapped

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _in_london(page: Page) -> None:
    Page.objects.update(time_zone="Europe/London")


@pytest.fixture
def plan(api: Component, web: Component) -> Callable[..., Maintenance]:
    def make(**words: Any) -> Maintenance:
        given: dict[str, Any] = {
            "title": "Database upgrade",
            "message": "We move to **new** disks.",
            "components": [api],
            "scheduled_for": NIGHT,
            "scheduled_until": NIGHT + timedelta(hours=2),
            **words,
        }
        return schedule_maintenance(**given)

    return make


Plan = Callable[..., Maintenance]


def mail_of(notice: Notice) -> CastMail:
    return cast_mail(render_notice(notice), Delivery(notice=notice, subscriber=Subscriber(public_id="s" * 12)))


def newest() -> Notice:
    return Notice.objects.latest("pk")


def text_of(notice: Notice) -> str:
    return unwrapped(str(mail_of(notice).body))


def rich_of(notice: Notice) -> str:
    return str(mail_of(notice).alternatives[0][0])


def reads_the_same(notice: Notice) -> None:
    assert_same_words(mail_of(notice))
    assert f'href="{words_of(notice).url}"' in rich_of(notice)


@time_machine.travel(NOON, tick=False)
def test_an_announcement_says_all_there_is_to_know(plan: Plan, api: Component, web: Component) -> None:
    region = Region.objects.create(slug="eu-west", name="EU West")
    row = plan(
        kind="other",
        expects_downtime=False,
        impact_level="low",
        impact_note="read-only mode",
        regions=[region],
        services=[
            ServicePlan(component=api, state=ServiceState.READ_ONLY),
            ServicePlan(component=web, state=ServiceState.OPERATIONAL),
        ],
        what_to_do="Save your work before.",
    )
    mail = mail_of(newest())
    assert mail.subject == "[Scheduled] Database upgrade, Tue 24 Nov 02:00 GMT"
    assert text_of(newest()).split("\n-- \n")[0] == (
        "Scheduled\n"
        "Database upgrade\n"
        "Planned maintenance - 21 November 2026, 12:00 GMT (12:00 UTC)\n"
        "\n"
        "We move to **new** disks.\n"
        "\n"
        "What to do\n"
        "Save your work before.\n"
        "\n"
        "When: Tuesday 24 November 2026, 02:00 to 04:00 GMT (02:00 to 04:00 UTC), 2 hours\n"
        "No downtime is expected.\n"
        "Impact: low: read-only mode\n"
        "Affects: API gateway, Web application (stays operational)\n"
        "Regions: EU West\n"
        "\n"
        "Progress and details:\n"
        f"https://status.example.com/maintenance/{row.reference}/\n"
    )
    reads_the_same(newest())


@time_machine.travel(NOON, tick=False)
def test_a_window_at_short_notice_says_why(plan: Plan) -> None:
    soon_at = NOON + timedelta(hours=20)
    plan(
        kind="other",
        reason="A disk fails.",
        scheduled_for=soon_at,
        scheduled_until=soon_at + timedelta(hours=1),
        expects_downtime=True,
    )
    text = text_of(newest())
    assert "Why at short notice: A disk fails (announced 20 hours ahead)\n" in text
    assert "Downtime is expected.\n" in text
    reads_the_same(newest())


@time_machine.travel(NOON, tick=False)
def test_a_reason_that_no_rule_asked_for_is_just_the_reason(plan: Plan) -> None:
    plan(reason="A security patch.")
    assert "\nWhy: A security patch (announced 62 hours ahead)\n" in text_of(newest())


def test_a_reminder_says_when_and_not_how_soon(plan: Plan) -> None:
    with time_machine.travel(NOON, tick=False):
        plan(reminders=[timedelta(hours=24)])
    with time_machine.travel(NIGHT - timedelta(hours=24), tick=False):
        run_due()
    notice = newest()
    assert notice.kind == NoticeKind.MAINTENANCE_REMINDER
    assert mail_of(notice).subject == "[Reminder] Database upgrade, Tue 24 Nov 02:00 GMT"
    assert "A reminder: this maintenance begins on Tuesday 24 November 2026,\n02:00 GMT (02:00 UTC).\n" in text_of(
        notice
    )
    reads_the_same(notice)


def test_a_window_from_beginning_to_end_is_one_thread(plan: Plan) -> None:
    with time_machine.travel(NOON, tick=False):
        row = plan(what_to_do="Wait.")
    with time_machine.travel(NIGHT, tick=False):
        start_maintenance(maintenance=row)
        begun = newest()
    with time_machine.travel(NIGHT + timedelta(minutes=95), tick=False):
        complete_maintenance(maintenance=row)
        done = newest()
    assert mail_of(begun).subject == "[In progress] Database upgrade"
    assert "Began: 24 November 2026, 02:00 GMT (02:00 UTC)\n" in text_of(begun)
    assert "What to do" in text_of(begun)
    assert mail_of(done).subject == "[Completed] Database upgrade"
    assert "Done: 24 November 2026, 03:35 GMT (03:35 UTC), after 1 hour 35 minutes\n" in text_of(done)
    assert "Worked on: API gateway\n" in text_of(done)
    # It is over: nothing is to be done, and nothing affected, any more.
    assert "What to do" not in text_of(done)
    assert "Affects" not in text_of(done)
    threads = {mail_of(notice).extra_headers["References"] for notice in Notice.objects.all()}
    assert threads == {f"<maintenance-{row.public_id}@status.example.com>"}
    ids = {mail_of(notice).extra_headers["Message-ID"] for notice in Notice.objects.all()}
    assert len(ids) == 3
    for notice in Notice.objects.all():
        reads_the_same(notice)


@time_machine.travel(NOON, tick=False)
def test_a_moved_window_says_its_new_time_and_one_that_is_called_off_its_old(plan: Plan) -> None:
    row = plan()
    later = NIGHT + timedelta(days=1)
    edit_maintenance(
        maintenance=row, scheduled_for=later, scheduled_until=later + timedelta(hours=2), message="Moved.", notify=True
    )
    assert mail_of(newest()).subject == "[Scheduled] Database upgrade, Wed 25 Nov 02:00 GMT"
    cancel_maintenance(maintenance=row, message="Not needed.")
    assert mail_of(newest()).subject == "[Cancelled] Database upgrade, Wed 25 Nov 02:00 GMT"
    assert "Concerned: API gateway\n" in text_of(newest())
    assert "Was planned for: Wednesday 25 November 2026, 02:00 to 04:00 GMT" in text_of(newest())
    reads_the_same(newest())


@time_machine.travel(NOON, tick=False)
def test_a_notice_of_before_short_notice_was_said_still_reads(plan: Plan) -> None:
    plan(reason="A patch.")
    notice = newest()
    del notice.payload["maintenance"]["short_notice"]
    assert "\nWhy: A patch (" in text_of(notice)


def open_one(api: Component, **words: Any) -> Incident:
    given = {"title": "API errors", "message": "We see errors.", "severity": "critical", **words}
    return incidents.open_incident(impacts={api: ComponentStatus.MAJOR_OUTAGE}, **given)


@pytest.mark.parametrize(
    ("promise", "ending"),
    [
        (Promise.BY, "."),
        (Promise.ON_CHANGE, ", or on material change."),
        (Promise.MORE_INFORMATION, ", or as soon as we know more."),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_a_promise_is_said_in_its_own_words(promise: Promise, ending: str, api: Component) -> None:
    open_one(api, next_update_in=timedelta(hours=2, minutes=30), promise=promise)
    assert f"\nNext update by 14:30 GMT (14:30 UTC){ending}\n" in text_of(newest())
    reads_the_same(newest())


@time_machine.travel(NOON, tick=False)
def test_a_promise_for_another_day_names_the_day(api: Component) -> None:
    open_one(api, next_update_in=timedelta(hours=13))
    assert "\nNext update by 22 November 2026, 01:00 GMT (01:00 UTC)" in text_of(newest())


@time_machine.travel(NOON, tick=False)
def test_a_notice_of_before_promises_had_wordings_still_reads(api: Component) -> None:
    open_one(api, next_update_in=timedelta(hours=1))
    notice = newest()
    del notice.payload["incident"]["promise"]
    del notice.payload["update"]["edited"]
    assert "\nNext update by 13:00 GMT (13:00 UTC).\n" in text_of(notice)


def told_by_postmortem(api: Component, **words: Any) -> Notice:
    incident = open_one(api, **words)
    incidents.post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="Secret update.")
    incidents.resolve_incident(incident=incident, message="Secret end.", root_cause_summary="Secret cause.")
    postmortem = start_postmortem(incident=incident)
    sections = {"summary": "A disk was **full**.", "root_cause": "No alert.", "prevention": "An alert."}
    edit_postmortem(postmortem=postmortem, sections=sections)
    publish_postmortem(postmortem=postmortem)
    return Notice.objects.get(kind=NoticeKind.POSTMORTEM_PUBLISHED)


@time_machine.travel(NOON, tick=False)
def test_a_postmortem_tells_the_story_and_leads_to_the_whole_of_it(api: Component) -> None:
    notice = told_by_postmortem(api)
    mail, incident = mail_of(notice), Incident.objects.get()
    assert mail.subject == "[Postmortem] API errors"
    text = str(mail.body)
    assert "\nA disk was **full**.\n\nRoot cause\nNo alert.\n\nPrevention\nAn alert.\n" in text
    assert "Also on the page: timeline, resolution\n" in text
    assert f"Whole postmortem:\nhttps://status.example.com/incidents/{incident.reference}/postmortem/\n" in text
    assert mail.extra_headers["References"] == f"<incident-{incident.public_id}@status.example.com>"
    reads_the_same(notice)


@time_machine.travel(NOON, tick=False)
def test_of_a_private_incident_a_postmortem_says_only_that_it_is_there(api: Component) -> None:
    notice = told_by_postmortem(api, title="Secret customer", private=True)
    whole = mail_of(notice).subject + text_of(notice) + rich_of(notice) + str(notice.payload)
    for secret in ("Secret", "disk", "alert", "API gateway", "Also on the page"):
        assert secret not in whole
    assert "The details of this incident are not public." in text_of(notice)
    reads_the_same(notice)


@pytest.mark.parametrize(
    ("begins", "zone", "expected"),
    [
        (NIGHT, LONDON, "Tuesday 24 November 2026, 02:00 to 04:00 GMT (02:00 to 04:00 UTC), 2 hours"),
        (NIGHT, ZoneInfo("UTC"), "Tuesday 24 November 2026, 02:00 to 04:00 UTC, 2 hours"),
        (
            NIGHT,
            ZoneInfo("America/New_York"),
            "Monday 23 November 2026, 21:00 to 23:00 EST (24 November, 02:00 to 04:00 UTC), 2 hours",
        ),
        (
            datetime(2026, 11, 24, 22, 0, tzinfo=UTC),
            BERLIN,
            (
                "Tuesday 24 November 2026, 23:00 CET (22:00 UTC) until "
                "Wednesday 25 November 2026, 01:00 CET (00:00 UTC), 2 hours"
            ),
        ),
        (
            # The clocks go back while it runs.
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            BERLIN,
            (
                "Sunday 25 October 2026, 02:30 CEST (00:30 UTC) until "
                "Sunday 25 October 2026, 03:30 CET (02:30 UTC), 2 hours"
            ),
        ),
        (
            datetime(2026, 11, 24, 23, 0, tzinfo=UTC),
            ZoneInfo("Asia/Kathmandu"),
            (
                "Wednesday 25 November 2026, 04:45 to 06:45 Asia/Kathmandu "
                "(24 November, 23:00 until 25 November, 01:00 UTC), 2 hours"
            ),
        ),
    ],
)
def test_a_window_is_written_so_that_nobody_has_to_reckon(begins: datetime, zone: ZoneInfo, expected: str) -> None:
    assert window(begins, begins + timedelta(hours=2), zone) == expected


def test_a_time_is_short_on_its_own_day_and_in_subjects() -> None:
    assert soon(NOON, BERLIN, said_at=NOON - timedelta(hours=1)) == "13:00 CET (12:00 UTC)"
    assert soon(NOON, BERLIN, said_at=None) == written(NOON, BERLIN)
    assert in_subject(NIGHT, LONDON) == "Tue 24 Nov 02:00 GMT"
    assert in_subject(NIGHT, ZoneInfo("America/New_York")) == "Mon 23 Nov 21:00 EST"
