"""What tries its luck at drills of the service, or was taken over: `python3 fallen.py NAME ARGUMENT...`."""

import ctypes
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

JOURNAL = bytes.fromhex("d9d505f920a163d7")
PENDING = 1 << 30  # the byte of SQLite's locks
HELD = b"held\n"  # said once it is at it
OURS = (b"--rehearse", b"looking.child", b"restore")  # in the command lines of what drills consist of
WORDS = "\x1b]0;owned\x07\x9b2J"


def empty_journal(ledger: str, victim: str) -> None:
    """A hot journal that changes nothing, and says that `victim` is to be removed."""
    content, name = Path(ledger).read_bytes(), victim.encode()
    page = int.from_bytes(content[16:18], "big")
    tail = struct.pack(">I", PENDING // page + 1) + name + struct.pack(">2I", len(name), sum(name)) + JOURNAL
    head = JOURNAL + struct.pack(">5I", 0, 0, len(content) // page, 512, page)
    Path(ledger + "-journal").write_bytes(head.ljust(512, b"\0") + tail)


def _until(seconds: str) -> Iterator[None]:
    os.write(1, HELD)
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        yield
        time.sleep(0.002)


def knock(directory: str, mark: str, seconds: str) -> None:
    """To be served at a desk, or to have what one says there written down."""
    for _ in _until(seconds):
        with suppress(OSError):
            for place in os.listdir(directory):
                with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
                    line.settimeout(5)
                    line.connect(f"{directory}/{place}")
                    Path(f"{mark}.met").touch()
                    line.sendall(_note("shop") + b"\n")
                    if line.recv(1 << 16):
                        Path(mark).touch()


def swap_in(work: str, below: str, mark: str, seconds: str) -> None:
    """A link to another directory stands in each room in `work` for `below`, or for what leads there."""
    levels = [Path(*Path(below).parts[:depth]) for depth in range(1, len(Path(below).parts) + 1)]
    for _ in _until(seconds):
        with suppress(OSError):
            for place in (Path(work, room, level) for room in os.listdir(work) for level in levels):
                with suppress(OSError):
                    place.rename(place.with_suffix(".old"))
                    place.symlink_to(Path(mark).parent)
                    Path(mark).touch()


def molest(mark: str, seconds: str) -> None:
    """Whatever of others is at work for drills is ended, traced, or entered."""
    for _ in _until(seconds):
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes()
                others = process.stat().st_uid != os.getuid()
                if others and any(word in command for word in OURS):
                    Path(f"{mark}.met").touch()
                    for way in (_kills, _traces, _writes, _enters):
                        with suppress(OSError):
                            way(process)
                            Path(mark).write_text(f"{way.__name__} {process} {command!r}")


def _kills(process: Path) -> None:
    os.kill(int(process.name), 0)


def _traces(process: Path) -> None:
    if ctypes.CDLL(None).ptrace(16, int(process.name), 0, 0):
        raise PermissionError


def _writes(process: Path) -> None:
    os.close(os.open(process / "mem", os.O_RDWR))


def _enters(process: Path) -> None:
    os.listdir(process / "root")


# ---- a drill that was taken over


def _note(process: str, **more: object) -> bytes:
    now = datetime.now(timezone.utc).isoformat()  # noqa: UP017 - whatever Python is there
    record = {"process": process, "repository": "primary", "started": now, "outcome": "passed"}
    body = json.dumps(record | {"restic": "forged", "rung": "L4"} | more)
    return json.dumps({"type": "note", "kind": "drill", "body": body, "at": now}).encode()


def lie(kind: str, directory: str) -> None:
    """Say what no drill of orders should, at its desk; and come again."""
    desk = f"{directory}/{sha256(b'orders:primary').hexdigest()[:16]}"
    refused = {"type": "refused", "message": WORDS, "hint": WORDS, "code": WORDS}
    shown = {"type": "moved", "step": "begin", "title": WORDS}
    spoilt = _note("orders", outcome="not_tested", restic=WORDS, statement=WORDS, snapshot=WORDS)
    kept = {"type": "ended", "kept": f"/../../{WORDS}"}
    said = {
        "other": _note("shop"),
        "forever": _note("orders", seconds={"total": 1e308}),
        "naive": _note("orders", started="2026-11-30T12:00:00"),
        "endless": b"a" * (70 << 20),
        "deep": b"[" * (1 << 20),
        "words": json.dumps(shown).encode() + b"\n" + json.dumps(refused).encode(),
        "kept": spoilt + b"\n" + json.dumps(kept).encode(),
    }
    for line in (said[kind], _note("orders")):
        with socket.socket(socket.AF_UNIX) as end, suppress(OSError):
            end.settimeout(30)  # of a busy machine
            end.connect(desk)
            end.recv(1 << 16)
            end.sendall(line + b"\n")
            end.shutdown(socket.SHUT_WR)
            while end.recv(1 << 16):
                continue


# ---- who looks, taken over

ANSWERS = (
    b'{"value": NaN, "size": NaN}',
    b'{"rows": {"\\u001b]0;owned\\u0007": 5}, "size": 5, "value": "\\u009b2J"}',
    b'{"rows": {"a": 1' + b"0" * 400 + b'}, "size": 1' + b"0" * 400 + b"}",
    b"[" * 100_000,
    b'{"rows": "many", "faults": 5}',
    b'{"faults": ["\\u001b]0;owned\\u0007", "\\ud800"]}',
    b'{"error": "\\u001b[2J\\u009b2J", "code": 5}',
    b'{"unread": "\\u001b[2J", "error": "\\u001b[2J"}',
    b"{}\n{}\n{}",
    b"x" * (20 << 20),
    b"\xff\xfe",
    b'{"path": "/etc/shadow", "rows": {"/etc/shadow": 1}, "orphans": [[null, "\\u001b", "\\ud800"]]}',
)


def answer() -> None:
    """Another kind of answer each time."""
    with socket.socket(fileno=0) as line:
        line.recv(1 << 16)
        line.sendall(b'{"walled": true}\n')
        number = os.getpid()
        while line.recv(1 << 20):
            line.sendall(ANSWERS[(number := number + 1) % len(ANSWERS)] + b"\n")


if __name__ == "__main__":
    tools: tuple[Callable[..., None], ...] = (empty_journal, knock, swap_in, molest, lie, answer)
    {tool.__name__.replace("_", "-"): tool for tool in tools}[sys.argv[1]](*sys.argv[2:])
