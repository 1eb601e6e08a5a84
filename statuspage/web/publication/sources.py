"""What a publisher asks for, once it runs: the page's version, its documents, and a look at monitoring.

Everything is imported late: a server that begins to serve the edition on disk waits for no model and no template.
"""

from collections.abc import Iterable
from typing import NamedTuple

from statuspage.web.publication.edition import Rendered


class PageVersion(NamedTuple):
    version: int
    refresh_seconds: int


def read_page_version() -> PageVersion:
    """One query. A page that is not configured yet has version 0 and is made by the first rendering."""
    from components.models import Page

    row = Page.objects.filter(pk=1).values_list("version", "refresh_seconds").first()
    return PageVersion(*row) if row else PageVersion(0, 30)


def render_hot_documents() -> Iterable[Rendered]:
    """Late import: templates and read models are needed by the first rebuild, not by the first request."""
    from statuspage.web import documents

    return documents.render_hot_documents()


def watch_monitoring() -> None:
    """Late import, as above."""
    from statuspage.web import monitoring

    monitoring.watch.look()
    monitoring.delivery_watch.look()
