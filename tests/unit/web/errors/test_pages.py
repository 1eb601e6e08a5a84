import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_staff_form_without_its_token_is_told_to_reload_and_send_again() -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "ada", "password": "x"})
    assert response.status_code == 403
    assert "reload it and send it again" in response.content.decode()
    assert response["Cache-Control"] == "no-store"


def test_a_program_without_the_token_gets_problem_details() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/admin/login/", {"username": "ada"}, headers={"accept": "application/json"})
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert "log in again" in response.json()["detail"]
