"""Many rows from plain values, without an instance of the model, and many keys as one parameter."""

import json
from collections.abc import Collection, Sequence

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL

from probes.series_reading import FEW_KEYS, adapted, array_of

# SQLite takes 32,766 parameters in one statement.
MOST_PARAMETERS = 30_000
Rows = Sequence[Sequence[object]]


def update_values(model: type[Model], names: Sequence[str], rows: Rows) -> None:
    """Write these columns of existing rows; each row of values begins with the key. A statement for thousands."""
    by_name = {field.name: field for field in model._meta.concrete_fields}
    fields = [model._meta.pk, *(by_name[name] for name in names)]
    quote = connection.ops.quote_name
    casts = [
        _cast(field.rel_db_type(connection) if field.primary_key else field.db_type(connection)) for field in fields
    ]
    table = quote(model._meta.db_table)
    sets = ", ".join(
        f"{quote(str(field.column))} = {cast.format(number)}"
        for number, (field, cast) in enumerate(zip(fields, casts, strict=True), 1)
        if number > 1
    )
    one = f"({', '.join(['%s'] * len(fields))})"
    step = MOST_PARAMETERS // len(fields)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM (VALUES {', '.join([one] * len(part))}) AS new "  # noqa: S608 -- our own names
                f"WHERE {table}.{quote(str(fields[0].column))} = {casts[0].format(1)}",
                [adapted(value) for row in part for value in row],
            )


def upsert_values(model: type[Model], names: Sequence[str], unique: Collection[str], rows: Rows) -> None:
    """Insert rows of these columns; of those that are there by `unique`, the other columns are written."""
    by_name = {field.name: field for field in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    columns = {name: quote(str(by_name[name].column)) for name in names}
    sets = ", ".join(f"{column} = EXCLUDED.{column}" for name, column in columns.items() if name not in unique)
    one = f"({', '.join(['%s'] * len(names))})"
    step = MOST_PARAMETERS // len(names)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns.values())}) "  # noqa: S608 -- our own names
                f"VALUES {', '.join([one] * len(part))} "
                f"ON CONFLICT ({', '.join(columns[name] for name in unique)}) DO UPDATE SET {sets}",
                [adapted(value) for row in part for value in row],
            )


def any_of(keys: Collection[int]) -> Collection[int] | RawSQL:
    """For `__in`: thousands of keys as one parameter, which costs neither of us their parsing."""
    if len(keys) <= FEW_KEYS:
        return keys
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [array_of(keys)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(keys))])


def _cast(db_type: object) -> str:
    """PostgreSQL cannot tell a column's type from a list of literals."""
    return f"CAST(new.column{{}} AS {db_type})" if connection.vendor == "postgresql" else "new.column{}"
