"""An office that never pauses, as a program: databases, mail, logs and dumps that are written all the time.

`busy_office.py DIRECTORY [SOCKETS]`: writes below DIRECTORY until it is ended; with SOCKETS, where PostgreSQL
has its socket, into that as well. Says "at work" once each writer has written. A writer that fails ends all.
"""

import gzip
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

HOME = Path(sys.argv[1])
SOCKET = sys.argv[2] if len(sys.argv) > 2 else ""
MESSAGES = 3000  # that a maildir holds about
ROWS = 3000
LOG = 300_000  # bytes after which a log is rotated


def database(name: str, mode: str, chance: random.Random) -> Iterator[float]:
    """One connection that stays open, as a server's."""
    with closing(sqlite3.connect(HOME / name, isolation_level=None, timeout=60)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("PRAGMA wal_autocheckpoint=50")
        connection.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, at TEXT, what TEXT)")
        while True:
            _trade(connection, chance)
            yield 0.005


def reopened(name: str, chance: random.Random) -> Iterator[float]:
    """A connection for each request: the log beside the database comes and goes."""
    with closing(sqlite3.connect(HOME / name)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, at TEXT, what TEXT)")
    while True:
        with closing(sqlite3.connect(HOME / name, isolation_level=None, timeout=60)) as connection:
            _trade(connection, chance)
        yield 0.02


def _trade(connection: sqlite3.Connection, chance: random.Random) -> None:
    many = 200 if connection.execute("SELECT count(*) FROM orders").fetchone()[0] < ROWS else 2
    connection.execute("BEGIN IMMEDIATE")
    rows = [("x" * chance.randrange(900),) for _ in range(many)]
    connection.executemany("INSERT INTO orders (at, what) VALUES (datetime('now'), ?)", rows)
    last = connection.execute("SELECT max(number) FROM orders").fetchone()[0]
    connection.execute("DELETE FROM orders WHERE number < ?", (last - ROWS,))
    connection.execute("UPDATE orders SET what = 'sent' WHERE number = ?", (last - chance.randrange(ROWS),))
    connection.execute("COMMIT")


def maildir(chance: random.Random) -> Iterator[float]:
    """Mail comes in, is moved, read, answered, and thrown away."""
    for name in ("tmp", "new", "cur"):
        (HOME / "Maildir" / name).mkdir(parents=True)
    new, cur, number = HOME / "Maildir/new", HOME / "Maildir/cur", 0
    known: list[Path] = []
    while True:
        number += 1
        being = HOME / f"Maildir/tmp/{number}.office"
        with being.open("wb") as file:
            file.write(b"From: somebody\n\n")
            file.flush()
            file.write(chance.randbytes(chance.randrange(100, 6000)).hex().encode())
        arrived = being.rename(new / being.name)
        known.append(arrived.rename(cur / f"{arrived.name}:2,") if number % 3 else arrived)
        for flags in ("S", "RS") if number % 3 else ():
            which = chance.randrange(len(known))
            known[which] = known[which].rename(cur / f"{known[which].name.partition(':')[0]}:2,{flags}")
        if len(known) > MESSAGES:
            known.pop(chance.randrange(len(known))).unlink()
            yield 0.2


def mbox(chance: random.Random) -> Iterator[float]:
    while True:
        with (HOME / "archive.mbox").open("ab") as file:
            text = chance.randbytes(chance.randrange(50, 900)).hex().encode()
            file.write(b"From somebody Mon Nov 30\n" + text + b"\n\n")
        yield 0.05


def log(name: str, rotate: Callable[[Path], None]) -> Iterator[float]:
    file = HOME / "log" / name
    file.parent.mkdir(exist_ok=True)
    while True:
        with file.open("a") as end:
            for number in range(10):
                end.write(f"{time.time():.3f} request {number} of somebody from somewhere was answered\n")
        if file.stat().st_size > LOG:
            rotate(file)
        yield 0.02


