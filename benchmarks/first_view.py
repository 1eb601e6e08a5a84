"""What a visitor's first view costs: requests, bytes over the wire, and when the largest thing is painted.

    python -m benchmarks.first_view [--components 60] [--days 90] [--incidents 819] [--history FILE]

Chromium with an empty cache, at 390 px, on simulated slow 4G (1.6 Mbit/s down, 150 ms round trip). Bytes are those of
bodies and headers together, as Chromium counts them.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.serving import Server, generate_into, start_ours

SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
LARGEST_PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
  setTimeout(() => resolve(-1), 3000);
})"""
ROUNDS = 5


def main() -> None:
    from benchmarks import generate

    options = generate.arguments(__doc__ or "").parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is not installed: apt-get install chromium.")
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as name:
        folder = Path(name)
        generate_into(folder, options)
        server = start_ours(folder)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
                )
                report(browser, server)
                browser.close()
        finally:
            server.stop()


def report(browser: Browser, server: Server) -> None:
    views = [view(browser, server.url + "/") for _ in range(ROUNDS)]
    paints = [paint for _, paint in views]
    requests = views[0][0]
    for url, (kind, size) in requests.items():
        print(f"{kind:<12}{size:>8} bytes  {url.removeprefix(server.url)}")
    print(f"{len(requests)} requests, {sum(size for _, size in requests.values())} bytes over the wire")
    print(f"largest contentful paint on slow 4G: {statistics.median(paints):.0f} ms (median of {ROUNDS})")


def view(browser: Browser, url: str) -> tuple[dict[str, tuple[str, int]], float]:
    """Each request's kind and bytes by URL, and the largest contentful paint in ms."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    network = context.new_cdp_session(page)
    names: dict[str, tuple[str, str]] = {}
    requests: dict[str, tuple[str, int]] = {}

    def responded(event: dict[str, Any]) -> None:
        names[event["requestId"]] = (event["response"]["url"], event["type"])

    def finished(event: dict[str, Any]) -> None:
        url, kind = names.get(event["requestId"], ("?", "?"))
        requests[url] = (kind, int(event["encodedDataLength"]))

    network.on("Network.responseReceived", responded)
    network.on("Network.loadingFinished", finished)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW_4G)
    page.goto(url, wait_until="networkidle")
    paint = float(page.evaluate(LARGEST_PAINT))
    context.close()
    return {url: made for url, made in requests.items() if not url.startswith("data:")}, paint


if __name__ == "__main__":
    main()
