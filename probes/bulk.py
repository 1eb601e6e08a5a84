"""Writing many rows with one statement each way, on both databases.

Django's `bulk_update` builds a CASE for each field and row, which costs more than all the rest of a batch; its
`bulk_create` cannot say which rows an ON CONFLICT DO NOTHING let in.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from probes.models import ProbeResult

# SQLite takes 32,766 parameters in one statement; PostgreSQL gets an array a column.
MOST_PARAMETERS = 30_000
MOST_ROWS = 5_000


def update_rows(model: type[Model], rows: Sequence[Model], field_names: Iterable[str]) -> None:
    """Write these fields of these existing rows of `model`. One statement for about a thousand rows."""
    by_name = {field.name: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in field_names]
    key = model._meta.pk
    step = _rows_a_statement(len(fields) + 1)
    sets = ", ".join(f"{_quoted(field.column)} = {_cast(field, number)}" for number, field in enumerate(fields, 2))
    table = _quoted(model._meta.db_table)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        source, parameters = _source(part, [key, *fields])
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM ({source}) AS new "  # noqa: S608 -- our own names
                f"WHERE {table}.{_quoted(key.column)} = {_cast(key, 1)}",
                parameters,
            )


def insert_results(results: Sequence[ProbeResult]) -> set[int]:
    """Insert raw results of one location; returns the probe ids of those that were not there before.

    A result is there already when its batch was delivered twice or two workers did the same check.
    """
    fields = [field for field in ProbeResult._meta.concrete_fields if field.column]
    columns = ", ".join(_quoted(field.column) for field in fields)
    step = _rows_a_statement(len(fields))
    inserted: set[int] = set()
    for start in range(0, len(results), step):
        part = results[start : start + step]
        source, parameters = _source(part, fields)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {ProbeResult._meta.db_table} ({columns}) {source} "
                "ON CONFLICT DO NOTHING RETURNING probe_id",
                parameters,
            )
            inserted |= {probe_id for (probe_id,) in cursor.fetchall()}
    return inserted


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")


def _rows_a_statement(columns: int) -> int:
    return MOST_ROWS if connection.vendor == "postgresql" else MOST_PARAMETERS // columns


def _source(rows: Sequence[Model], fields: Sequence["Field[Any, Any]"]) -> tuple[str, list[Any]]:
    """The rows' values as a query with the columns `column1`, `column2` …, and its parameters.

    On PostgreSQL each column is one array: thousands of placeholders cost the driver more than all it sends.
    """
    columns = [[field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields]
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
        names = ", ".join(f"column{number}" for number in range(1, len(fields) + 1))
        return f"SELECT * FROM unnest({arrays}) AS given({names})", columns  # noqa: S608 -- our own names
    row = f"({', '.join(['%s'] * len(fields))})"
    return f"VALUES {', '.join([row] * len(rows))}", [
        value for values in zip(*columns, strict=True) for value in values
    ]


def _type(field: "Field[Any, Any]") -> str:
    # A serial key's own type is an instruction; what other columns refer to it by is a type.
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _cast(field: "Field[Any, Any]", number: int) -> str:
    """The value's column: PostgreSQL cannot tell its type from a list of literals."""
    column = f"new.column{number}"
    return f"CAST({column} AS {_type(field)})" if connection.vendor == "postgresql" else column
