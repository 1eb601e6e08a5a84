"""What an edition costs: time, queries and bytes, in one process, on invented data (see generate.py).

python -m benchmarks.rebuild [--components 60] [--days 90] [--incidents 819] [--history FILE] [--rounds 21]
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import generate

if TYPE_CHECKING:
    from statuspage.web.publication.edition import Document

LARGEST = 8


def timed(what: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median, slowest and median of processor time, ms, of that many rounds after one that does not count."""
    what()
    taken, worked = [], []
    for _ in range(rounds):
        started, work_started = time.perf_counter(), time.process_time()
        what()
        taken.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - work_started) * 1000)
    return statistics.median(taken), max(taken), statistics.median(worked)


def main() -> None:
    parser = generate.arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as folder:
        generate.set_up(Path(folder))
        generate.fill(
            components=options.components, days=options.days, incidents=options.incidents, history=options.history
        )
        report(options)


def report(options: argparse.Namespace) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from statuspage.core import clock
    from statuspage.web import documents
    from statuspage.web.publication.edition import build_documents
    from statuspage.web.publication.headers import SecurityHeaders
    from statuspage.web.publication.publisher import Publisher
    from statuspage.web.publication.sources import PageVersion

    versions = itertools.count(1)
    publisher = Publisher(read_version=lambda: PageVersion(next(versions), 30), render=documents.render_hot_documents)
    with CaptureQueriesContext(connection) as queries:
        rendered = list(documents.render_hot_documents())
    security = SecurityHeaders.from_settings()

    def compress() -> object:
        return build_documents(rendered, built_at=clock.now(), security=security)

    history = options.history.name if options.history else f"{options.incidents} invented incidents"
    print(f"{options.components} components x {options.days} days, {history}; {options.rounds} rounds")
    with CaptureQueriesContext(connection) as home_queries:
        documents.render_document("/")
    print(f"queries of a rendering {len(queries):>8}, of the home document {len(home_queries)}")
    for what, work in {
        "whole edition": publisher.step,
        "  rendering alone": documents.render_hot_documents,
        "  compressing alone": compress,
        "home document alone": lambda: documents.render_document("/"),
    }.items():
        median, slowest, processor = timed(work, options.rounds)
        print(f"{what:<23}{median:>8.1f} ms median{slowest:>8.1f} ms slowest{processor:>8.1f} ms of processor")
    print(f"{'document':<32}{'plain':>9}{'gzip':>9}{'br':>9}")
    sizes = {
        path: sizes_of(document)
        for path, document in (publisher.edition.documents if publisher.edition else {}).items()
    }
    largest = sorted(sizes, key=lambda path: -sizes[path][0])[:LARGEST]
    for path in largest:
        print(f"{path:<32}" + "".join(f"{size:>9}" for size in sizes[path]))
    print(
        f"{f'all {len(sizes)} documents':<32}"
        + "".join(f"{sum(column):>9}" for column in zip(*sizes.values(), strict=True))
    )


def sizes_of(document: "Document") -> tuple[int, ...]:
    """Bytes plain, by gzip and by Brotli."""
    variants = document.variants
    return tuple(len(variants.get(coding, variants[""]).body) for coding in ("", "gzip", "br"))


if __name__ == "__main__":
    main()