def rename_and_create(file: Path) -> None:
    _make_room(file)
    file.rename(f"{file}.1")
    file.touch()


def copytruncate(file: Path) -> None:
    _make_room(file)
    Path(f"{file}.1").write_bytes(file.read_bytes())
    os.truncate(file, 0)


def _make_room(file: Path) -> None:
    """What was rotated before is packed, the oldest of it goes."""
    for number in range(4, 1, -1):
        packed = Path(f"{file}.{number}.gz")
        if packed.exists():
            packed.rename(f"{file}.{number + 1}.gz")
    if (last := Path(f"{file}.1")).exists():
        with gzip.open(f"{file}.2.gz", "wb") as pack:
            pack.write(last.read_bytes())
        last.unlink()


def nightly(chance: random.Random) -> Iterator[float]:
    """A dump with its date in its name, packed, written beside and renamed; the five newest stay."""
    (HOME / "dumps").mkdir(exist_ok=True)
    number = 0
    while True:
        number += 1
        being = HOME / "dumps/stock.new"
        with gzip.open(being, "wb", 1) as pack:
            pack.write(b"-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n")
            for row in range(chance.randrange(3000, 3300)):
                what = chance.randbytes(60).hex().encode()
                pack.write(b"INSERT INTO `stock` VALUES (%d,'%s');\n" % (row, what))
            pack.write(b"-- Dump completed on 2026-11-30  2:00:07\n")
        being.rename(HOME / f"dumps/stock-{number:08}.sql.gz")
        (HOME / f"dumps/stock-{number - 5:08}.sql.gz").unlink(missing_ok=True)
        yield 15.0


def server(chance: random.Random) -> Iterator[float]:
    """Orders into PostgreSQL."""
    ask = ["psql", "-h", SOCKET, "-U", "owner", "-d", "shop", "-q"]
    with subprocess.Popen(ask, stdin=subprocess.PIPE, text=True) as client:
        assert client.stdin
        while True:
            client.stdin.write(f"INSERT INTO orders (what) VALUES ('{chance.randbytes(200).hex()}');\n")
            client.stdin.write("DELETE FROM orders WHERE number < (SELECT max(number) FROM orders) - 5000;\n")
            client.stdin.flush()
            assert client.poll() is None, "psql has ended"
            yield 0.02


def dumped() -> Iterator[float]:
    """As docs/databases.md has it."""
    (HOME / "dumps").mkdir(exist_ok=True)
    to = f"{HOME}/dumps/shop"
    while True:
        saved = f"pg_dump -h {SOCKET} -U owner -Fc shop >{to}.new && mv {to}.new {to}.dump"
        subprocess.run(["sh", "-c", saved], check=True)
        yield 15.0


def writers() -> Iterator[Iterator[float]]:
    chance = random.Random(os.environ.get("READINESS_TEST_SEED", "7"))
    yield database("orders.db", "WAL", chance)
    yield database("stock.db", "DELETE", chance)
    yield database("crm.db", "WAL", chance)
    yield database("till.db", "DELETE", chance)
    yield reopened("web.db", chance)
    yield maildir(chance)
    yield mbox(chance)
    yield log("app.log", rename_and_create)
    yield log("access.log", copytruncate)
    yield nightly(chance)
    if SOCKET:
        yield server(chance)
        yield dumped()


def work(writer: Iterator[float], begun: threading.Semaphore) -> None:
    pause = next(writer)
    begun.release()
    while True:
        time.sleep(pause)
        pause = next(writer)


def end(failed: threading.ExceptHookArgs) -> None:
    sys.__excepthook__(failed.exc_type, failed.exc_value or RuntimeError(), failed.exc_traceback)
    os._exit(1)


if __name__ == "__main__":
    threading.excepthook = end
    begun, every = threading.Semaphore(0), list(writers())
    for each in every:
        threading.Thread(target=work, args=(each, begun), daemon=True).start()
    for _ in every:
        begun.acquire()
    print("at work", flush=True)
    threading.Event().wait()
