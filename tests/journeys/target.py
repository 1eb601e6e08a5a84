"""A real HTTP server to be measured, in the test process, that can be stopped and started on the same port."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.services import free_port


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"ok"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """The test's output is for the test."""


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


class Target:
    """Answers 200 while it is up; nobody listens on its port while it is down."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/health"
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def go_up(self) -> None:
        if self._server is not None:
            return
        self._server = _Server(("127.0.0.1", self.port), _Healthy)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def go_down(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(5)
        self._server = self._thread = None
