"""Raw results by day on PostgreSQL: a partition is dropped in no time where deleting its rows would take minutes.

Nothing here does anything on SQLite, where the results are one plain table. A DEFAULT partition takes what no day's
partition is there for, so that an insert never fails; making a day's partition later moves its rows out of there.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import Model

TABLE = "probes_proberesult"
DEFAULT_PARTITION = f"{TABLE}_default"
DAYS_AHEAD = 3
PARTITION = re.compile(rf"{TABLE}_p(\d{{4}})(\d{{2}})(\d{{2}})")
# Any number that only we use: two tasks making partitions at once wait for each other.
LOCK = 7_160_341


class CreatePartitionedModel(migrations.CreateModel):
    """`CreateModel`, but on PostgreSQL the table is partitioned by `partition_by`, with a default partition."""

    partition_by = "scheduled_at"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model: type[Model] = to_state.apps.get_model(app_label, self.name)
        sql: tuple[str, Any] = schema_editor.table_sql(model)
        quote = schema_editor.quote_name
        schema_editor.execute(f"{sql[0]} PARTITION BY RANGE ({quote(self.partition_by)})", sql[1] or None)
        table = model._meta.db_table
        schema_editor.execute(f"CREATE TABLE {quote(table + '_default')} PARTITION OF {quote(table)} DEFAULT")


def is_partitioned() -> bool:
    return connection.vendor == "postgresql"


def existing_partitions() -> list[date]:
    """The days that have a partition of their own, oldest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = %s::regclass",
            [TABLE],
        )
        matches = [PARTITION.fullmatch(name) for (name,) in cursor.fetchall()]
    return sorted(date(int(match[1]), int(match[2]), int(match[3])) for match in matches if match)


def create_partitions(today: date) -> list[date]:
    """Make the partitions of today and of the next days, where they are missing. Returns the new ones."""
    if not is_partitioned():
        return []
    wanted = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)]
    if not set(wanted) - set(existing_partitions()):
        return []
    with transaction.atomic():
        _lock()
        missing = sorted(set(wanted) - set(existing_partitions()))
        for day in missing:
            _create(day)
    return missing


def drop_partitions(before: date) -> list[date]:
    """Drop the partitions of the days before this one. Returns them."""
    if not is_partitioned():
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        _lock()
        old = [day for day in existing_partitions() if day < before]
        for day in old:
            cursor.execute(f"DROP TABLE {_name(day)}")
    return old


def _create(day: date) -> None:
    name = _name(day)
    begin = datetime.combine(day, time.min, tzinfo=UTC)
    end = begin + timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {DEFAULT_PARTITION} WHERE scheduled_at >= %s AND scheduled_at < %s "  # noqa: S608 -- our own names
            f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
            [begin, end],
        )
        cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", [begin, end])


def _name(day: date) -> str:
    return f"{TABLE}_p{day:%Y%m%d}"


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
