"""The notice that a postmortem was published.

Payload (times RFC 3339 UTC): `page`, `incident` and `components` as in `incidents.notices`, and

    postmortem  url, published_at, summary_markdown, summary_html, sections [{key, title, markdown, html}]

Sections are those with words, in the order of the page. Of a private incident there are neither words nor components.
"""

from incidents.enums import NoticeKind
from incidents.models import Incident, IncidentUpdate, Notice, Postmortem
from incidents.notices import incident_payload, rfc3339, set_concerned
from statuspage.core.markdown import render_markdown


def write_postmortem_notice(*, postmortem: Postmortem, incident: Incident) -> Notice:
    """One row for everybody who wants to hear of postmortems. Call it inside the transaction that published it."""
    affected = list(incident.affected.select_related("component").order_by("component__position", "pk"))
    # The payload of an incident has its newest word, which this notice is not about.
    payload = incident_payload(
        incident, IncidentUpdate(status=incident.status, display_at=incident.updated_at), affected
    )
    del payload["update"]
    hidden = incident.private
    payload["postmortem"] = {
        "url": f"{payload['incident']['url']}postmortem/",
        "published_at": rfc3339(postmortem.published_at),
        "summary_markdown": "" if hidden else postmortem.summary,
        "summary_html": "" if hidden else render_markdown(postmortem.summary),
        "sections": []
        if hidden
        else [
            {"key": key, "title": title, "markdown": text, "html": render_markdown(text)}
            for key, title, text in postmortem.sections
            if text
        ],
    }
    notice = Notice.objects.create(
        kind=NoticeKind.POSTMORTEM_PUBLISHED,
        incident=incident,
        severity_rank=incident.severity.rank,
        payload=payload,
    )
    set_concerned(notice, incident, affected)
    return notice
