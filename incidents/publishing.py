"""From a form that is filled in to the services: the same for who presses the button and for what was scheduled."""

from incidents.enums import IncidentStatus, Origin
from incidents.forms import promise_said
from incidents.forms_incident import OpenIncidentForm, PostUpdateForm, ResolveForm
from incidents.models import Incident, IncidentUpdate
from incidents.services import open_incident, post_update, resolve_incident


def declare(form: OpenIncidentForm, *, author: str, origin: Origin = Origin.STAFF) -> Incident:
    """The form is valid. Raises what `open_incident` raises."""
    said = form.cleaned_data
    return open_incident(
        title=said["title"],
        severity=said["severity"],
        message=said["message"],
        impacts=form.impacts(),
        status=IncidentStatus(said["status"]),
        private=said["private"],
        data_impact=said["data_impact"],
        started_at=said["started_at"],
        origin=origin,
        dedupe_key=f"form-{said['form_id']}" if said["form_id"] else "",
        author=author,
        notify=said["notify"],
        **promise_said(said),
    )


def say(form: PostUpdateForm, *, incident: Incident, author: str) -> IncidentUpdate:
    """The form is valid. Raises what `post_update` raises."""
    said = form.cleaned_data
    return post_update(
        incident=incident,
        status=IncidentStatus(said["status"]),
        message=said["message"],
        impacts=form.impacts(),
        notify=said["notify"],
        author=author,
        display_at=said["display_at"],
        expected_revision=said["revision"],
        **promise_said(said),
    )


def end(form: ResolveForm, *, incident: Incident, author: str) -> IncidentUpdate:
    """The form is valid. Raises what `resolve_incident` raises."""
    said = form.cleaned_data
    return resolve_incident(
        incident=incident,
        message=said["message"],
        root_cause_summary=said["root_cause_summary"],
        remediation=said["remediation"],
        notify=said["notify"],
        author=author,
        resolved_at=said["resolved_at"],
        expected_revision=said["revision"],
    )
