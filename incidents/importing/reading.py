"""What kind of file it is, and its records."""

import json
from pathlib import Path

from incidents.importing import json_lines, statuspage_json
from incidents.importing.records import (
    ImportFile,
    IncidentRecord,
    MaintenanceRecord,
    Skipped,
    UnknownFormat,
    Unusable,
)

type Record = IncidentRecord | MaintenanceRecord


def read_file(path: Path) -> ImportFile:
    """Read it whole. Raises UnknownFormat, with a sentence, when it is none of the kinds we know or not readable."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnknownFormat(f"{path} cannot be read: {error.strerror}.") from None
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        # Several lines are no single value: they may be JSON Lines.
        return _read_lines(content, path.name)
    if json_lines.is_row(value):
        # A single line; it too may have a list called components.
        return _read_lines(content, path.name)
    if statuspage_json.is_document(value):
        return _newest_only(statuspage_json.read_document(value, name=path.name))
    raise _unknown(path.name)


def _unknown(name: str) -> UnknownFormat:
    return UnknownFormat(
        f"{name} is none of the files we can import. Expected one of Statuspage's summary.json, components.json, "
        "incidents.json or scheduled-maintenances.json, or JSON Lines with title and updates in every line."
    )


def _read_lines(content: bytes, name: str) -> ImportFile:
    records: list[Record] = []
    skipped: list[Skipped] = []
    seen = False
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            value = json.loads(line)
            seen = seen or json_lines.is_row(value)
            records.append(json_lines.read_row(value, place=place, skipped=skipped))
        except Unusable as error:
            skipped.append(Skipped(place=place, sentence=error.sentence))
        except (ValueError, RecursionError) as error:
            skipped.append(Skipped(place=place, sentence=f"this line is not JSON: {error}."))
    if not seen:
        raise _unknown(name)
    file = ImportFile(
        name=name,
        kind="JSON Lines",
        incidents=tuple(record for record in records if isinstance(record, IncidentRecord)),
        maintenances=tuple(record for record in records if isinstance(record, MaintenanceRecord)),
        skipped=tuple(skipped),
    )
    return _newest_only(file)


def _newest_only(file: ImportFile) -> ImportFile:
    """One record an id: of two about the same thing the newer one counts."""
    skipped = list(file.skipped)
    return ImportFile(
        name=file.name,
        kind=file.kind,
        page=file.page,
        groups=file.groups,
        components=file.components,
        incidents=_newest(file.incidents, skipped),
        maintenances=_newest(file.maintenances, skipped),
        skipped=tuple(skipped),
    )


def _newest[R: (IncidentRecord, MaintenanceRecord)](records: tuple[R, ...], skipped: list[Skipped]) -> tuple[R, ...]:
    newest: dict[str, R] = {}
    for record in records:
        other = newest.get(record.public_id)
        if other is None or record.updated_at > other.updated_at:
            newest[record.public_id] = record
        if other is not None:
            kept = newest[record.public_id]
            left = other if kept is record else record
            skipped.append(Skipped(place=left.place, sentence=f"the same one is at {kept.place}, which is newer."))
    return tuple(newest.values())
