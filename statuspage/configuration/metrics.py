"""`[[metrics]]`: public counters, read and applied. Of a token only the hash is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from probes.checkers.fields import HIDDEN, Fields
from probes.checkers.reporting import SHORTEST_TOKEN, TOKEN
from probes.enums import MetricKind
from probes.models import Metric
from probes.models.metrics import KEY, KEY_LENGTH, UNIT_LENGTH
from statuspage.configuration.changes import Changes
from statuspage.configuration.table import Reader, Table
from statuspage.core import clock
from statuspage.core.tokens import hash_token

# They are all on the first page.
MOST_METRICS = 24
SHORTEST_PATIENCE, DEFAULT_PATIENCE, LONGEST_PATIENCE = timedelta(minutes=1), timedelta(minutes=15), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricConfig:
    key: str
    name: str
    unit: str
    kind: str
    in_snapshot: bool
    has_chart: bool
    stale_after: timedelta
    token_hash: str


def read_metrics(reader: Reader, root: Table) -> tuple[MetricConfig, ...]:
    """What the file says of metrics, in its order; what is wrong is noted."""
    tables = root.tables("metrics")
    if len(tables) > MOST_METRICS:
        reader.wrong("metrics", f"{len(tables)} tables", f"at most {MOST_METRICS}: they are all on the first page")
    found = []
    seen: dict[str, str] = {}
    for table in tables:
        config = _metric(reader, table)
        table.done()
        if config.key and seen.setdefault(config.key, table.key) != table.key:
            table.wrong("key", f"a key of its own: {seen[config.key]} has this one")
        found.append(config)
    return tuple(found)


def _metric(reader: Reader, table: Table) -> MetricConfig:
    stale_after = table.duration("stale_after", minimum=SHORTEST_PATIENCE, maximum=LONGEST_PATIENCE)
    return MetricConfig(
        key=_key(table),
        name=table.text("name", max_length=80, required=True) or "",
        unit=table.text("unit", max_length=UNIT_LENGTH) or "",
        kind=table.choice("kind", MetricKind.values) or MetricKind.GAUGE,
        in_snapshot=_boolean(table, "snapshot"),
        has_chart=_boolean(table, "chart"),
        stale_after=stale_after or DEFAULT_PATIENCE,
        token_hash=_token_hash(reader, table),
    )


def _key(table: Table) -> str:
    value = table.take("key")
    if isinstance(value, str) and KEY.fullmatch(value):
        return value
    table.wrong("key", f"1 to {KEY_LENGTH} lower-case letters, digits and _, such as messages_last_24h")
    return ""


def _boolean(table: Table, name: str) -> bool:
    value = table.take(name)
    if value is not None and not isinstance(value, bool):
        table.wrong(name, "true or false")
    return value is not False


def _token_hash(reader: Reader, table: Table) -> str:
    """Of what `${NAME}` stands for. The token itself is in no error."""
    written = table.take("token")
    fields = Fields(table.raw(), key=table.key, environ=reader.environ)
    text = fields.text("token", most=200, shown=False)
    token = fields.expanded("token", text, shown=False) if text else ""
    for error in fields.errors:
        reader.add(error)
    if token and (len(token) < SHORTEST_TOKEN or not TOKEN.fullmatch(token)):
        expected = f"at least {SHORTEST_TOKEN} letters, digits, dots, dashes, _ or ~"
        reader.wrong(table.path("token"), HIDDEN if written else None, expected)
    return hash_token(token) if token else ""


def apply_metrics(metrics: tuple[MetricConfig, ...], changes: Changes, *, prune: bool) -> None:
    """Write what is new or differs. What the file does not have stays, or is retired; its numbers are kept."""
    rows = {row.key: row for row in Metric.objects.all()}
    for position, config in enumerate(metrics):
        _apply_metric(rows.pop(config.key, None), config, position, changes)
    absent = sorted(row.key for row in rows.values() if row.retired_at is None)
    if not prune:
        changes.stays("metric", absent)
        return
    Metric.objects.filter(key__in=absent).update(retired_at=clock.now())
    for key in absent:
        changes.removed("metric", key)


def _apply_metric(row: Metric | None, config: MetricConfig, position: int, changes: Changes) -> None:
    after: dict[str, Any] = {
        "name": config.name,
        "unit": config.unit,
        "kind": config.kind,
        "in_snapshot": config.in_snapshot,
        "has_chart": config.has_chart,
        "stale_after": config.stale_after,
        "position": position,
        "token_hash": config.token_hash,
        "retired_at": None,
    }
    if row is None:
        Metric.objects.create(key=config.key, **after)
        changes.added("metric", config.key)
        return
    before = {name: getattr(row, name) for name in after}
    changed = {name: value for name, value in after.items() if value != before[name]}
    if not changed:
        return
    Metric.objects.filter(pk=row.pk).update(**changed)
    if "retired_at" in changed:
        changes.added("metric", config.key, "it was retired and is back")
    changes.changed("metric", config.key, _as_written(before), _as_written(after) | _token_said(changed))


def _as_written(fields: Mapping[str, Any]) -> dict[str, object]:
    """By the keys of the file."""
    return {
        "name": fields["name"],
        "unit": fields["unit"],
        "kind": str(fields["kind"]),
        "snapshot": fields["in_snapshot"],
        "chart": fields["has_chart"],
        "stale_after": fields["stale_after"],
        "position": fields["position"],
        "token": "as it was",
    }


def _token_said(changed: Mapping[str, Any]) -> dict[str, object]:
    """That it is another one, not which."""
    return {"token": "another one"} if "token_hash" in changed else {}
