"""What applying a configuration changed, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import models

from statuspage.core.durations import format_duration

LONGEST_VALUE = 200


@dataclass(slots=True)
class Changes:
    """`lines` is what changed; `left` is what the file no longer has and stays, since nobody asked to prune; `kept` is
    what the file has and is there already, and belongs to staff since.
    """

    lines: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lines)

    def added(self, kind: str, slug: str, note: str = "") -> None:
        self.lines.append(f"+ {kind} {slug}{f' ({note})' if note else ''}")

    def removed(self, kind: str, slug: str) -> None:
        self.lines.append(f"- {kind} {slug}")

    def changed(self, kind: str, slug: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        """One line for all that differs between the two; nothing if nothing does."""
        said = [
            f"{name} {shown(before[name])} → {shown(value)}" for name, value in after.items() if before[name] != value
        ]
        if said:
            self.lines.append(f"~ {kind + ' ' + slug if slug else kind}: {', '.join(said)}")

    def there(self, kind: str, name: str, note: str = "") -> None:
        self.kept.append(f"{kind} {name}{f' ({note})' if note else ''} is there already and stays as it is")

    def update(self, row: models.Model, kind: str, slug: str, after: Mapping[str, object]) -> bool:
        """Write the fields of the row that differ and note them. Returns whether there were any."""
        before = {name: getattr(row, name) for name in after}
        changed = [name for name, value in after.items() if before[name] != value]
        if not changed:
            return False
        self.changed(kind, slug, before, after)
        for name in changed:
            setattr(row, name, after[name])
        row.save(update_fields=changed)
        return True

    def stays(self, kind: str, slugs: Iterable[str], why: str = "") -> None:
        self.left.extend(f"{kind} {slug} is not in the file{f' and stays: {why}' if why else ''}" for slug in slugs)


def shown(value: object) -> str:
    """A value as it is written in the file, a list with blanks between its items."""
    if value is None or value in ("", [], (), {}):
        return "none"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        # By name: a database does not keep the order of the file.
        return f"{{ {', '.join(f'{name} = {shown(item)}' for name, item in sorted(value.items()))} }}"
    if isinstance(value, (list, tuple)):
        return " ".join(item if isinstance(item, str) else shown(item) for item in value)
    if isinstance(value, str):
        return f'"{value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"}"'
    return str(value)
