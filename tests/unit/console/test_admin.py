"""The lists and forms of the console: what they show, what they change, and what they cost."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component, Group, Page, Region, StatusChange
from components.services import set_staff_status
from incidents.enums import SignalSource
from incidents.models import Incident, Maintenance, SeverityPolicy
from incidents.services import open_incident
from incidents.signals import raise_signal
from probes.corrections import exclude
from probes.enums import CorrectionKind, MetricKind, ObjectiveKind, ProbeKind, RuleKind
from probes.models import Metric, MetricPoint, Objective, Probe, Rule, RuleState, SlaPolicy
from probes.services import upsert_probe
from probes.spec import ProbeSpec

LISTS = [
    "components/component",
    "components/group",
    "components/region",
    "components/statuschange",
    "incidents/incident",
    "incidents/severitypolicy",
    "incidents/maintenance",
    "probes/probe",
    "probes/metric",
]


def make_probe(component: Component, slug: str, url: str = "https://example.com") -> Probe:
    spec = ProbeSpec(
        slug=slug,
        name=slug,
        kind=ProbeKind.HTTP,
        config={"url": url, "expect_status": [], "expect_body": ""},
        interval=timedelta(seconds=30),
        timeout=timedelta(seconds=5),
        degraded_above=None,
        failure_threshold=3,
        recovery_threshold=2,
        opens_incident=True,
        severity="critical",
        allow_private=False,
    )
    upsert_probe(component=component, spec=spec)
    return Probe.objects.get(slug=slug)


def fill(count: int) -> None:
    group = Group.objects.create(slug="g", name="Group")
    now = timezone.now()
    for number in range(count):
        component = Component.objects.create(slug=f"c{number}", name=f"Component {number}", group=group)
        component.regions.add(Region.objects.create(slug=f"r{number}", name=f"Region {number}"))
        make_probe(component, f"p{number}")
        metric = Metric.objects.create(key=f"m{number}", name=f"Metric {number}", kind=MetricKind.GAUGE)
        MetricPoint.objects.create(metric=metric, minute=29_000_000, value=12_345.5)
        set_staff_status(component=component, status=ComponentStatus.MAJOR_OUTAGE, actor="ada")
        open_incident(
            title=f"Incident {number}",
            severity="minor",
            message="Oh.",
            impacts={component: ComponentStatus.PARTIAL_OUTAGE},
        )
        Maintenance.objects.create(
            reference=f"MNT-{number}", title="Work", scheduled_for=now, scheduled_until=now + timedelta(hours=1)
        )


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_however_long_it_is(
    staff: Client, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(12)
    with django_assert_max_num_queries(14):
        response = staff.get(f"/admin/{name}/")
    assert response.status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_searching_for_odd_words_is_no_error(staff: Client, name: str) -> None:
    for words in ("x", "'\"%_\\", "\u202e", "1" * 300):
        assert staff.get(f"/admin/{name}/", {"q": words}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"q": "a\0b"},
        {"status__exact": "a\0b"},
        {"severity__id__exact": "x"},
        {"severity__id__exact": "9" * 40},
        {"private__exact": "maybe"},
        {"started_at__year": "99999"},
        {"started_at__year": "x"},
        {"o": "99.-x"},
        {"p": "-5"},
        {"no_such_field": "1"},
    ],
)
def test_an_odd_address_is_no_error_of_ours(staff: Client, incident: Incident, query: dict[str, str]) -> None:
    assert staff.get("/admin/incidents/incident/", query).status_code in {200, 302, 400}


def test_the_front_page_shows_what_is_wrong_at_a_fixed_price(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(12)
    with django_assert_max_num_queries(17):
        text = staff.get("/admin/").content.decode()
    assert "Incident 3" in text
    assert "Declare an incident" in text
    assert "Component 3" in text


def test_the_page_of_a_long_incident_costs_a_fixed_number_of_queries(
    staff: Client, incident: Incident, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(12)
    with django_assert_max_num_queries(16):
        assert staff.get(f"/admin/incidents/incident/{incident.pk}/change/").status_code == 200


def test_every_page_of_every_row_opens(staff: Client) -> None:
    """With a history, and for rows that are new."""
    fill(1)
    Component.objects.create(slug="new", name="New")
    opened = 0
    for model, model_admin in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
        for row in model._default_manager.all():
            assert staff.get(f"{base}/{row.pk}/change/").status_code == 200, row
            opened += 1
        adding = staff.get(f"{base}/add/")
        assert adding.status_code == (200 if model_admin.has_add_permission(adding.wsgi_request) else 403)
    assert opened > len(LISTS)


def test_only_what_can_be_edited_has_a_button_to_save(staff: Client, api: Component) -> None:
    fill(1)
    Objective.objects.create(slug="words", name="In words", kind=ObjectiveKind.STATEMENT, say="Backups are daily.")
    SlaPolicy.objects.create(name="SLA")
    now = timezone.now()
    begin, end = now - timedelta(hours=3), now - timedelta(hours=2)
    exclude(components=[api], starts_at=begin, ends_at=end, kind=CorrectionKind.NOT_OURS, reason="Theirs.", author="")
    raise_signal(source=SignalSource.RULE, fingerprint="probe:x#y", title="Slow", detail="It is slow.")
    read_only = set()
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").first()
        if row is None or model in {Incident, Maintenance}:
            # Their pages are ones of their own, with a form for each step.
            continue
        name = f"{model._meta.app_label}/{model._meta.model_name}"
        answer = staff.get(f"/admin/{name}/{row.pk}/change/")
        # A page of its own, as a notice's, edits nothing.
        is_edited = "adminform" in answer.context and bool(answer.context["adminform"].form.fields)
        assert ('name="_save"' in answer.content.decode()) is is_edited, name
        read_only |= set() if is_edited else {name}
    assert {
        *("probes/probe", "probes/metric", "probes/objective", "probes/slapolicy", "probes/correction"),
        *("incidents/signal", "components/statuschange"),
    } <= read_only


def test_a_live_counter_says_what_was_pushed_last_and_when(staff: Client) -> None:
    fill(1)
    text = staff.get("/admin/probes/metric/").content.decode()
    assert "12,345.5" in text
    assert "2025-02-19 21:20" in text


def test_what_is_retired_is_shown_only_when_asked_for(staff: Client, api: Component, web: Component) -> None:
    Component.objects.filter(pk=web.pk).update(retired_at=timezone.now())
    for query, shown in (("", {"API gateway"}), ("?use=retired", {"Web application"}), ("?use=all", {"API", "Web"})):
        text = staff.get(f"/admin/components/component/{query}").content.decode()
        for name in ("API gateway", "Web application"):
            assert (f">{name}</a>" in text) == any(name.startswith(word) for word in shown)


def component_form(component: Component, **said: str) -> dict[str, str]:
    formset = {"claims-TOTAL_FORMS": "0", "claims-INITIAL_FORMS": "0"}
    return {"name": component.name, "position": "1", "is_visible": "on", "showcase": "on"} | formset | said


def test_a_state_set_by_hand_is_a_claim_with_a_name_on_it(staff: Client, api: Component) -> None:
    url = f"/admin/components/component/{api.pk}/change/"
    assert staff.post(url, component_form(api, staff_status="partial_outage")).status_code == 302
    api.refresh_from_db()
    assert api.status == ComponentStatus.PARTIAL_OUTAGE
    assert "ada" in StatusChange.objects.get().cause
    text = staff.get(url).content.decode()
    assert '<option value="partial_outage" selected>' in text
    assert "status set by ada" in text


def test_the_word_is_taken_back(staff: Client, api: Component) -> None:
    set_staff_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, actor="ada")
    staff.post(f"/admin/components/component/{api.pk}/change/", component_form(api, staff_status=""))
    api.refresh_from_db()
    assert api.status == ComponentStatus.UNKNOWN
    assert not api.claims.exists()


def test_saving_a_form_does_not_undo_what_a_probe_said_meanwhile(staff: Client, api: Component) -> None:
    Component.objects.filter(pk=api.pk).update(status=ComponentStatus.MAJOR_OUTAGE)
    version = Page.current().version
    staff.post(f"/admin/components/component/{api.pk}/change/", component_form(api, name="API", staff_status=""))
    api.refresh_from_db()
    assert (api.name, api.status) == ("API", ComponentStatus.MAJOR_OUTAGE)
    assert Page.current().version > version


def test_components_are_not_deleted(staff: Client, api: Component) -> None:
    assert staff.post(f"/admin/components/component/{api.pk}/delete/", {"post": "yes"}).status_code == 403


def test_there_is_one_page_and_its_list_leads_to_it(staff: Client) -> None:
    assert staff.get("/admin/components/page/").headers["Location"] == "/admin/components/page/1/change/"
    assert staff.get("/admin/components/page/add/").status_code == 403
    assert staff.post("/admin/components/page/1/delete/", {"post": "yes"}).status_code == 403


PAGE = {"name": "Example", "url": "https://status.example.com", "time_zone": "UTC", "refresh_seconds": "30"}


def test_the_page_is_edited_and_published(staff: Client) -> None:
    version = Page.current().version
    assert staff.post("/admin/components/page/1/change/", PAGE).status_code == 302
    assert (Page.current().name, Page.current().version) == ("Example", version + 1)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("time_zone", "Mars", "no IANA time zone"),
        ("time_zone", "../etc", "no IANA time zone"),
        ("refresh_seconds", "1", "5 to 3600"),
        ("refresh_seconds", "1" * 30, "less than or equal|5 to 3600"),
        ("url", "javascript:x", "valid URL"),
        ("holidays", "XX", "no country whose holidays are known"),
    ],
)
def test_a_page_that_cannot_be_is_refused(staff: Client, field: str, value: str, sentence: str) -> None:
    Page.current()
    response = staff.post("/admin/components/page/1/change/", PAGE | {field: value})
    assert response.status_code == 200
    assert re.search(sentence, response.content.decode())


def test_a_rung_of_the_ladder_is_edited_in_words(staff: Client) -> None:
    rung = SeverityPolicy.objects.get(slug="major")
    form = {
        "name": "Major",
        "rank": "2",
        "impact": "major",
        "first_update": "20m",
        "update_every": "",
        "promise": "by",
    }
    assert staff.post(f"/admin/incidents/severitypolicy/{rung.pk}/change/", form).status_code == 302
    rung.refresh_from_db()
    assert (rung.slug, rung.first_update, rung.update_every) == ("major", timedelta(minutes=20), None)


def test_a_rung_that_incidents_have_is_not_deleted(staff: Client, incident: Incident) -> None:
    staff.post(f"/admin/incidents/severitypolicy/{incident.severity_id}/delete/", {"post": "yes"})
    assert SeverityPolicy.objects.filter(pk=incident.severity_id).exists()


def test_probes_are_paused_and_resumed(staff: Client, api: Component) -> None:
    probe = make_probe(api, "api-http")
    for action, enabled in (("pause", False), ("resume", True)):
        staff.post("/admin/probes/probe/", {"action": action, "_selected_action": [str(probe.pk)]})
        probe.refresh_from_db()
        assert probe.is_enabled is enabled
        assert (">Paused</span>" in staff.get("/admin/probes/probe/").content.decode()) is not enabled


def test_a_probe_is_read_only_and_hides_its_password(staff: Client, api: Component) -> None:
    probe = make_probe(api, "api-http", url="https://user:hunter2@example.com")
    response = staff.get(f"/admin/probes/probe/{probe.pk}/change/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "hunter2" not in text
    assert 'name="_save"' not in text


def test_a_probes_page_has_its_rules_and_where_each_stands(staff: Client, api: Component) -> None:
    probe = make_probe(api, "api-http")
    address = f"/admin/probes/probe/{probe.pk}/change/"
    assert "latency_above" not in staff.get(address).content.decode()
    at = datetime(2026, 11, 21, 12, 1, tzinfo=UTC)
    words: dict[str, Any] = {
        "kind": RuleKind.LATENCY_ABOVE,
        "limit": 200,
        "degrades": True,
        "sentence": "It is <slow>.",
    }
    firing = Rule.objects.create(probe=probe, slug="slow", firing_since=at, said="It is <slow> now.", **words)
    RuleState.objects.create(rule=firing, location="default", since=at, last_value=450, is_firing=True)
    Rule.objects.create(probe=probe, slug="quiet", position=1, ceased_at=at, **words)
    text = staff.get(address).content.decode()
    assert re.findall(r'<span class="chip \w+">(Fires|Quiet)</span> (slow|quiet) \(latency_above 200 ms', text) == [
        ("Fires", "slow"),
        ("Quiet", "quiet"),
    ]
    assert "Since 2026-11-21 12:01:00 UTC: It is &lt;slow&gt; now." in text
    assert "default: 450 ms, holds since 2026-11-21 12:01:00 UTC." in text
    assert "Ceased 2026-11-21 12:01:00 UTC." in text
    assert 'name="_save"' not in text


def test_the_log_is_read_only(staff: Client, api: Component) -> None:
    set_staff_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, actor="ada")
    change = StatusChange.objects.get()
    assert 'name="_save"' not in staff.get(f"/admin/components/statuschange/{change.pk}/change/").content.decode()
    assert staff.post(f"/admin/components/statuschange/{change.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("path", ["", "incidents/incident/add/", "components/component/add/", "incidents/incident/"])
def test_no_screen_has_inline_script_or_style(staff: Client, api: Component, path: str) -> None:
    response = staff.get(f"/admin/{path}")
    text = response.content.decode()
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*json)", text)


def test_the_console_has_the_colours_of_the_page() -> None:
    folder = Path(settings.BASE_DIR) / "static/css"
    ramp = re.compile(r"--(ok|slow|part|down|work|none)(-ink|-wash)?: (#[0-9a-f]{6});")
    assert ramp.findall((folder / "console.css").read_text()) == ramp.findall((folder / "site.css").read_text())
