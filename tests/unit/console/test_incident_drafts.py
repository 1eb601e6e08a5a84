"""Keeping, scheduling, publishing and throwing away drafts in the console."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from components.models import Component, Page
from incidents.drafts import save_draft
from incidents.enums import DraftKind, IncidentStatus
from incidents.models import Draft, Incident, Notice, SeverityPolicy
from incidents.services import post_update

ADD = "/admin/incidents/incident/add/"
TYPED = "A text that took minutes to write"
AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def declaration(**said: str) -> dict[str, str]:
    severity = str(SeverityPolicy.objects.get(slug="critical").pk)
    return {"title": "API errors", "severity": severity, "status": "investigating", "message": TYPED} | said


def draft_page(draft: Draft, action: str = "change") -> str:
    return f"/admin/incidents/draft/{draft.pk}/{action}/"


def update_page(incident: Incident) -> str:
    return f"/admin/incidents/incident/{incident.pk}/update/"


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content, "utf-8")


def saying(incident: Incident, **said: str) -> dict[str, str]:
    form = {"update-status": "identified", "update-message": TYPED, "update-notify": "on"}
    return form | {"update-revision": str(incident.revision)} | said


@pytest.fixture
def draft(staff: Client, incident: Incident) -> Draft:
    staff.post(update_page(incident), saying(incident, then="draft"))
    return Draft.objects.get()


def test_a_declaration_is_kept_as_it_is_and_nothing_is_said(staff: Client, api: Component) -> None:
    sent = declaration(title="", message=f"{TYPED} [[when]]", next_update_in="soon", then="draft")
    response = staff.post(ADD, sent | {f"component-{api.pk}": "major_outage", "private": "on"})
    draft = Draft.objects.get()
    assert response.headers["Location"] == draft_page(draft)
    assert not Incident.objects.exists()
    page = staff.get(draft_page(draft))
    text = text_of(page)
    form = page.context["form"]
    assert f"{TYPED} [[when]]" in text
    assert "refusal" not in text
    assert 'name="blank-when"' in text
    assert (form["next_update_in"].value(), form["private"].value(), form["notify"].value()) == ("soon", True, False)
    assert form[f"component-{api.pk}"].value() == "major_outage"


def test_a_draft_is_published_from_its_page(staff: Client, incident: Incident, draft: Draft) -> None:
    sent = saying(incident, then="now", **{"update-draft_revision": "1"})
    response = staff.post(draft_page(draft), sent)
    assert response.headers["Location"] == f"/admin/incidents/incident/{incident.pk}/change/"
    assert incident.updates.first().body == TYPED  # type: ignore[union-attr]  # there are two
    assert not Draft.objects.exists()


def test_a_draft_stands_on_its_incidents_page(staff: Client, incident: Incident, draft: Draft) -> None:
    assert draft_page(draft) in text_of(staff.get(f"/admin/incidents/incident/{incident.pk}/change/"))
    assert TYPED in text_of(staff.get("/admin/incidents/draft/"))


def test_it_is_scheduled_in_the_pages_zone_which_is_named(staff: Client, incident: Incident) -> None:
    Page.objects.update(time_zone="Europe/London")
    with time_machine.travel(AT, tick=False):
        assert "Publish at (Europe/London)" in text_of(staff.get(ADD))
        at = {"update-publish_at": "2026-07-01T14:30"}
        response = staff.post(update_page(incident), saying(incident, then="schedule", **at), follow=True)
        text = text_of(response)
    draft = Draft.objects.get()
    assert draft.publish_at == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)
    assert "01 July 2026 at 14:30 (Europe/London), which is 13:30 UTC" in text
    assert 'value="2026-07-01T14:30"' in text
    assert incident.updates.count() == 1


@pytest.mark.parametrize(
    ("wall", "sentence"),
    [
        ("", "Say when it is to be published."),
        ("2026-07-01T12:59", "That time has been"),
        ("2027-03-28T01:30", "No clock shows this time on that day"),
        ("soon", "Enter a valid date/time"),
        ("2099-01-01T00:00", "more than a year ahead"),
    ],
)
def test_a_time_that_is_none_is_refused_and_the_text_stays(
    staff: Client, incident: Incident, wall: str, sentence: str
) -> None:
    Page.objects.update(time_zone="Europe/London")
    with time_machine.travel(AT, tick=False):
        sent = saying(incident, then="schedule", **{"update-publish_at": wall})
        text = text_of(staff.post(update_page(incident), sent))
    assert sentence in text
    assert TYPED in text
    assert not Draft.objects.exists()


def test_an_hour_that_comes_twice_is_its_first(staff: Client, incident: Incident) -> None:
    Page.objects.update(time_zone="Europe/London")
    with time_machine.travel(AT, tick=False):
        staff.post(
            update_page(incident), saying(incident, then="schedule", **{"update-publish_at": "2026-10-25T01:30"})
        )
    assert Draft.objects.get().publish_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_is_not_complete_is_not_scheduled(staff: Client, incident: Incident) -> None:
    sent = saying(incident, then="schedule", **{"update-message": "[[x]]", "update-publish_at": "2999-01-01T00:00"})
    assert "Fill in the blank “x”" in text_of(staff.post(update_page(incident), sent))
    assert not Draft.objects.exists()


def test_a_time_beside_the_button_that_publishes_now_is_asked_about(staff: Client, incident: Incident) -> None:
    sent = saying(incident, **{"update-publish_at": "2999-01-01T00:00"})
    assert "Now, or at that time?" in text_of(staff.post(update_page(incident), sent))
    assert incident.updates.count() == 1


def test_who_publishes_a_draft_on_an_incident_that_went_on_is_told_and_keeps_the_text(
    staff: Client, incident: Incident, draft: Draft
) -> None:
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="I was faster.", author="linus")
    sent = {"then": "now", "update-status": "identified", "update-message": f"{TYPED}!", "update-draft_revision": "1"}
    response = staff.post(draft_page(draft), sent | {"update-revision": str(draft.form["revision"])})
    text = text_of(response)
    assert "Somebody else changed" in text
    assert f"{TYPED}!" in text
    assert "I was faster." in text
    assert "new since this was written" in text
    assert incident.updates.count() == 2
    assert Draft.objects.get().form["message"] == f"{TYPED}!"
    # What the browser would send now goes through.
    newer = response.context["form"]
    again = {name: str(newer[name].value()) for name in ("revision", "draft_revision")}
    staff.post(draft_page(draft), sent | {f"update-{name}": value for name, value in again.items()})
    assert incident.updates.count() == 3


@pytest.mark.parametrize("then", ["now", "draft"])
def test_the_second_writer_of_a_draft_sees_the_firsts_words_beside_the_own(
    staff: Client, incident: Incident, draft: Draft, then: str
) -> None:
    save_draft(
        kind=DraftKind.UPDATE,
        form=draft.form | {"message": "Theirs."},
        author="linus",
        draft=draft,
        expected_revision=1,
    )
    sent = saying(incident, then=then, **{"update-draft_revision": "1"})
    response = staff.post(draft_page(draft), sent)
    text = text_of(response)
    assert "linus wrote on this draft" in text
    assert "Theirs." in text
    assert TYPED in text
    assert Draft.objects.get().form["message"] == "Theirs."
    assert incident.updates.count() == 1
    assert 'name="update-draft_revision" value="2"' in text
    staff.post(draft_page(draft), sent | {"then": "draft", "update-draft_revision": "2"})
    assert Draft.objects.get().form["message"] == TYPED


def test_publishing_by_hand_takes_it_out_of_the_schedule(staff: Client, incident: Incident, draft: Draft) -> None:
    Draft.objects.update(publish_at=datetime.now(tz=UTC) + timedelta(hours=1))
    post_update(incident=incident, status=IncidentStatus.MONITORING, message="I was faster.")
    staff.post(
        draft_page(draft), saying(incident, then="now", **{"update-draft_revision": "1", "update-revision": "1"})
    )
    assert Draft.objects.get().publish_at is None


def test_a_draft_that_is_gone_meanwhile_keeps_the_text_on_the_screen(
    staff: Client, incident: Incident, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = save_draft

    def late(**said: Any) -> Draft:
        Draft.objects.all().delete()
        return real(**said)

    monkeypatch.setattr("incidents.admin_drafts.save_draft", late)
    text = text_of(staff.post(draft_page(draft), saying(incident, then="now", **{"update-draft_revision": "1"})))
    assert "it was published or thrown away" in text
    assert TYPED in text


def test_a_template_is_chosen_in_a_draft(staff: Client, draft: Draft) -> None:
    response = staff.post(draft_page(draft), {"then": "choose", "update-template": "", "update-message": "Else."})
    assert "Else." in text_of(response)
    assert Draft.objects.get().form["message"] == TYPED


def test_a_draft_is_thrown_away_by_a_post_alone(staff: Client, draft: Draft) -> None:
    staff.get(draft_page(draft, "discard"))
    staff.post(draft_page(draft, "discard"), {"draft_revision": "7"})
    assert Draft.objects.exists()
    staff.post(draft_page(draft, "discard"), {"draft_revision": "1"})
    assert not Draft.objects.exists()
    assert staff.get(draft_page(draft)).status_code == 404


@pytest.mark.parametrize("revision", ["9" * 5000, "9" * 40, "0", "x", "²", "-1"])
def test_what_is_no_revision_throws_nothing_away(staff: Client, draft: Draft, revision: str) -> None:
    assert staff.post(draft_page(draft, "discard"), {"draft_revision": revision}).status_code == 302
    assert Draft.objects.exists()


def test_a_problem_is_said_on_the_draft(staff: Client, draft: Draft) -> None:
    Draft.objects.update(problem="It was resolved meanwhile.", publish_at=AT)
    assert "It was not published at 2026-07-01 12:00 UTC: It was resolved meanwhile." in text_of(
        staff.get(draft_page(draft))
    )


@pytest.mark.parametrize("key", ["0", "999999", "9" * 40, "x", "²"])
@pytest.mark.parametrize("action", ["change", "discard"])
def test_a_draft_that_is_not_there_is_a_404(staff: Client, key: str, action: str) -> None:
    assert staff.post(f"/admin/incidents/draft/{key}/{action}/").status_code == 404


def test_who_may_only_look_reads_drafts_and_changes_none(reader: Client, incident: Incident) -> None:
    form = {"message": TYPED, "revision": "1", "status": "identified"}
    draft = save_draft(kind=DraftKind.UPDATE, form=form, author="ada", incident=incident)
    assert TYPED in text_of(reader.get(draft_page(draft)))
    assert reader.post(draft_page(draft), saying(incident, then="now")).status_code == 403
    assert reader.post(draft_page(draft, "discard")).status_code == 403
    assert reader.post(update_page(incident), saying(incident, then="draft")).status_code == 403
    assert incident.updates.count() == 1


def test_who_may_change_but_not_declare_publishes_no_declaration(client: Client, incident: Incident) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_incident", "change_incident"]))
    client.force_login(user)
    draft = save_draft(kind=DraftKind.DECLARE, form=declaration(), author="ada")
    assert client.post(draft_page(draft), declaration(then="now")).status_code == 403
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("action", ["change", "discard"])
def test_strangers_are_sent_to_the_login(client: Client, incident: Incident, action: str) -> None:
    draft = save_draft(kind=DraftKind.DECLARE, form=declaration(), author="ada")
    response = client.post(draft_page(draft, action))
    assert response.headers["Location"].startswith("/admin/login/")


def test_nothing_public_knows_of_a_draft(client: Client, incident: Incident) -> None:
    secret = "Zebra-draft-words"
    version, notices = Page.current().version, Notice.objects.count()
    save_draft(kind=DraftKind.DECLARE, form=declaration(title=secret, message=secret), author="ada")
    save_draft(kind=DraftKind.UPDATE, form={"message": secret}, author="ada", incident=incident)
    assert (Page.current().version, Notice.objects.count()) == (version, notices)
    for path in ("/", incident.get_absolute_url(), "/history/", "/status.json", "/history.atom"):
        response = client.get(path)
        assert response.status_code == 200
        assert secret not in str(response.content, "utf-8")
