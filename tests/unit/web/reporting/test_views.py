"""A visitor tells us of a problem, without an account, a cookie or a script."""

import html
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Group, Page
from components.services import claim_status
from incidents.models import ContentPage, Incident, OutageReport
from incidents.reports import services
from incidents.services import open_incident, resolve_incident
from statuspage.web.selectors import site_info

FORM = "/report/"
TYPED = {
    "what": "The <b>list</b> of orders stays empty",
    "component": "api",
    "began": "about 14:00",
    "country": "Norway",
    "isp": "Example & Net",
    "error_text": "502 Bad Gateway",
    "contact": "ada@example.org",
}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def visitor() -> Client:
    """A browser that checks CSRF as a real one is checked, and must never be given a cookie."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def api(db: None) -> Component:
    Page.objects.update_or_create(pk=1, defaults={"name": "Example", "url": "https://status.example.com"})
    group = Group.objects.create(slug="platform", name="Platform", position=1)
    Component.objects.create(slug="hidden", name="Hidden thing", is_visible=False)
    component = Component.objects.create(slug="api", name="API gateway", group=group)
    claim_status(component=component, status=ComponentStatus.OPERATIONAL, source=ClaimSource.STAFF)
    return component


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def kept(response: Any) -> dict[str, str]:
    """What the form holds now, by field."""
    page = text_of(response)
    found = dict(re.findall(r'<input type="(?:text|email)" name="(\w+)" value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea name="(\w+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL))
    chosen = re.search(r'<option value="([^"]*)" selected', page)
    found["component"] = chosen[1] if chosen else ""
    return {name: html.unescape(found.get(name, "")) for name in TYPED}


def test_a_report_is_stored_and_the_visitor_thanked(visitor: Client, api: Component) -> None:
    response = visitor.post(FORM, TYPED)
    assert (response.status_code, response["Location"]) == (303, "/report/thanks/")
    assert "Thank you" in text_of(visitor.get(response["Location"]))
    row = OutageReport.objects.get()
    assert (row.what, row.component, row.began) == (TYPED["what"], api, "about 14:00")
    assert (row.country, row.isp, row.error_text) == ("Norway", "Example & Net", "502 Bad Gateway")
    assert (row.contact, row.state) == ("ada@example.org", "new")


def test_one_sentence_is_enough(visitor: Client, api: Component) -> None:
    assert visitor.post(FORM, {"what": "Everything is slow."}).status_code == 303
    assert OutageReport.objects.get().component is None


def test_nobody_is_given_a_cookie(visitor: Client, api: Component) -> None:
    for response in (visitor.get(FORM), visitor.get("/report/thanks/"), visitor.post(FORM, TYPED), visitor.post(FORM)):
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")


def test_each_field_has_a_label_and_its_help(visitor: Client, api: Component) -> None:
    page = text_of(visitor.get(FORM))
    for name in TYPED:
        assert f'<label for="{name}">' in page
        assert f'id="{name}-help"' in page
        assert re.search(rf'<(?:input|select|textarea)[^>]*aria-describedby="{name}-help"', page)
    assert "<script" not in page


def test_the_components_of_the_page_can_be_chosen(visitor: Client, api: Component) -> None:
    page = text_of(visitor.get(FORM))
    assert page.index("Something else") < page.index('label="Platform"') < page.index("API gateway")
    assert "Hidden thing" not in page
    assert 'value="api" selected' in text_of(visitor.get(FORM, {"component": "api"}))
    assert " selected" not in text_of(visitor.get(FORM, {"component": '"><script>'}))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("what", "", "Say what is broken"),
        ("what", " \x00 ", "Say what is broken"),
        ("what", "x" * 4_001, "at most 4000 fit"),
        ("component", "gone", "not on the page any more"),
        ("began", "x" * 161, "at most 160 fit"),
        ("error_text", "x" * 10_001, "at most 10000 fit"),
        ("contact", "ada", "reads name@example.com"),
        ("contact", "a@b,c@d", "more than one @"),
        ("contact", "a@example.org\r\nBcc: b@example.org", "more than one @"),
        ("contact", "a@example.org\r\nX: y", "characters that an email address cannot have"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_everything_typed_stays(
    visitor: Client, api: Component, field: str, value: str, sentence: str
) -> None:
    response = visitor.post(FORM, TYPED | {field: value})
    assert response.status_code == 400
    page = text_of(response)
    said = re.search(rf'<p class="wrong" id="{field}-error" role="alert">(.*?)</p>', page)
    assert said is not None
    assert sentence in html.unescape(said[1])
    control = re.search(rf'<(?:input|select|textarea)[^>]*name="{field}"[^>]*>', page)
    assert control is not None
    assert 'aria-invalid="true"' in control[0]
    assert f"{field}-error" in control[0]
    others = {name: typed for name, typed in TYPED.items() if name != field}
    assert {name: typed for name, typed in kept(response).items() if name != field} == others
    assert not OutageReport.objects.exists()


def test_markup_and_templates_come_back_as_they_were_typed(visitor: Client, api: Component) -> None:
    hostile = '{{7*7}} {% load x %} <script>alert(1)</script> "><img src=x onerror=y> </textarea>'
    page = text_of(visitor.post(FORM, dict.fromkeys(TYPED, hostile)))
    assert "<script>" not in page
    assert "<img" not in page
    assert page.count("</textarea>") == 2
    assert "{{7*7}}" in page
    assert visitor.post(FORM, {"what": hostile, "isp": hostile}).status_code == 303
    assert OutageReport.objects.get().what == hostile


def test_control_characters_and_halves_of_characters_are_left_out(visitor: Client, api: Component) -> None:
    body = b"what=a%00b%ED%A0%80c&country=%00&isp=%FF"
    response = visitor.post(FORM, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 303
    row = OutageReport.objects.get()
    assert "\x00" not in row.what
    row.what.encode()


@pytest.mark.parametrize("size", [300_000, 10_000_000])
def test_a_huge_body_is_refused(visitor: Client, api: Component, size: int) -> None:
    response = visitor.post(FORM, b"what=" + b"x" * size, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert "shorten" in text_of(response)
    assert not OutageReport.objects.exists()


def test_ten_thousand_fields_are_refused(visitor: Client, api: Component) -> None:
    body = b"&".join(b"f%d=x" % number for number in range(10_000))
    assert visitor.post(FORM, body, content_type="application/x-www-form-urlencoded").status_code == 400


def test_the_longest_texts_fit_into_a_body_whatever_the_letters(visitor: Client, api: Component) -> None:
    long = {"what": "𝄞" * 4_000, "error_text": "𝄞" * 10_000}
    body = "&".join(f"{name}={'%F0%9D%84%9E' * len(text)}" for name, text in long.items())
    assert visitor.post(FORM, body, content_type="application/x-www-form-urlencoded").status_code == 303


def test_a_machine_that_fills_in_every_field_is_refused_and_a_person_may_send_again(
    visitor: Client, api: Component
) -> None:
    response = visitor.post(FORM, TYPED | {"website": "https://example.com"})
    assert response.status_code == 400
    assert "looked like a machine" in text_of(response)
    assert "https://example.com" not in text_of(response)
    assert kept(response) == TYPED
    assert not OutageReport.objects.exists()
    assert visitor.post(FORM, kept(response) | {"website": ""}).status_code == 303


def test_a_post_from_another_site_is_refused_and_kept(visitor: Client, api: Component) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        response = visitor.post(FORM, TYPED, headers=headers)
        assert response.status_code == 403
        assert kept(response) == TYPED
    assert not OutageReport.objects.exists()


def test_too_many_from_one_network_are_told_so_and_lose_nothing(
    visitor: Client, api: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "REPORTS_AN_ADDRESS", 2)
    for number in range(2):
        assert visitor.post(FORM, {"what": f"Broken {number}"}).status_code == 303
    response = visitor.post(FORM, TYPED)
    assert response.status_code == 429
    assert response["Retry-After"] == "3600"
    assert "Too many reports came from your network" in text_of(response)
    assert kept(response) == TYPED
    assert OutageReport.objects.count() == 2


def test_the_limit_counts_the_true_address_behind_proxies_and_believes_no_other(
    visitor: Client, api: Component, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(services, "REPORTS_AN_ADDRESS", 1)

    def post(what: str, forwarded: str) -> int:
        return visitor.post(FORM, {"what": what}, headers={"X-Forwarded-For": forwarded}).status_code

    assert post("a", "203.0.113.1") == 303
    assert post("b", "203.0.113.2") == 429
    settings.TRUSTED_PROXY_COUNT = 1
    assert post("c", "203.0.113.1") == 303
    assert post("d", "198.51.100.9, 203.0.113.1") == 429
    assert post("e", "203.0.113.2") == 303


def test_too_many_in_all_are_told_so(visitor: Client, api: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "REPORTS_IN_ALL", 0)
    response = visitor.post(FORM, TYPED)
    assert response.status_code == 429
    assert kept(response) == TYPED


def test_what_is_known_comes_before_the_form(visitor: Client, api: Component) -> None:
    assert "Is it this?" not in text_of(visitor.get(FORM))
    assert "All Systems Operational" in text_of(visitor.get(FORM))
    incident = open_incident(title="Orders fail", severity="major", message="We know.", impacts={})
    page = text_of(visitor.get(FORM))
    assert page.index("Is it this?") < page.index(f'href="/incidents/{incident.reference}/"') < page.index("<form")
    assert "Orders fail" in page
    resolve_incident(incident=incident, message="It is over.")
    assert "Is it this?" not in text_of(visitor.get(FORM))


def test_a_private_incident_is_named_by_its_severity_alone(visitor: Client, api: Component) -> None:
    open_incident(title="Acme is down", severity="major", message="Secret.", impacts={}, private=True)
    page = text_of(visitor.get(FORM))
    assert "Major incident" in page
    assert "Acme" not in page
    assert "Secret" not in page


def test_what_others_reported_is_shown_to_nobody(visitor: Client, api: Component) -> None:
    visitor.post(FORM, TYPED | {"what": "A secret of mine"})
    assert "secret of mine" not in text_of(visitor.get(FORM)) + text_of(visitor.get("/")) + text_of(
        visitor.get("/report/thanks/")
    )


def test_pages_of_staff_about_reporting_are_linked(visitor: Client, api: Component) -> None:
    ContentPage.objects.create(slug="how", title="How to report", body="…", places=["report"])
    ContentPage.objects.create(slug="other", title="Something", body="…", places=["footer"])
    ContentPage.objects.create(slug="draft", title="Draft", body="…", places=["report"], is_published=False)
    page = text_of(visitor.get(FORM))
    assert '<a href="/pages/how/">How to report</a>' in page
    assert "/pages/draft/" not in page
    assert "/pages/other/" not in page.split("<footer")[0]


def test_every_page_links_the_form_where_reports_are_taken(visitor: Client, api: Component) -> None:
    assert 'href="/report/"' in text_of(visitor.get("/"))
    assert 'href="/report/"' in text_of(visitor.get("/history/"))


def test_a_page_that_takes_no_reports_has_no_form_and_no_link(visitor: Client, api: Component) -> None:
    Page.objects.update(accepts_reports=False)
    for response in (visitor.get(FORM), visitor.post(FORM, TYPED), visitor.get("/report/thanks/")):
        assert response.status_code == 404
    assert 'href="/report/"' not in text_of(visitor.get("/")) + text_of(visitor.get("/subscribe/"))
    assert not OutageReport.objects.exists()


def test_the_form_costs_the_same_however_much_is_known(
    visitor: Client, api: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        open_incident(title=f"Orders fail {number}", severity="major", message="We know.", impacts={})
    # What the foot of the page links is read once a version.
    site_info()
    with django_assert_max_num_queries(6):
        page = text_of(visitor.get(FORM))
    assert page.count('href="/incidents/') == 10
    assert Incident.objects.count() == 12


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(visitor: Client, api: Component, method: str) -> None:
    assert getattr(visitor, method)(FORM).status_code == 405
