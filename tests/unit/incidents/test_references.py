"""What people say aloud of incidents and windows."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.models import Component, Page
from incidents.maintenance import schedule_maintenance


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 11, 21, 14, 0, tzinfo=UTC), tick=False)
def test_the_reference_of_a_window_is_of_the_pages_own_day(api: Component) -> None:
    Page.objects.filter(pk=Page.current().pk).update(time_zone="Europe/Berlin")
    begin = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    window = schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=[api],
        scheduled_for=begin,
        scheduled_until=begin + timedelta(hours=1),
    )
    assert window.reference == "MNT-2026-1122-a"
