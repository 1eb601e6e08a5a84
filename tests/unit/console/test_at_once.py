"""Two people who press the same button at the same moment, in threads with connections of their own."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from components.models import Component
from incidents.models import Maintenance, Notice
from statuspage.core import clock

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ADD = "/admin/incidents/maintenance/add/"


def press_at_once(path: str, said: dict[str, str], *, people: int) -> list[int]:
    """The status of each answer."""
    barrier, answers = threading.Barrier(people), [0] * people
    clients = [Client() for _ in range(people)]
    for number, client in enumerate(clients):
        client.force_login(User.objects.create(username=f"staff-{number}", is_staff=True, is_superuser=True))

    def press(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            answers[number] = clients[number].post(path, said).status_code
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def test_a_window_that_two_people_announce_at_once_is_announced_once(api: Component) -> None:
    begins = clock.now() + timedelta(days=30)
    said = {
        "title": "Database  upgrade",
        "message": "We move to a new version.",
        "scheduled_for": f"{begins:%Y-%m-%dT%H:%M}",
        "scheduled_until": f"{begins + timedelta(hours=2):%Y-%m-%dT%H:%M}",
        f"service-{api.pk}": "worked",
        "starts_itself": "on",
        "ends_itself": "on",
        "notify": "on",
    }
    assert press_at_once(ADD, said, people=3) == [302] * 3
    assert Maintenance.objects.count() == Notice.objects.count() == 1
