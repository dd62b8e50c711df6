"""What an attacker runs in the container: `python3 tools.py NAME ARGUMENT...`; needs nothing but Python."""

import ctypes
import fcntl
import os
import socket
import sqlite3
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import seeds  # type: ignore[import-not-found]  # it lies beside this one there

JOURNAL = bytes.fromhex("d9d505f920a163d7")
EXCHANGE, HERE = 2, -100
HELD = b"held\n"  # said once what was to be held is held


def super_journal(database: str, victim: str) -> None:
    """A database in the middle of a transaction, whose journal says that `victim` is to be removed."""
    with tempfile.TemporaryDirectory() as place:
        files = seeds.database(Path(place), 4096, "delete").files
    name = victim.encode()
    check = sum(byte - 256 if byte > 127 else byte for byte in name) & 0xFFFFFFFF
    tail = struct.pack(">I", 1) + name + struct.pack(">2I", len(name), check) + JOURNAL
    Path(database).write_bytes(files[""])
    Path(database + "-journal").write_bytes(files["-journal"] + tail)


def logged(database: str) -> None:
    """A database in WAL mode without its log."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("CREATE TABLE t(a)")
    connection.close()


def endless(database: str) -> None:
    """One that takes weeks to be looked at."""
    with tempfile.TemporaryDirectory() as place:
        Path(database).write_bytes(seeds.hanging(Path(place), "endless.db").files[""])


def bomb(name: str, target: str) -> None:
    """An archive that takes all memory."""
    found = next(seed for seed in seeds.bombs() if seed.name == name)
    Path(target).write_bytes(found.files[""])


def exchange(seconds: str, *names: str) -> None:
    """Each name of a pair and the other one change places for so long, as quickly as it goes."""
    rename, pairs = ctypes.CDLL(None).renameat2, list(zip(names[::2], names[1::2], strict=True))
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        for one, other in pairs:
            if rename(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE):
                sys.exit(f"{one} and {other} do not change places")
        time.sleep(0.0002)


def truncate(file: str, seconds: str) -> None:
    """A file has no content, and again as much as before."""
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            length = Path(file).stat().st_size or 32768
            os.truncate(file, 0)
            os.truncate(file, length)
        except OSError:
            time.sleep(0.01)
        time.sleep(0.0005)


def locks(database: str, seconds: str) -> None:
    """All locks on a database are held by somebody who does not let go."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS t(a)")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("INSERT INTO t VALUES(1)")
    os.write(1, HELD)
    time.sleep(float(seconds))


def writes(database: str, seconds: str) -> None:
    """An application at work, whose log is truncated while it is."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("CREATE TABLE IF NOT EXISTS t(a)")
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            connection.execute("INSERT INTO t VALUES(randomblob(500))")
        except sqlite3.Error:
            connection.close()
            connection = sqlite3.connect(database, isolation_level=None)
        time.sleep(0.01)


def deep(directory: str, levels: str) -> None:
    """So many directories below each other."""
    os.chdir(directory)
    for _ in range(int(levels)):
        Path("d").mkdir()
        os.chdir("d")
    Path("bottom").touch()


def connect(place: str) -> None:
    """Somebody answers there."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(place)


def call(place: str) -> None:
    """What somebody says there who is not spoken to."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(place)
        while heard := line.recv(1 << 16):
            sys.stdout.buffer.write(heard)


def listen(place: str, seconds: str) -> None:
    """Everybody may call there."""
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(place)
        Path(place).chmod(0o777)
        line.listen()
        os.write(1, HELD)
        time.sleep(float(seconds))


def lock(file: str, seconds: str) -> None:
    """A lock on a file or directory that may only be read."""
    handle = os.open(file, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(1, HELD)
    time.sleep(float(seconds))


if __name__ == "__main__":
    tools: dict[str, Callable[..., None]] = {
        tool.__name__.replace("_", "-"): tool
        for tool in (
            super_journal,
            logged,
            endless,
            bomb,
            exchange,
            truncate,
            locks,
            writes,
            deep,
            connect,
            call,
            listen,
            lock,
        )
    }
    tools[sys.argv[1]](*sys.argv[2:])
