"""Which updates are new."""

from datetime import UTC, datetime, timedelta

from incidents.enums import IncidentStatus
from incidents.importing.matching import KnownUpdate, plan_updates
from incidents.importing.records import UpdateRecord

AT = datetime(2024, 3, 5, 9, 10, 42, tzinfo=UTC)
MINUTE = AT.replace(second=0)


def known(pk: int, public_id: str, body: str = "It is broken.", at: datetime = AT) -> KnownUpdate:
    return KnownUpdate(pk=pk, public_id=public_id, body=body, display_at=at, updated_at=at)


def record(
    public_id: str, body: str = "It is broken.", at: datetime = AT, *, has_own_id: bool = True
) -> UpdateRecord[IncidentStatus]:
    return UpdateRecord(
        public_id=public_id,
        has_own_id=has_own_id,
        status=IncidentStatus.INVESTIGATING,
        is_repeat=False,
        body=body,
        display_at=at,
        created_at=at,
        updated_at=at,
        notify=False,
    )


def test_an_update_known_by_its_id_is_not_new() -> None:
    plan = plan_updates([known(1, "a")], [record("a")])

    assert (plan.new, plan.changed) == ((), ())


def test_an_update_corrected_later_is_changed() -> None:
    corrected = record("a", "It was broken.", AT + timedelta(hours=1))

    assert plan_updates([known(1, "a")], [corrected]).changed == ((1, corrected),)


def test_the_same_words_in_the_same_minute_are_the_same_update() -> None:
    plan = plan_updates([known(1, "a")], [record("derived", at=MINUTE, has_own_id=False)])

    assert (plan.new, plan.changed) == ((), ())


def test_an_update_with_an_id_of_its_own_gives_the_row_its_id_and_time() -> None:
    exact = record("a")

    assert plan_updates([known(1, "derived", at=MINUTE)], [exact]).changed == ((1, exact),)


def test_the_same_words_twice_in_a_minute_are_two_updates() -> None:
    plan = plan_updates([known(1, "a")], [record("a"), record("b")])

    assert [update.public_id for update in plan.new] == ["b"]
    assert plan.changed == ()


def test_other_words_in_the_same_minute_are_new() -> None:
    plan = plan_updates([known(1, "a")], [record("b", "Something else.")])

    assert [update.public_id for update in plan.new] == ["b"]
