"""A real HTTP listener on loopback that records what it hears and answers as the test says."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec import Struct

TOKEN = "0b9c2f7e-secret-token"


class Heard(Struct, frozen=True, kw_only=True):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Listener:
    """`answers` are (status, headers, body), taken one after the other; the last one stays."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"OK")]
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self.server.server_port
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/{TOKEN}"

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def words(self) -> list[str]:
        """What it was called for, such as "GET", "POST /fail"."""
        return [f"{one.method} {one.path.removeprefix(f'/{TOKEN}')}".strip() for one in self.heard]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                heard = Heard(
                    method=self.command, path=self.path, headers=dict(self.headers.items()), body=body
                )
                listener.heard.append(heard)
                if listener.instead:
                    listener.instead(self)
                    return
                status, headers, said = listener.answers[0]
                if len(listener.answers) > 1:
                    del listener.answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler

    def never(self, handler: BaseHTTPRequestHandler) -> None:
        """No answer at all."""
        self.over.wait(30)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer that never ends, byte by byte."""
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not self.over.is_set():
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    def flood(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer without end, as fast as it goes."""
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not self.over.is_set():
                handler.wfile.write(b"x" * 65536)
        except OSError:
            return


@contextmanager
def listening(certified: Path | None = None) -> Iterator[Listener]:
    """It listens until the end of the block; by TLS with what an Issuer issued into `certified`."""
    listener = Listener()
    if certified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified / "server.pem", certified / "server.key")
        listener.server.socket = context.wrap_socket(
            listener.server.socket, server_side=True, do_handshake_on_connect=False
        )
        listener.scheme = "https"
    thread = threading.Thread(target=listener.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield listener
    finally:
        listener.over.set()
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()
