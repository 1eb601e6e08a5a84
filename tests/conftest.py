"""What every test shares."""

import pytest

DATABASE = {"db", "transactional_db"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that touch the database are marked as such: no other can differ from one database to the next.

    Every test with real transactions begins with the rows that migrations write.

    Such a test ends with empty tables, and Django fills them again only for the next one that asks for it; if one asks
    and its predecessor did not, the two ways of filling collide.
    """
    for item in items:
        if DATABASE & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction") and not marker.kwargs.get("serialized_rollback"):
            options = {**marker.kwargs, "serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(*marker.args, **options), append=False)
