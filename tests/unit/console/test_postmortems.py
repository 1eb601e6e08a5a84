"""Writing, checking and publishing a postmortem in the console."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from components.models import Component
from incidents.enums import NoticeKind
from incidents.follow_ups import add_action
from incidents.models import FollowUpAction, Incident, Notice, Postmortem, PostmortemRule
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from incidents.services import resolve_incident

LIST = "/admin/incidents/postmortem/"
TYPED = "A text that took minutes to write"


@pytest.fixture
def draft(incident: Incident) -> Postmortem:
    resolve_incident(incident=incident, message="It is over.", root_cause_summary="A full disk.")
    draft = start_postmortem(incident=incident)
    Postmortem.objects.update(due_at=datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), due_because="a reason")
    draft.refresh_from_db()
    return draft


def page_of(draft: Postmortem, action: str = "change") -> str:
    return f"{LIST}{draft.pk}/{action}/"


def written(draft: Postmortem, **said: str) -> dict[str, str]:
    texts = {f"{name}-message": text for name, _, text in draft.sections}
    return {**texts, "revision": str(draft.revision)} | said


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def test_the_list_says_what_is_due_and_what_is_late(staff: Client, draft: Postmortem) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC), tick=False):
        assert "Mon 2026-11-23, in 2 days" in text_of(staff.get(LIST))
        assert draft.incident.reference not in text_of(staff.get(f"{LIST}?owed=late"))
    with time_machine.travel(datetime(2026, 11, 24, 1, 59, 59, tzinfo=UTC), tick=False):
        assert "late by 2 hours" in text_of(staff.get(LIST))
        assert draft.incident.reference in text_of(staff.get(f"{LIST}?owed=late"))
    publish_postmortem(postmortem=draft)
    assert "late by" not in text_of(staff.get(LIST))
    assert draft.incident.reference in text_of(staff.get(f"{LIST}?owed=published"))
    assert draft.incident.reference not in text_of(staff.get(f"{LIST}?owed=draft"))


def test_the_page_has_the_prefilled_sections_and_the_deadline(staff: Client, draft: Postmortem) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), tick=False):
        text = text_of(staff.get(page_of(draft)))
    assert "We are **looking**." in text
    assert "We are <strong>looking</strong>." in text
    assert "A full disk." in text
    assert "Due by the end of Monday, 23 November" in text
    assert "a reason" in text


def test_a_draft_is_saved(staff: Client, draft: Postmortem) -> None:
    response = staff.post(page_of(draft), written(draft, **{"summary-message": "Short."}))
    assert response.headers["Location"] == page_of(draft)
    draft.refresh_from_db()
    assert (draft.summary, draft.root_cause, draft.state) == ("Short.", "A full disk.", "draft")


def test_publishing_saves_and_publishes_and_tells_by_choice(staff: Client, draft: Postmortem) -> None:
    text = "A disk was full."
    response = staff.post(page_of(draft, "publish"), written(draft, **{"summary-message": text, "notify": "on"}))
    assert response.headers["Location"] == page_of(draft)
    draft.refresh_from_db()
    assert (draft.state, draft.summary, draft.published_by) == ("published", text, "ada")
    assert Notice.objects.filter(kind=NoticeKind.POSTMORTEM_PUBLISHED).count() == 1
    assert draft.get_absolute_url() in text_of(staff.get(page_of(draft)))


def test_without_the_tick_nobody_is_told(staff: Client, draft: Postmortem) -> None:
    staff.post(page_of(draft, "publish"), written(draft))
    draft.refresh_from_db()
    assert draft.is_published
    assert not Notice.objects.filter(kind=NoticeKind.POSTMORTEM_PUBLISHED).exists()


def test_the_blameless_check_asks_once_more_and_never_forbids(staff: Client, draft: Postmortem) -> None:
    User.objects.create(username="linus", first_name="Linus")
    said = written(draft, **{"root_cause-message": "Linus forgot to add a disk.", "notify": "on"})
    text = text_of(staff.post(page_of(draft, "publish"), said))
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert draft.root_cause == "Linus forgot to add a disk."
    assert "Root cause: “Linus”" in text
    assert "Root cause: “forgot”" in text
    assert "Saved, and not published yet." in text
    assert 'name="anyway"' in text
    staff.post(page_of(draft, "publish"), said | {"revision": str(draft.revision), "anyway": "1"})
    draft.refresh_from_db()
    assert draft.is_published


def test_a_component_with_a_persons_name_is_no_warning(staff: Client, draft: Postmortem, api: Component) -> None:
    User.objects.create(username="linus", first_name="Linus")
    Component.objects.create(slug="linus", name="Linus cache")
    staff.post(page_of(draft, "publish"), written(draft, **{"root_cause-message": "Linus cache was cold."}))
    draft.refresh_from_db()
    assert draft.is_published


def test_nothing_to_publish_is_said_at_its_field(staff: Client, draft: Postmortem) -> None:
    said = written(draft, **{"root_cause-message": "", "prevention-message": TYPED})
    text = text_of(staff.post(page_of(draft, "publish"), said))
    assert "Say at least what caused it" in text
    assert TYPED in text
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_who_was_overtaken_sees_both_texts_and_can_save(staff: Client, draft: Postmortem) -> None:
    said = written(draft, **{"summary-message": TYPED})
    edit_postmortem(postmortem=draft, sections={"summary": "I was faster."})
    text = text_of(staff.post(page_of(draft), said))
    assert "Somebody else wrote" in text
    assert TYPED in text
    assert "I was faster." in text
    assert f'name="revision" value="{draft.revision}"' in text
    staff.post(page_of(draft), said | {"revision": str(draft.revision)})
    draft.refresh_from_db()
    assert draft.summary == TYPED


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("summary-message", "x" * 20_001, "at most 20000"),
        ("summary-message", "a\0b", "Null characters"),
        ("revision", "x", "Enter a whole number"),
    ],
)
def test_what_is_wrong_is_said_and_the_typed_text_stays(
    staff: Client, draft: Postmortem, field: str, value: str, sentence: str
) -> None:
    response = staff.post(page_of(draft), written(draft, **{"prevention-message": TYPED, field: value}))
    assert response.status_code == 200
    assert sentence in text_of(response)
    assert TYPED in text_of(response)


def test_an_edit_after_publication_is_shown_with_its_time(staff: Client, draft: Postmortem) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), tick=False):
        publish_postmortem(postmortem=draft)
        staff.post(page_of(draft), written(draft, **{"summary-message": "More."}))
        assert "edited 2026-11-21 12:00 UTC" in text_of(staff.get(page_of(draft)))


def test_actions_are_added_done_and_removed(staff: Client, draft: Postmortem) -> None:
    actions = page_of(draft, "actions")
    assert "This field is required" in text_of(staff.post(actions, {"text": ""}))
    staff.post(actions, {"text": "Buy a disk", "owner": "grace", "due_on": "2026-12-01"})
    action = FollowUpAction.objects.get()
    assert "Buy a disk" in text_of(staff.get(page_of(draft)))
    staff.post(f"{actions}{action.pk}/done/", {})
    action.refresh_from_db()
    assert action.done_by == "ada"
    staff.post(f"{actions}{action.pk}/done/", {"undo": "1"})
    action.refresh_from_db()
    assert action.done_at is None
    assert staff.get(f"{actions}{action.pk}/remove/").status_code == 302
    assert FollowUpAction.objects.exists()
    staff.post(f"{actions}{action.pk}/remove/", {})
    assert not FollowUpAction.objects.exists()


def test_an_action_of_another_postmortem_is_left_alone(staff: Client, draft: Postmortem) -> None:
    other = Postmortem.objects.create(
        incident=Incident.objects.create(
            reference="X", title="X", severity=draft.incident.severity, started_at=datetime(2026, 11, 1, tzinfo=UTC)
        )
    )
    action = add_action(postmortem=other, text="Theirs")
    staff.post(f"{page_of(draft, 'actions')}{action.pk}/remove/", {})
    assert FollowUpAction.objects.exists()


def test_staff_begin_one_from_the_incident(staff: Client, incident: Incident) -> None:
    text = text_of(staff.get(f"/admin/incidents/incident/{incident.pk}/change/"))
    assert "Begin a postmortem" in text
    begin = f"{LIST}of/{incident.pk}/"
    assert staff.get(begin).headers["Location"].endswith(f"/incident/{incident.pk}/change/")
    assert not Postmortem.objects.exists()
    response = staff.post(begin, {})
    assert response.headers["Location"] == page_of(Postmortem.objects.get())
    assert "Postmortem: a draft" in text_of(staff.get(f"/admin/incidents/incident/{incident.pk}/change/"))
    assert staff.post(f"{LIST}of/999999/", {}).status_code == 404


@pytest.mark.parametrize("action", ["change", "publish", "actions"])
@pytest.mark.parametrize("key", ["0", "999999", "9" * 40, "x", "²"])
def test_a_postmortem_that_is_not_there_is_a_404(staff: Client, action: str, key: str) -> None:
    assert staff.post(f"{LIST}{key}/{action}/", {}).status_code == 404


@pytest.mark.parametrize("action", ["change", "publish", "actions", "actions/1/done", "actions/1/remove"])
def test_who_may_only_look_cannot_write(client: Client, draft: Postmortem, action: str) -> None:
    eve = User.objects.create(username="eve", is_staff=True)
    client.force_login(eve)
    assert client.get(page_of(draft)).status_code == 403
    eve.user_permissions.add(Permission.objects.get(codename="view_postmortem"))
    page = text_of(client.get(page_of(draft)))
    assert "A full disk." in page
    assert "<textarea" not in page
    assert client.post(page_of(draft, action), {}).status_code == 403
    assert client.post(f"{LIST}of/{draft.incident_id}/", {}).status_code == 403


@pytest.mark.parametrize("action", ["change", "publish", "actions"])
def test_strangers_are_sent_to_the_login(client: Client, draft: Postmortem, action: str) -> None:
    response = client.post(page_of(draft, action), {})
    assert response.headers["Location"].startswith("/admin/login/")


def test_nobody_deletes_what_was_published_nor_its_incident(staff: Client, draft: Postmortem) -> None:
    publish_postmortem(postmortem=draft)
    assert staff.post(page_of(draft, "delete"), {"post": "yes"}).status_code == 403
    incident = f"/admin/incidents/incident/{draft.incident_id}/delete/"
    assert staff.post(incident, {"post": "yes"}).status_code == 403
    assert Postmortem.objects.exists()


def test_a_draft_is_deleted_by_a_superuser_alone(client: Client, draft: Postmortem) -> None:
    eve = User.objects.create(username="eve", is_staff=True)
    eve.user_permissions.set(Permission.objects.filter(codename__endswith="_postmortem"))
    client.force_login(eve)
    assert client.post(page_of(draft, "delete"), {"post": "yes"}).status_code == 403
    User.objects.update(is_superuser=True)
    client.post(page_of(draft, "delete"), {"post": "yes"})
    assert not Postmortem.objects.exists()
    assert "delete_selected" not in text_of(client.get(LIST))


def test_a_rule_is_made_in_words(staff: Client) -> None:
    form = {"slug": "long", "position": "1", "longer_than": "30m", "business_days": "5"}
    staff.post("/admin/incidents/postmortemrule/add/", form)
    assert PostmortemRule.objects.get().longer_than == timedelta(minutes=30)
    text = text_of(staff.post("/admin/incidents/postmortemrule/add/", form | {"slug": "none", "longer_than": ""}))
    assert "postmortem_rule_has_a_condition" in text


def test_actions_are_sent_in_place_so_that_what_is_being_written_stays(staff: Client, draft: Postmortem) -> None:
    add_action(postmortem=draft, text="Buy a disk")
    text = staff.get(page_of(draft)).content.decode()
    section = text[text.index('id="actions"') :]
    forms = re.findall(r"<form\b[^>]*>", section)
    assert len(forms) == 3
    for form in forms:
        sent_to = re.search(r'action="([^"]+)"', form)
        assert sent_to
        assert f'hx-post="{sent_to[1]}"' in form
        assert 'hx-target="#actions" hx-select="#actions"' in form
