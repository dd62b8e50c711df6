"""Reading and writing the rows of the ledger's table, by number and by label."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.adapters.ledger.head import Head
from agent.adapters.ledger.schema import translated
from agent.core.model import chain
from agent.core.model.chain import ChainFault, StoredRecord

COLUMNS = "sequence, at, kind, process, repository, outcome, body, previous, hash"
LABELS = ("process", "repository", "outcome")


def tail_faults(database: sqlite3.Connection, head: Head | None) -> list[ChainFault]:
    """What the counter of given numbers and the head file know of records that are not there."""
    last = last_stored(database)
    number = last.sequence if last else 0
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
    counter = row[0] if row and isinstance(row[0], int) else 0
    expected = max(counter, head.sequence if head else 0)
    if expected > number:
        text = f"{chain.missing(number + 1, expected)} from the end, or this is an older copy"
        return [ChainFault(sequence=number + 1, what="removed", message=text)]
    if counter != number:
        text = f"the counter of given numbers was set back from {number:,} to {counter:,}"
        return [ChainFault(sequence=None, what="removed", message=text)]
    named = stored(database, head.sequence) if head and head.sequence else None
    if head and head.sequence and (named is None or named.hash != head.hash):
        text = (
            f"record {head.sequence:,} is not the one that the head file names: one of the two was replaced"
        )
        return [ChainFault(sequence=head.sequence, what="head", message=text)]
    return []


def all_stored(database: sqlite3.Connection, path: Path) -> Iterator[StoredRecord]:
    """Every record as it is stored, oldest first. Raises LedgerDamaged where the file cannot be read on."""
    with translated(path):
        for row in database.execute(f"SELECT {COLUMNS} FROM record ORDER BY sequence"):
            yield _from_row(row)


def last_stored(database: sqlite3.Connection) -> StoredRecord | None:
    """The record with the highest number."""
    row = database.execute(f"SELECT {COLUMNS} FROM record ORDER BY sequence DESC LIMIT 1").fetchone()
    return _from_row(row) if row else None


def stored(database: sqlite3.Connection, number: int) -> StoredRecord | None:
    """The record with this number."""
    row = database.execute(f"SELECT {COLUMNS} FROM record WHERE sequence = ?", (number,)).fetchone()
    return _from_row(row) if row else None


def as_column(text: str) -> str:
    """Text as it stands in a label column: escaped like JSON, because SQLite takes no lone surrogates."""
    return json.dumps(text)[1:-1]


def _from_column(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text  # damaged: it cannot match the record's hash


def insert(database: sqlite3.Connection, record: StoredRecord) -> None:
    """Append one row; the table's guards refuse any number but the next."""
    row = (
        *(record.sequence, record.at, record.kind),
        *(as_column(record.process), as_column(record.repository), record.outcome),
        *(record.body, record.previous, record.hash),
    )
    database.execute(f"INSERT INTO record ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _from_row(row: tuple[Any, ...]) -> StoredRecord:
    """Damage can change a column's type as well; as text it cannot match the record's hash."""
    sequence, at, kind, process, repository, outcome, body, previous, digest = row
    return StoredRecord(
        sequence=sequence,
        at=str(at),
        kind=str(kind),
        process=_from_column(str(process)),
        repository=_from_column(str(repository)),
        outcome=str(outcome),
        body=str(body),
        previous=str(previous),
        hash=str(digest),
    )


def streams(
    database: sqlite3.Connection, wanted: tuple[str, str, str], stream: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Every (kind, process, repository, outcome) that begins with `stream`, with the labels `wanted`.

    An empty label in `wanted` stands for any. It costs the same for ten records and for a million.
    """
    depth = len(stream) - 1
    if depth == len(LABELS):
        yield stream
    elif wanted[depth]:
        yield from streams(database, wanted, (*stream, wanted[depth]))
    else:
        for label in _next_labels(database, stream):
            yield from streams(database, wanted, (*stream, label))


def _next_labels(database: sqlite3.Connection, stream: tuple[str, ...]) -> Iterator[str]:
    """The distinct labels that follow `stream`, hopping through the index from one to the next.

    One column at a time: SQLite walks through all equal rows when it compares several at once.
    """
    column = LABELS[len(stream) - 1]
    same = "".join(f" AND {label} = ?" for label in LABELS[: len(stream) - 1])
    label, comparison = "", ">="
    while True:
        query = f"SELECT min({column}) FROM record WHERE kind = ?{same} AND {column} {comparison} ?"
        (found,) = database.execute(query, (*stream, label)).fetchone()
        if found is None:
            return
        if not isinstance(found, str) or (comparison == ">" and found <= label):
            raise sqlite3.DatabaseError("its index is out of order")  # and would be walked for ever
        label, comparison = found, ">"
        yield label


def newest_numbers(database: sqlite3.Connection, stream: tuple[str, ...], limit: int) -> list[int]:
    """The highest numbers of one kind, process, repository and outcome, highest first."""
    query = (
        "SELECT sequence FROM record WHERE kind = ? AND process = ? AND repository = ? AND outcome = ?"
        " ORDER BY sequence DESC LIMIT ?"
    )
    return [number for (number,) in database.execute(query, (*stream, limit))]


def oldest_number(database: sqlite3.Connection, stream: tuple[str, ...]) -> int:
    """The lowest number of one kind, process, repository and outcome of which there is at least one."""
    query = (
        "SELECT min(sequence) FROM record WHERE kind = ? AND process = ? AND repository = ? AND outcome = ?"
    )
    (number,) = database.execute(query, stream).fetchone()
    return int(number or 0)


def numbers_with(
    database: sqlite3.Connection, stream: tuple[str, ...], after: int, texts: Sequence[str]
) -> list[int]:
    """The numbers of one kind, process, repository and outcome behind `after` with a text in the body.

    Only reads text: whoever wants to believe a record opens it.
    """
    holding = " OR ".join("instr(body, ?)" for _ in texts)
    query = (
        "SELECT sequence FROM record WHERE kind = ? AND process = ? AND repository = ? AND outcome = ?"
        " AND sequence > ?" + (f" AND ({holding})" if texts else "")
    )
    return [number for (number,) in database.execute(query, (*stream, after, *texts))]


def first_since(database: sqlite3.Connection, at: str) -> int:
    """The number of the first record written at `at` (RFC 3339 in UTC) or later; one too many for none.

    Halves its way through the numbers, of which none is missing; where a clock was set back meanwhile it
    finds one of the places that fit.
    """
    last = last_stored(database)
    low, high = 1, (last.sequence if last else 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = database.execute("SELECT at FROM record WHERE sequence = ?", (middle,)).fetchone()
        if row and str(row[0]) < at:
            low = middle + 1
        else:
            high = middle
    return low


def newest_before(database: sqlite3.Connection, stream: tuple[str, ...], number: int) -> list[int]:
    """The highest number below `number` of one kind, process, repository and outcome, if there is one."""
    query = (
        "SELECT max(sequence) FROM record WHERE kind = ? AND process = ? AND repository = ? AND outcome = ?"
        " AND sequence < ?"
    )
    (found,) = database.execute(query, (*stream, number)).fetchone()
    return [int(found)] if found else []
