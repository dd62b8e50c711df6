"""Verify a whole ledger: the chain, its tail, the guards, and SQLite's own structures."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from agent.adapters.ledger.head import Head, head_path, read_head
from agent.adapters.ledger.ledger import exists
from agent.adapters.ledger.rows import all_stored, last_stored, tail_faults
from agent.adapters.ledger.schema import GUARDS, connect_for_reading, translated
from agent.core.model.chain import GENESIS, ChainFault, StoredRecord, chain_faults
from agent.core.text.plain import printable
from agent.errors import LedgerDamaged, StateError


class Examination(Struct, frozen=True, kw_only=True):
    """What a verification of the whole ledger found; it is whole when there are no faults."""

    records: int  # that could be read
    head: str  # hash of the last record
    faults: tuple[ChainFault, ...]


def examine(path: Path, known_head: str = "") -> Examination:
    """Check every record of the ledger at `path`, oldest first.

    `known_head` is the start of a hash that an old report printed: it must still be in the chain.
    Raises StateError when there is no ledger or it cannot be read, LedgerDamaged when it cannot be opened.
    """
    if not exists(path):
        raise StateError(
            f"There is no ledger at {path} yet, so that there is nothing to verify.",
            "It begins with the first readiness snapshot or drill.",
            code="ledger-missing",
        )
    found_head, head_faults = _head_file(path)
    with closing(connect_for_reading(path)) as database:
        walk = _Walk(known_head)
        with translated(path):
            database.execute("BEGIN")
        faults = [*walk.faults(all_stored(database, path)), *head_faults]
        if walk.readable:
            named = {fault.sequence for fault in faults}
            with translated(path):
                faults += [
                    fault for fault in tail_faults(database, found_head) if fault.sequence not in named
                ]
        faults += _missing_guards(database, path)
        if not faults:
            faults += _structure_faults(database, path)
    if known_head and not walk.known_head_seen:
        text = f"no record has the hash {known_head}: the ledger was altered or cut since that was printed"
        faults.append(ChainFault(sequence=None, what="head", message=text))
    return Examination(records=walk.count, head=walk.last_hash, faults=tuple(faults))


class _Walk:
    """One pass over all records, with what is noted on the way."""

    def __init__(self, known_head: str) -> None:
        self.count = 0
        self.last_hash = GENESIS
        self.readable = True
        self.known_head_seen = GENESIS.startswith(known_head)
        self._known_head = known_head
        self._last = 0

    def faults(self, records: Iterator[StoredRecord]) -> Iterator[ChainFault]:
        try:
            yield from chain_faults(self._noted(records))
        except LedgerDamaged:
            self.readable = False
            text = f"the ledger cannot be read from record {self._last + 1:,} on: the file is damaged"
            yield ChainFault(sequence=self._last + 1, what="unreadable", message=text)

    def _noted(self, records: Iterator[StoredRecord]) -> Iterator[StoredRecord]:
        for record in records:
            self.count += 1
            self._last, self.last_hash = record.sequence, record.hash
            self.known_head_seen = self.known_head_seen or record.hash.startswith(self._known_head)
            yield record


def _head_file(path: Path) -> tuple[Head | None, list[ChainFault]]:
    with translated(path):
        try:
            head = read_head(path)
        except LedgerDamaged as error:
            return None, [ChainFault(sequence=None, what="head", message=error.message.rstrip("."))]
        if head is not None:
            return head, []
        with closing(connect_for_reading(path)) as database:
            last = last_stored(database)
    # a kill right behind the very first commit leaves one record and no head file
    if last is None or last.sequence <= 1:
        return None, []
    text = f"{head_path(path).name} is missing, so that nothing witnesses the end of the ledger"
    return None, [ChainFault(sequence=None, what="head", message=text)]


def _missing_guards(database: sqlite3.Connection, path: Path) -> Iterator[ChainFault]:
    """The triggers that refuse changes: somebody who changes records has to remove them."""
    try:
        with translated(path):
            rows = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            present = {name: _squeezed(str(sql)) for name, sql in rows}
    except LedgerDamaged as error:
        yield ChainFault(sequence=None, what="unreadable", message=error.message.rstrip("."))
        return
    for name, sql in GUARDS.items():
        if present.get(name) != _squeezed(sql):
            text = f"the guard {name}, which refuses changes, was removed or replaced"
            yield ChainFault(sequence=None, what="unguarded", message=text)


def _squeezed(sql: str) -> str:
    return re.sub(r"\s+", " ", sql)


def _structure_faults(database: sqlite3.Connection, path: Path) -> Iterator[ChainFault]:
    """Damage that no record shows, such as an index that has lost an entry. Read to the end: it is slow."""
    try:
        with translated(path):
            answers = [str(row[0]) for row in database.execute("PRAGMA integrity_check(20)")]
    except LedgerDamaged as error:
        answers = [error.message.rstrip(".")]
    for answer in answers:
        if answer != "ok":
            text = f"the file's structure is damaged: {printable(answer)}"
            yield ChainFault(sequence=None, what="unreadable", message=text)
