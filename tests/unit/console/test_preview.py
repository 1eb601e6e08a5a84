"""The preview shows what the public will read, and nothing else."""

import pytest
from django.test import Client

URL = "/admin/preview/"
HTMX = {"HX-Request": "true"}


def show(client: Client, text: str, name: str = "message") -> str:
    response = client.post(URL, {name: text}, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_markdown_is_rendered(staff: Client) -> None:
    assert "<strong>now</strong>" in show(staff, "It works **now**.")


def test_every_form_of_the_incidents_page_is_understood(staff: Client) -> None:
    assert "<em>a</em>" in show(staff, "*a*", name="update-message")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "![x](https://example.com/pixel.png)",
        "<iframe src=//example.com></iframe>",
        "<a href='java\tscript:alert(1)'>x</a>",
    ],
)
def test_what_could_run_or_load_is_inert(staff: Client, text: str) -> None:
    html = show(staff, text)
    for dangerous in ("<script", "<img", "<iframe", 'href="javascript', 'href="java'):
        assert dangerous not in html


def test_template_syntax_comes_out_as_written(staff: Client) -> None:
    assert "{{7*7}} {% load x %}" in show(staff, "{{7*7}} {% load x %}")


def test_a_text_that_will_not_fit_says_so(staff: Client) -> None:
    assert "at most 20000 fit" in show(staff, "x" * 20_001)


def test_odd_characters_do_no_harm(staff: Client) -> None:
    assert "ab" in show(staff, "a\x00\x07b\ufffe")


def test_nothing_typed_says_what_will_be_here(staff: Client) -> None:
    assert "What you type" in staff.post(URL, {}, headers=HTMX).content.decode()


def test_without_htmx_it_is_a_page_of_its_own(staff: Client) -> None:
    text = staff.post(URL, {"message": "*a*"}).content.decode()
    assert "<em>a</em>" in text
    assert "<html" in text


def test_who_is_logged_out_is_told_in_place(client: Client, db: None) -> None:
    response = client.post(URL, {"message": "x"}, headers=HTMX)
    assert response.status_code == 401
    assert "What you typed is still here" in response.content.decode()


def test_it_is_only_posted_to(staff: Client) -> None:
    assert staff.get(URL).status_code == 405


def test_it_needs_the_forms_token(db: None) -> None:
    assert Client(enforce_csrf_checks=True).post(URL, {"message": "x"}).status_code == 403
