"""An outside watcher and a webhook for the test container, which has no others: notes every call.

`web_stub.py BASE PORT TLS_PORT`: each call is a line in BASE/calls, its body behind the path. BASE/answer,
where there is one, says how calls are answered: a status, one with an address to go to, or "hang". On the
second port it speaks TLS, with the certificate BASE/server.pem.
"""

import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BASE = Path(sys.argv[1])
LOCK = threading.Lock()


class Caller(BaseHTTPRequestHandler):
    """One call."""

    def answer(self) -> None:
        self.note(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        wanted = BASE / "answer"
        status, _, location = (wanted.read_text() if wanted.exists() else "200").strip().partition(" ")
        while status == "hang":
            time.sleep(1)
        self.send_response(int(status))
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    do_GET = do_POST = answer

    def note(self, body: str) -> None:
        with LOCK, (BASE / "calls").open("a") as calls:
            calls.write(f"{self.command} {self.path} {body}\n")

    def log_message(self, format: str, *args: object) -> None:
        return


def _serve(port: str, *, tls: bool = False) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Caller)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(BASE / "server.pem", BASE / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever).start()


_serve(sys.argv[2])
_serve(sys.argv[3], tls=True)
