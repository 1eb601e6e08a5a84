"""Writing columns of many rows from plain values: one statement each way, without an instance of the model."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Model

# SQLite takes 32,766 parameters in one statement.
MOST_PARAMETERS = 30_000


def update_values(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
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
                [_adapted(value) for row in part for value in row],
            )


def _cast(db_type: object) -> str:
    """PostgreSQL cannot tell a column's type from a list of literals."""
    return f"CAST(new.column{{}} AS {db_type})" if connection.vendor == "postgresql" else "new.column{}"


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
