"""A small database as an application makes one, an application at work on it, and what may become of it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

Seen = dict[str, tuple[int, int, int, int, int]]


def make_orders(path: Path, rows: int = 500, journal: str = "delete") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute(
            "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer REFERENCES customers(id), text)"
        )
        connection.execute("CREATE INDEX by_text ON orders(text)")
        connection.execute("INSERT INTO customers VALUES(1, 'a shop')")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO orders VALUES(?, 1, ?)", ((n, f"{n:0200}") for n in range(rows)))
        connection.execute("COMMIT")
    return path


def makes_slow(path: Path, *, damaged: bool = False) -> None:
    """Some seconds to check: rows whose condition makes long texts. `damaged`: an index is not that of its
    table."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE a (x CHECK (length(hex(zeroblob(20000000 * x))) >= 0))")
        connection.execute("PRAGMA ignore_check_constraints=1")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO a VALUES (?)", [(1,)] * 35)
        connection.execute("COMMIT")
    if damaged:
        whole = path.read_bytes()
        path.write_bytes(whole.replace(f"{7:0200}".encode(), f"{8:0200}".encode(), 1))


def seen_in(directory: Path) -> Seen:
    """What is in a directory; not the ctime, which SQLite moves when root opens a log."""
    found = {entry.name: entry.stat() for entry in os.scandir(directory)}
    return {name: (s.st_ino, s.st_size, s.st_mtime_ns, s.st_uid, s.st_mode) for name, s in found.items()}


@contextmanager
def application(database: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has `database` open as `db` and runs `code`; waits until that prints "go"."""
    start = f"import sqlite3, time, sys\ndb = sqlite3.connect({str(database)!r}, isolation_level=None)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", start + code, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "go\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


WAITS = "print('go', flush=True)\ntime.sleep(600)"


def damage(kind: str, path: Path) -> None:
    whole = path.read_bytes()
    if kind == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_bytes(b"this is no database at all, only words\n" * 100)
    elif kind == "zeroed":
        path.write_bytes(bytes(len(whole)))
    elif kind == "overwritten":
        path.write_bytes(whole[:8192] + os.urandom(4096 * 9) + whole[8192 + 4096 * 9 :])
    elif kind == "missing":
        path.unlink()


DAMAGES = ["truncated", "empty", "text", "zeroed", "overwritten", "missing"]
