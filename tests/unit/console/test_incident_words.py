"""Templates, blanks, promises and backdating in the console's forms about incidents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, Promise, TemplateKind
from incidents.models import ContentPage, Incident, MessageTemplate, SeverityPolicy
from incidents.services import open_incident, post_update

ADD = "/admin/incidents/incident/add/"
TYPED = "A text that took minutes to write"
AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


@pytest.fixture
def down(api: Component) -> MessageTemplate:
    template = MessageTemplate.objects.create(
        slug="down",
        name="A service is down",
        kind=TemplateKind.INCIDENT,
        title="[[service]] is down",
        body="Since [[since]] **[[service]]** fails.",
        severity=SeverityPolicy.objects.get(slug="major"),
        status=IncidentStatus.IDENTIFIED,
    )
    template.components.add(api)
    return template


@pytest.fixture
def fix(db: None) -> MessageTemplate:
    return MessageTemplate.objects.create(
        slug="fix", name="A fix is out", kind=TemplateKind.UPDATE, body="A fix for [[service]].", status="monitoring"
    )


def severity(slug: str) -> str:
    return str(SeverityPolicy.objects.get(slug=slug).pk)


def declaration(**said: str) -> dict[str, str]:
    return {
        "title": "API errors",
        "severity": severity("critical"),
        "status": "investigating",
        "message": "Oh.",
    } | said


def page_of(incident: Incident, action: str = "change") -> str:
    return f"/admin/incidents/incident/{incident.pk}/{action}/"


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content, "utf-8")


def form_of(response: Any, name: str = "form") -> Any:
    return response.context[name]


def value(response: Any, field: str, name: str = "form") -> object:
    return form_of(response, name)[field].value()


def test_a_template_in_the_address_fills_the_form(staff: Client, down: MessageTemplate, api: Component) -> None:
    response = staff.get(ADD, {"template": "down"})
    text = text_of(response)
    assert value(response, "title") == "[[service]] is down"
    assert value(response, "message") == "Since [[since]] **[[service]]** fails."
    assert (value(response, "severity"), value(response, "status")) == (severity("major"), "identified")
    assert value(response, f"component-{api.pk}") == "partial_outage"
    assert value(response, "notify") is True
    assert 'name="blank-service"' in text
    assert 'name="blank-since"' in text
    assert "refusal" not in text


def test_an_address_keeps_what_it_says_beside_the_template(staff: Client, down: MessageTemplate) -> None:
    response = staff.get(ADD, {"template": "down", "title": "My own title", "blank-service": "API"})
    assert value(response, "title") == "My own title"
    assert "Since [[since]]" in str(value(response, "message"))


@pytest.mark.parametrize("slug", ["", "nothing", "fix", "' OR 1=1", "x" * 500])
def test_a_template_that_is_not_there_changes_nothing(staff: Client, down: MessageTemplate, slug: str) -> None:
    response = staff.get(ADD, {"template": slug, "title": "Mine"})
    assert value(response, "title") == "Mine"
    assert not value(response, "message")


def test_choosing_a_template_keeps_what_was_typed(staff: Client, down: MessageTemplate, web: Component) -> None:
    typed = declaration(title="Mine", message=TYPED, next_update_in="45m", data_impact="on", started_at="soon")
    sent = typed | {"then": "choose", "template": "down", f"component-{web.pk}": "major_outage"}
    response = staff.post(ADD, sent)
    assert "refusal" not in text_of(response)
    assert value(response, "title") == "Mine"
    assert value(response, "message") == f"{TYPED}\n\nSince [[since]] **[[service]]** fails."
    assert (value(response, "next_update_in"), value(response, "started_at")) == ("45m", "soon")
    assert (value(response, "data_impact"), value(response, "notify")) == (True, False)
    assert value(response, f"component-{web.pk}") == "major_outage"
    assert not Incident.objects.exists()


def test_another_template_replaces_the_first_ones_words_alone(staff: Client, down: MessageTemplate) -> None:
    other = MessageTemplate.objects.create(
        slug="slow", name="Slow", kind=TemplateKind.INCIDENT, title="[[service]] is slow", body="It is slow."
    )
    sent = declaration(title=down.title, message=down.body, carries="down", then="choose", template=other.slug)
    response = staff.post(ADD, sent | {"blank-service": "API"})
    assert (value(response, "title"), value(response, "message")) == ("[[service]] is slow", "It is slow.")
    assert value(response, "blank-service") == "API"


def test_a_severity_that_was_chosen_stays(staff: Client, down: MessageTemplate) -> None:
    response = staff.post(ADD, declaration(severity=severity("minor"), then="choose", template="down"))
    assert value(response, "severity") == severity("minor")


def test_blanks_are_filled_when_it_is_published(staff: Client, down: MessageTemplate) -> None:
    said = {"blank-service": "API {{7*7}} [[since]]", "blank-since": "noon"}
    staff.post(ADD, declaration(title=down.title, message=down.body, **said))
    incident = Incident.objects.get()
    assert incident.title == "API {{7*7}} [[since]] is down"
    assert incident.updates.get().body == "Since noon **API {{7*7}} [[since]]** fails."


def test_a_blank_that_is_left_is_named_and_nothing_is_published(staff: Client, down: MessageTemplate) -> None:
    response = staff.post(ADD, declaration(title=down.title, message=f"{down.body} {TYPED}", **{"blank-service": "A"}))
    text = text_of(response)
    assert "Fill in the blank “since”, or take it out of the text." in text
    assert "blank “service”" not in text
    assert TYPED in text
    assert value(response, "blank-service") == "A"
    assert not Incident.objects.exists()


def test_a_blank_that_was_typed_by_hand_is_one_too(staff: Client, api: Component) -> None:
    assert "Fill in the blank “when”" in text_of(staff.post(ADD, declaration(message="Since [[when]].")))
    staff.post(ADD, declaration(message="Since [[when]].", **{"blank-when": "noon"}))
    assert Incident.objects.get().updates.get().body == "Since noon."


def test_more_blanks_than_fit_are_refused(staff: Client, api: Component) -> None:
    names = [f"n{number}" for number in range(60)]
    said = {f"blank-{name}": "x" for name in names}
    response = staff.post(ADD, declaration(message=" ".join(f"[[{name}]]" for name in names), **said))
    assert "Fill in the blank “n40”" in text_of(response)


def test_a_title_that_becomes_too_long_is_refused(staff: Client, api: Component) -> None:
    response = staff.post(ADD, declaration(title="[[a]]", **{"blank-a": "x" * 251}))
    assert "at most 250 fit" in text_of(response)


def test_the_preview_shows_the_words_with_their_blanks_filled(staff: Client) -> None:
    said = {"update-message": "**[[a]]** [[message]] [[b]]", "update-blank-a": "API", "update-blank-message": "<b>"}
    html = text_of(staff.post("/admin/preview/", said, headers={"HX-Request": "true"}))
    assert "<strong>API</strong> &lt;b&gt; [[b]]" in html


def test_a_template_of_an_update_sets_the_status(staff: Client, incident: Incident, fix: MessageTemplate) -> None:
    for response in (
        staff.get(page_of(incident), {"template": "fix"}),
        staff.post(page_of(incident, "update"), {"update-template": "fix", "then": "choose", "update-revision": "1"}),
    ):
        assert value(response, "message", "update_form") == "A fix for [[service]]."
        if response.request["REQUEST_METHOD"] == "GET":
            assert value(response, "status", "update_form") == "monitoring"


def test_a_template_of_a_resolution_replaces_the_usual_words(staff: Client, incident: Incident) -> None:
    MessageTemplate.objects.create(slug="over", name="Over", kind=TemplateKind.RESOLUTION, body="[[service]] works.")
    response = staff.get(page_of(incident), {"template": "over", "kind": "resolve"})
    assert value(response, "message", "resolve_form") == "[[service]] works."


def test_who_may_only_look_chooses_no_template(reader: Client, incident: Incident, fix: MessageTemplate) -> None:
    assert reader.post(page_of(incident, "update"), {"then": "choose", "update-template": "fix"}).status_code == 403


# --- promises and times --------------------------------------------------------------------------------------------


def test_each_severity_says_what_it_promises(staff: Client, api: Component) -> None:
    SeverityPolicy.objects.filter(slug="critical").update(promise=Promise.ON_CHANGE)
    text = text_of(staff.get(ADD))
    assert "Critical – update within 30 min, or on material change" in text
    assert "no update promised" in text


def test_an_update_is_promised_in_words_of_its_own(staff: Client, incident: Incident) -> None:
    form = {
        "update-status": "identified",
        "update-message": "Found.",
        "update-revision": str(incident.revision),
        "update-next_update_in": "1h",
        "update-promise": "more_information",
    }
    staff.post(page_of(incident, "update"), form)
    incident.refresh_from_db()
    update = incident.updates.first()
    assert update is not None
    assert (incident.promise, update.promised_in) == (Promise.MORE_INFORMATION, timedelta(hours=1))


def test_an_update_is_shown_at_the_time_that_was_said(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        incident = open_incident(title="API", severity="major", message="Oh.", impacts={})
        clock.shift(timedelta(hours=1))
        form = {"update-status": "identified", "update-message": TYPED, "update-revision": "1"}
        staff.post(page_of(incident, "update"), form | {"update-display_at": "2026-11-21T14:20"})
        assert incident.updates.latest("pk").display_at == AT + timedelta(minutes=20)
        form["update-revision"] = "2"
        response = staff.post(page_of(incident, "update"), form | {"update-display_at": "2026-11-21T14:10"})
    assert "choose a time after it" in text_of(response)
    assert TYPED in text_of(response)


def test_it_was_over_before_the_button_was_pressed(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        incident = open_incident(title="API", severity="major", message="Oh.", impacts={})
        clock.shift(timedelta(hours=1))
        form = {"resolve-message": "Over.", "resolve-revision": "1", "resolve-resolved_at": "2026-11-21T14:30"}
        staff.post(page_of(incident, "resolve"), form)
    incident.refresh_from_db()
    assert incident.resolved_at == AT + timedelta(minutes=30)


def test_a_severity_that_asks_for_a_summary_is_resolved_with_one_or_knowingly_without(
    staff: Client, incident: Incident
) -> None:
    SeverityPolicy.objects.update(inline_summary=True)
    form = {"resolve-message": TYPED, "resolve-revision": str(incident.revision)}
    text = text_of(staff.post(page_of(incident, "resolve"), form))
    assert "Critical incidents are explained when they are resolved" in text
    assert TYPED in text
    staff.post(page_of(incident, "resolve"), form | {"resolve-unexplained": "on"})
    incident.refresh_from_db()
    assert not incident.is_open


def test_the_next_word_is_counted_down_and_up(staff: Client, api: Component) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        incident = open_incident(title="API", severity="critical", message="Oh.", impacts={}, author="ada")
        clock.shift(timedelta(minutes=12))
        url = page_of(incident, "due")
        assert "The next update is due in 18 minutes, at 14:30 UTC" in text_of(staff.get(url))
        clock.shift(timedelta(minutes=20))
        late = text_of(staff.get(url))
        assert "The next update is late by 2 minutes: it was due at 14:30 UTC." in late
        assert late.strip().startswith("<p")
        assert late.strip() in text_of(staff.get(page_of(incident)))
        post_update(incident=incident, status=IncidentStatus.MONITORING, message="Fixed.", author="ada")
        assert "is due in 30 minutes" in text_of(staff.get(url))


# --- the words themselves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body": "Since [[when."}, "that is no blank"),
        ({"title": "[[ ]] is down"}, "that is no blank"),
        ({"kind": "update", "status": "resolved"}, "make it a template of the kind Resolution"),
        ({"body": "x" * 20_001}, "At most 20000"),
    ],
)
def test_a_template_that_could_not_be_used_is_refused(staff: Client, changes: dict[str, str], sentence: str) -> None:
    form = {"name": "Down", "slug": "down", "kind": "incident", "body": "[[a]]", "position": "0"} | changes
    assert sentence in text_of(staff.post("/admin/incidents/messagetemplate/add/", form))
    assert not MessageTemplate.objects.exists()


def test_a_template_is_written_and_its_blanks_are_listed(staff: Client) -> None:
    form = {"name": "Down", "slug": "down", "kind": "incident", "title": "[[a]]", "body": "[[b]]", "position": "0"}
    staff.post("/admin/incidents/messagetemplate/add/", form)
    assert "a, b" in text_of(staff.get("/admin/incidents/messagetemplate/"))


def test_a_page_of_staff_is_written_with_its_places(staff: Client) -> None:
    form = {"title": "What counts", "slug": "counts", "body": "*More* <b>than</b> one.", "position": "0"}
    staff.post("/admin/incidents/contentpage/add/", form | {"places": ["footer", "report"], "is_published": "on"})
    page = ContentPage.objects.get()
    assert page.places == ["footer", "report"]
    text = text_of(staff.get(f"/admin/incidents/contentpage/{page.pk}/change/"))
    assert "<em>More</em> &lt;b&gt;than&lt;/b&gt; one." in text
    assert "/pages/counts/" in text_of(staff.get("/admin/incidents/contentpage/"))


def test_a_place_that_is_none_is_refused(staff: Client) -> None:
    form = {"title": "What counts", "slug": "counts", "body": "x", "position": "0", "places": ["header"]}
    assert "header is not one of the available choices" in text_of(
        staff.post("/admin/incidents/contentpage/add/", form)
    )


def test_components_of_a_template_begin_as_badly_as_its_severity(staff: Client, down: MessageTemplate) -> None:
    down.severity = SeverityPolicy.objects.get(slug="critical")
    down.save(update_fields=["severity"])
    component = down.components.get()
    response = staff.get(ADD, {"template": "down"})
    assert value(response, f"component-{component.pk}") == ComponentStatus.MAJOR_OUTAGE
