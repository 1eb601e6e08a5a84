"""Saying that something is broken, what is being done, and that it is over: everything that callers need.

Every write path (admin, command line, probes, import, API) goes through here. Each service is one transaction: the
state, the update, the claims on components, the notice and the page's version become true together or not at all.
Rows are locked in one order, components before incidents before the page, so that two writers wait and never block
each other.

Errors: `ValidationFailed` (a text is empty or too long, a time lies in the future), `InvalidTransition`,
`StaleRevision` (somebody else changed the incident since `expected_revision`), `DuplicateIncident`.
"""

from incidents.editing import edit_incident, edit_update
from incidents.evidence import EvidenceItem, add_evidence
from incidents.merging import merge_incident
from incidents.opening import DuplicateIncident, open_incident
from incidents.retroactive import PastUpdate, record_incident, record_once
from incidents.updating import post_update, resolve_incident

__all__ = [
    "DuplicateIncident",
    "EvidenceItem",
    "PastUpdate",
    "add_evidence",
    "edit_incident",
    "edit_update",
    "merge_incident",
    "open_incident",
    "post_update",
    "record_incident",
    "record_once",
    "resolve_incident",
]
