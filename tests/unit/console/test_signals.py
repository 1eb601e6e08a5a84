"""Signals in the console: a list to look at, and two answers that ask once more before they are given."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents.enums import SignalSource
from incidents.models import Signal
from incidents.signals import raise_signal, resolve_signal

LIST = "/admin/incidents/signal/"


@pytest.fixture
def signal(db: None) -> Signal:
    return raise_signal(
        source=SignalSource.RULE,
        fingerprint="probe:cache#slow",
        title="Cache <b>is</b> slow",
        detail="250 ms for 2 minutes.",
        evidence={"value": 250},
    )


def answer(client: Client, action: str, *signals: Signal, confirmed: bool = False) -> str:
    data = {"action": action, "_selected_action": [str(one.pk) for one in signals]}
    if confirmed:
        data["confirmed"] = "yes"
    return client.post(LIST, data, follow=True).content.decode()


def test_the_list_shows_what_is_not_over(staff: Client, signal: Signal) -> None:
    assert "Cache &lt;b&gt;is&lt;/b&gt; slow" in staff.get(LIST).content.decode()
    resolve_signal(fingerprint=signal.fingerprint)
    assert "250 ms for 2 minutes." not in staff.get(LIST).content.decode()
    for state in ("resolved", "all"):
        assert "250 ms for 2 minutes." in staff.get(LIST, {"state": state}).content.decode()


def test_a_signals_own_page_shows_its_evidence(staff: Client, signal: Signal) -> None:
    page = staff.get(f"{LIST}{signal.pk}/change/").content.decode()
    assert "&quot;value&quot;: 250" in page
    assert "probe:cache#slow" in page


def test_acknowledging_asks_first_and_then_names_who_did_it(staff: Client, signal: Signal) -> None:
    assert "Acknowledge 1 signals?" in answer(staff, "acknowledge", signal)
    signal.refresh_from_db()
    assert signal.state == "firing"
    assert "Acknowledged: 1." in answer(staff, "acknowledge", signal, confirmed=True)
    signal.refresh_from_db()
    assert (signal.state, signal.acknowledged_by) == ("acknowledged", "ada")


def test_resolving_asks_first_and_then_names_who_did_it(staff: Client, signal: Signal) -> None:
    assert "Resolve 1 signals?" in answer(staff, "resolve", signal)
    assert "Resolved: 1." in answer(staff, "resolve", signal, confirmed=True)
    signal.refresh_from_db()
    assert (signal.state, signal.resolved_by) == ("resolved", "ada")


def test_what_is_over_meanwhile_is_said_and_no_error(staff: Client, signal: Signal) -> None:
    resolve_signal(fingerprint=signal.fingerprint)
    page = staff.post(
        f"{LIST}?state=all",
        {"action": "acknowledge", "_selected_action": [str(signal.pk)], "confirmed": "yes"},
        follow=True,
    ).content.decode()
    assert "is not firing" in page


def test_whoever_may_only_look_is_offered_no_answer(client: Client, signal: Signal) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_signal"))
    client.force_login(user)
    assert "Cache" in client.get(LIST).content.decode()
    answer(client, "resolve", signal, confirmed=True)
    signal.refresh_from_db()
    assert signal.state == "firing"


def test_the_list_costs_the_same_however_long_it_is(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        raise_signal(source=SignalSource.ENGINE, fingerprint=f"f{number}", title=f"Signal {number}", detail="")
    with django_assert_max_num_queries(14):
        assert staff.get(LIST, {"q": "'\"%_\\"}).status_code == 200
    with django_assert_max_num_queries(14):
        assert "Signal 11" in staff.get(LIST).content.decode()
