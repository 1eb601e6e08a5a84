"""How many requests a second one process answers, and how fast: wrk against Granian, one core each.

    python -m benchmarks.serving [--components 60] [--days 90] [--incidents 819] [--history FILE]
                                 [--seconds 10] [--rounds 3] [--connections 64]

Needs wrk and taskset (apt-get install wrk util-linux); at least two cores. nginx, where it is installed, serves the
same bytes as files, for comparison.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generate

GRANIAN = [
    sys.executable,
    "-m",
    "granian",
    "--interface",
    "wsgi",
    "--workers",
    "1",
    "--blocking-threads",
    "4",
    "--no-ws",
    "--log-level",
    "warning",
    "--host",
    "127.0.0.1",
]


@dataclass
class Result:
    what: str
    rate: float
    median_ms: float
    p99_ms: float
    errors: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server pinned to core 0, with an address."""

    def __init__(self, command: list[str], port: int, env: dict[str, str] | None = None, ready: str = "/") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *command], env=env, cwd=generate.ROOT, start_new_session=True
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(self.url + ready, timeout=2):
                    return
            except urllib.error.HTTPError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(error.read().decode()) from error
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

    def memory_mb(self) -> float:
        """Of the process that serves: the largest of its group."""
        out = subprocess.run(
            ["ps", "-o", "rss=", "-g", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return max((int(line) for line in out.stdout.split()), default=0) / 1024


def run_wrk(what: str, url: str, options: argparse.Namespace, headers: dict[str, str] | None = None) -> Result:
    """Medians over the rounds."""
    headers = {"Accept-Encoding": "gzip", **(headers or {})}
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    rates, medians, p99s, errors = [], [], [], 0
    for _ in range(options.rounds):
        out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        rates.append(float(_found(r"Requests/sec:\s+([\d.]+)", out)))
        medians.append(_ms(_found(r"^\s+50%\s+(\S+)", out)))
        p99s.append(_ms(_found(r"^\s+99%\s+(\S+)", out)))
        wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors += int(wrong[1]) if wrong else 0
        lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
        errors += sum(map(int, lost.groups())) if lost else 0
    result = Result(what, statistics.median(rates), statistics.median(medians), statistics.median(p99s), errors)
    print(
        f"{result.what:<46}{result.rate:>10.0f}/s{result.median_ms:>9.2f} ms{result.p99_ms:>9.2f} ms"
        f"{result.errors:>7} errors",
        flush=True,
    )
    return result


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"wrk said something else:\n{text}")
    return match.group(1)


def _ms(text: str) -> float:
    number = text.rstrip("mus")
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[text.removeprefix(number)]


def fetch(url: str) -> tuple[bytes, str]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as response:
        return response.read(), response.headers["ETag"]


def an_old_incident(server: Server) -> str | None:
    """The path of one from the last month of the list of months: not in the edition."""
    months = sorted(set(re.findall(r"/history/\d{4}-\d{2}/", plain(server.url + "/history/"))))
    incidents = re.findall(r"/incidents/[A-Za-z0-9-]+/", plain(server.url + months[0])) if months else []
    return incidents[0] if incidents else None


def plain(url: str) -> str:
    with urllib.request.urlopen(url) as response:
        return str(response.read().decode())


def nginx(folder: Path, body: bytes, *, cached: bool) -> Server | None:
    """nginx with one worker and the very bytes that our page has, as a file that is compressed already."""
    if not shutil.which("nginx"):
        return None
    (folder / "www").mkdir(exist_ok=True)
    (folder / "www/index.html").write_bytes(body)
    (folder / "www/index.html.gz").write_bytes(body)
    port = free_port()
    cache = "open_file_cache max=100 inactive=60s; open_file_cache_valid 30s;" if cached else ""
    user = "user root;" if os.geteuid() == 0 else ""  # the folder is for us alone
    (folder / "nginx.conf").write_text(f"""
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000; {cache}
  server {{ listen 127.0.0.1:{port} backlog=1024; root {folder}/www; gzip_static on; default_type text/html; }} }}
""")
    return Server(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)], port)


def main() -> None:
    parser = generate.arguments(__doc__ or "")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as name:
        folder = Path(name)
        generate_into(folder, options)
        compare(folder, options)


def generate_into(folder: Path, options: argparse.Namespace) -> None:
    """In a process of its own, so that this one stays without Django."""
    command = [sys.executable, "-m", "benchmarks.generate", str(folder / "data")]
    for name in ("components", "days", "incidents", "history"):
        value = getattr(options, name)
        if value is not None:
            command += [f"--{name}", str(value)]
    subprocess.run(command, check=True)


def start_ours(folder: Path, application: str = "application", *, ready: str = "/readyz") -> Server:
    port = free_port()
    env = {
        **os.environ,
        "DATA_DIR": str(folder / "data"),
        "STATIC_ROOT": str(folder / "data/static"),
        "SELF_URL": f"http://127.0.0.1:{port}",
        "PYTHONWARNINGS": "ignore",
    }
    return Server([*GRANIAN, "--port", str(port), f"statuspage.wsgi:{application}"], port, env, ready)


def compare(folder: Path, options: argparse.Namespace) -> None:
    ours = start_ours(folder)
    try:
        body, etag = fetch(ours.url + "/")
        print(
            f"the page: {len(body)} bytes by gzip; {options.connections} connections, "
            f"{options.seconds} s x {options.rounds}, medians"
        )
        run_wrk("hot page, 200", ours.url + "/", options)
        run_wrk("hot page, another query each (?x=)", ours.url + "/?x=1", options)
        run_wrk("hot page, 304", ours.url + "/", options, {"If-None-Match": etag})
        run_wrk("/status.json", ours.url + "/status.json", options)
        old = an_old_incident(ours)
        if old:
            run_wrk("an old incident, once asked for", ours.url + old, options)
        run_wrk("/healthz", ours.url + "/healthz", options)
        print(f"memory of the web process after that: {ours.memory_mb():.0f} MB")
    finally:
        ours.stop()
    for what, cached in (("nginx, same bytes as a file", False), ("nginx with open_file_cache", True)):
        server = nginx(folder, body, cached=cached)
        if server is not None:
            try:
                run_wrk(what, server.url + "/", options)
            finally:
                server.stop()
    django = start_ours(folder, "django_application", ready="/healthz")
    try:
        options.connections = 4  # as many as it has threads: more would only wait
        run_wrk("the page rendered by Django each time (4)", django.url + "/", options)
    finally:
        django.stop()


if __name__ == "__main__":
    main()
