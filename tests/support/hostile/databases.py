"""Databases, and what lies beside them, as somebody makes them who may write in one source and wants more."""

import os
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
PENDING_PAGE = 0x40000000 // 4096 + 1
_CRASHES = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size=5")
db.execute("BEGIN")
db.execute("UPDATE orders SET text = hex(randomblob(100))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def lasts_for_weeks(database: Path) -> Path:
    """A small database, one row of which takes weeks to check: a function in an index, called once.

    SQLite looks whether it shall stop between two of its steps, and this is a single one.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE orders (text)")
        connection.execute("CREATE INDEX long ON orders (replace(zeroblob(text), zeroblob(1), 'x'))")
        connection.execute("INSERT INTO orders VALUES (1)")
        slow = (
            "instr(replace(hex(zeroblob(text * 20000000)), '00', 'ab'),"
            " replace(hex(zeroblob(text * 10000000)), '00', 'ab') || 'x')"
        )
        connection.execute("PRAGMA writable_schema=ON")
        sql = f"CREATE INDEX long ON orders ({slow})"
        connection.execute("UPDATE sqlite_master SET sql=? WHERE name='long'", (sql,))
    return database


def crash(database: Path) -> Path:
    """What an application leaves that dies in the middle of a change: a hot journal."""
    subprocess.run([sys.executable, "-c", _CRASHES, str(database)], check=False)
    journal = database.with_name(f"{database.name}-journal")
    assert journal.stat().st_size > 0
    return journal


def name_super_journal(journal: Path, victim: Path) -> None:
    """Forge the end of a hot journal: whoever plays it back removes the file that stands there."""
    name = os.fsencode(victim)
    total = sum(struct.unpack(f"{len(name)}b", name)) & 0xFFFFFFFF
    with journal.open("ab") as file:
        file.write(struct.pack(">I", PENDING_PAGE) + name + struct.pack(">II", len(name), total) + MAGIC)


def make_beside(kind: str, place: Path, size: int = 4 << 40) -> None:
    """Something that is no file of SQLite's where one would lie."""
    if kind == "zero":
        place.symlink_to("/dev/zero")
    elif kind == "link":
        place.symlink_to("/etc/passwd")
    elif kind == "fifo":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    elif kind == "sparse":
        with place.open("wb") as file:
            file.write(b"\x37\x7f\x06\x82" + bytes(28))
            file.truncate(size)
    else:
        raise AssertionError(kind)


BESIDE = ("zero", "link", "fifo", "directory", "sparse")


@contextmanager
def truncated_in_a_loop(file: Path) -> Iterator[None]:
    """Meanwhile the file is cut off and grows again, as fast as that goes."""
    done = threading.Event()

    def cut() -> None:
        whole = file.stat().st_size
        handle = os.open(file, os.O_RDWR)
        while not done.is_set():
            os.ftruncate(handle, 0)
            os.ftruncate(handle, whole)
        os.close(handle)

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
