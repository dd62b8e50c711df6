"""Reads SQLite databases of others, in the process that looks: sound or not, how many rows, one value.

Extensions stay off, other files cannot be attached, and functions named in a schema are not trusted.
"""

import os
import re
import sqlite3
from contextlib import closing
from typing import Any

NAME = "database"  # of the file in our room
MOST_COMPLAINTS = 20
MOST_ORPHANS = 3
_STORED = (0, 3)  # as SQLite numbers columns that lie in the file; others it evaluates
LONGEST = 1000  # characters of a complaint, or of a name in it
# what the application brings along, and SQLite cannot evaluate here; the parent is told which ones are meant
FOREIGN = re.compile(
    r"no such (?:collation sequence|function|module)|unknown function: |no query solution|unsafe use of "
)


def answer(question: dict[str, Any], handles: list[int]) -> dict[str, Any]:
    """What is asked of the database that came as the first descriptor, or lies in our room."""
    image = _image(handles[0]) if handles else None
    with closing(_opened(image, question.get("options", ""))) as database:
        if question.get("recover"):
            database.execute("PRAGMA synchronous=OFF")
            database.execute("PRAGMA journal_mode=DELETE").fetchone()
        database.set_authorizer(_forbid_attaching)
        if "query" in question:
            database.execute("PRAGMA query_only=ON")
            return {"value": _newest(database, question["query"])}
        return _examined(database, question)


def _image(handle: int) -> bytearray:
    """The whole file. One in WAL mode is told that it is none: in memory there is no log."""
    image = bytearray(os.fstat(handle).st_size)
    filled = 0
    while filled < len(image) and (read := os.preadv(handle, [memoryview(image)[filled:]], filled)):
        filled += read
    del image[filled:]
    if image[18:20] == b"\2\2":
        image[18:20] = b"\1\1"
    return image


def _opened(image: bytearray | None, options: str) -> sqlite3.Connection:
    """A connection with everything off that a hostile file could use."""
    where = ":memory:" if image is not None else f"file:{NAME}?{options}"
    connection = sqlite3.connect(where, uri=True, isolation_level=None, timeout=0.2)
    if image is not None:
        connection.deserialize(image)
    connection.text_factory = _text
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _forbid_attaching(action: int, *_: object) -> int:
    attaching = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if attaching else sqlite3.SQLITE_OK


def _newest(database: sqlite3.Connection, query: str) -> str | int | float | None:
    row = database.execute(query).fetchone()
    value = row[0] if row else None
    value = _text(value) if isinstance(value, bytes) else value
    return value[:LONGEST] if isinstance(value, str) else value


def _examined(database: sqlite3.Connection, question: dict[str, Any]) -> dict[str, Any]:
    faults, untested = _complaints(database) if question.get("check") else ([], [])
    found: dict[str, Any] = {"faults": faults}
    if not faults and question.get("orphans"):
        found["orphans"] = _orphans(database)
    if question.get("rows"):
        try:
            lengths = {name: _length(database, name) for name in _tables(database)}
            found["rows"] = {name: length for name, length in lengths.items() if length is not None}
            untested += [name for name, length in lengths.items() if length is None]
        except sqlite3.Error:
            if not faults:
                raise
    if untested:
        found["untested"] = sorted({name[:LONGEST] for name in untested})[:MOST_COMPLAINTS]
    return found


def _evaluated(database: sqlite3.Connection, query: str) -> list[Any] | None:
    """All rows; None where that needs what only the application brings along."""
    try:
        return database.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        if not FOREIGN.search(str(error)):
            raise
        return None


def _complaints(database: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """What SQLite's integrity check says is wrong, and the tables that only the application can read.

    Where a condition on rows needs functions of the application, conditions are left out. Tables with an
    index that needs them are only read to their end.
    """
    check, untested = f"PRAGMA integrity_check({MOST_COMPLAINTS})", []
    rows = _evaluated(database, check)
    if rows is None or _are_conditions(rows):
        database.execute("PRAGMA ignore_check_constraints=ON")
        without = _evaluated(database, check)
        rows = without if rows is None or without not in (None, [("ok",)]) else rows
    if rows is None:
        tables = {table: _check_table(database, table) for table in _tables(database)}
        untested = [table for table, found in tables.items() if found is None]
        rows = [row for found in tables.values() for row in found or ()]
    return [str(line)[:LONGEST] for (line,) in rows if line != "ok"][:MOST_COMPLAINTS], untested


def _are_conditions(rows: list[Any]) -> bool:
    """Whether so many rows break conditions that what else is wrong may be hidden behind them."""
    return len(rows) == MOST_COMPLAINTS and all(str(line).startswith("CHECK ") for (line,) in rows)


def _check_table(database: sqlite3.Connection, table: str) -> list[Any] | None:
    rows = _evaluated(database, f"PRAGMA integrity_check({_quoted(table)})")
    if rows is not None:
        return rows
    known = database.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
    stored = ", ".join(_quoted(column[1]) for column in known if column[-1] in _STORED)
    try:
        for _ in database.execute(f"SELECT {stored} FROM {_quoted(table)} NOT INDEXED"):
            continue
    except sqlite3.OperationalError as error:
        if not FOREIGN.search(str(error)):
            raise
        return None
    return []


def _orphans(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    try:
        rows = database.execute("PRAGMA foreign_key_check").fetchmany(MOST_ORPHANS)
    except sqlite3.OperationalError as error:
        if not FOREIGN.search(str(error)):
            raise
        return []
    return [(rowid, str(table)[:LONGEST], str(parent)[:LONGEST]) for table, rowid, parent, _ in rows]


def _tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    return [name for (name,) in rows]


def _length(database: sqlite3.Connection, table: str) -> int | None:
    query = f"SELECT count(*) FROM {_quoted(table)}"
    rows = _evaluated(database, query)
    rows = _evaluated(database, f"{query} NOT INDEXED") if rows is None else rows
    return rows[0][0] if rows else None


def _quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
