"""A mail server for the test container, which has no other: keeps what it takes, one file for each recipient.

`mail_stub.py BASE PLAIN_PORT TLS_PORT`: on the second port it takes mail only after STARTTLS, with the
certificate BASE/server.pem, and a login. While BASE/slow exists it takes its time to answer the text, and
BASE/handed-over says that it has one.
"""

import base64
import socketserver
import ssl
import sys
import threading
import time
from pathlib import Path

LOGIN = "\0readiness\0correct horse"
BASE = Path(sys.argv[1])
NUMBER = threading.Lock()


class Session(socketserver.StreamRequestHandler):
    """One client, line by line."""

    def handle(self) -> None:
        self.sheltered, self.known, self.to = False, False, list[str]()
        self.guarded = self.server.server_address[1] == int(sys.argv[3])
        self.say("220 stub")
        while line := self.rfile.readline().decode().strip():
            if not self.answer(line):
                return

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
        self.wfile.flush()

    def answer(self, line: str) -> bool:
        """False when it is over."""
        word = line.split(":", maxsplit=1)[0].upper()
        if word.startswith("EHLO"):
            offer = "250 AUTH PLAIN" if self.sheltered else "250 STARTTLS" if self.guarded else "250 HELP"
            self.say("250-stub", offer)
        elif word == "STARTTLS":
            self.say("220 go on")
            self.shelter()
        elif word.startswith("AUTH PLAIN "):
            self.known = base64.b64decode(line.split()[2]).decode() == LOGIN
            self.say("235 welcome" if self.known else "535 wrong password")
        elif word == "MAIL FROM":
            self.to = []
            self.say("250 ok" if self.known or not self.guarded else "530 log in first")
        elif word == "RCPT TO":
            self.to.append(line.split("<")[1].split("@", maxsplit=1)[0])
            self.say("250 ok")
        elif word == "DATA":
            self.take()
        else:
            self.say("221 bye" if word == "QUIT" else "250 ok")
        return word != "QUIT"

    def shelter(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(BASE / "server.pem", BASE / "server.key")
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.sheltered = True

    def take(self) -> None:
        self.say("354 go on")
        text = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            text += line.removeprefix(b".") if line.startswith(b"..") else line
        while (BASE / "slow").exists():
            (BASE / "handed-over").touch()
            time.sleep(0.1)
        for person in self.to:
            self.keep(person, text)
        self.say("250 taken")

    def keep(self, person: str, text: bytes) -> None:
        box = BASE / "mail" / person
        with NUMBER:
            box.mkdir(parents=True, exist_ok=True)
            new = box / "new"
            new.write_bytes(text)
            new.rename(box / f"{len(list(box.glob('[0-9]*'))):04}")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


for port in sys.argv[2:4]:
    threading.Thread(target=Server(("127.0.0.1", int(port)), Session).serve_forever).start()
