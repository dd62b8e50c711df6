"""Run the proofs of one critical process on its restored data."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct, structs

from agent.core.configuration.config import (
    ArchiveProof,
    CommandProof,
    CriticalProcess,
    FileCountProof,
    NewestFileProof,
    NewestRowProof,
    Proof,
    SqliteProof,
)
from agent.core.drill.fingerprint import fingerprint
from agent.core.drill.proofs import (
    AHEAD,
    Judgement,
    failed,
    judge_archives,
    judge_command,
    judge_database,
    judge_file_count,
    judge_generations,
    judge_newest_file,
    judge_newest_row,
    not_tested,
    noted_rows,
    tree_path,
)
from agent.core.drill.verification import MovingFiles
from agent.core.model.drills import ProofResult
from agent.core.model.snapshots import TableCounts
from agent.core.text.patterns import is_pattern
from agent.errors import ReadinessError
from agent.operations.ports.proving import ArchiveReader, DatabaseReader, ProofRunner, TreeReader

NOTHING_MOVING = MovingFiles()
LONGEST_VARIABLE = 100_000  # bytes; the kernel takes 128 KiB


class RestoredTree(Struct, frozen=True):
    """A restored snapshot: the source path `/srv/orders` lies at `root/srv/orders`."""

    root: Path


class Readers(Struct, frozen=True):
    """What the built-in proofs look with."""

    files: TreeReader
    databases: DatabaseReader
    archives: ArchiveReader


class _Look(Struct, frozen=True):
    """Everything a single proof may need."""

    tree: RestoredTree
    runner: ProofRunner
    readers: Readers
    facts: tuple[TableCounts, ...]
    snapshot_at: datetime
    process: str
    moving: MovingFiles

    def find(self, path: str) -> Path | None:
        return self.readers.files.find(self.tree.root, path)


def prove(
    process: CriticalProcess,
    tree: RestoredTree,
    runner: ProofRunner,
    facts: tuple[TableCounts, ...],
    snapshot_at: datetime,
    readers: Readers,
    moving: MovingFiles = NOTHING_MOVING,
) -> tuple[ProofResult, ...]:
    """One result for every proof, in the config's order.

    The built-in proofs look first, because commands may change the tree. Consistent copies of databases
    must lie in place before. What cannot be tested is `not_tested`, never an error.
    """
    look = _Look(tree, runner, readers, facts, snapshot_at, process.name, moving)
    results: dict[int, ProofResult] = {}
    for commands in (False, True):
        for index, proof in enumerate(process.proofs):
            if isinstance(proof, CommandProof) is commands:
                results[index] = _timed(proof, look)
    return tuple(results[index] for index in range(len(process.proofs)))


def _timed(proof: Proof, look: _Look) -> ProofResult:
    started = time.monotonic()
    try:
        judgement = _judge(proof, look)
    except (ReadinessError, OSError) as error:
        judgement = not_tested(str(error).rstrip("."))
    return ProofResult(
        name=proof.name,
        outcome=judgement.outcome,
        seconds=time.monotonic() - started,
        fingerprint=fingerprint(proof),
        message=judgement.reason,
        output=judgement.output,
    )


def _judge(proof: Proof, look: _Look) -> Judgement:
    match proof:
        case CommandProof():
            run = look.runner.run((*_told(look), *proof.command), proof.timeout)
            return judge_command(run, proof.expect, proof.expect_status)
        case SqliteProof():
            return _on_database(proof.sqlite, look, lambda database: _rows(proof, look, database))
        case NewestRowProof():
            return _on_database(proof.sqlite, look, lambda database: _newest_row(proof, look, database))
        case NewestFileProof() | FileCountProof():
            return _on_files(proof, look)
        case ArchiveProof():
            return _archives(proof, look)


def _told(look: _Look) -> tuple[str, ...]:
    """What every command finds in its environment: of which snapshot and process, and what was counted then.

    Counts too long for an environment are left out: a command that needs them fails, and passes nothing.
    """
    taken = look.snapshot_at.astimezone(UTC).isoformat(timespec="seconds")
    rows = json.dumps({fact.database: fact.rows for fact in look.facts})
    told = ("env", f"READINESS_SNAPSHOT_AT={taken}", f"READINESS_PROCESS={look.process}")
    return (*told, f"READINESS_ROWS={rows}") if len(rows) <= LONGEST_VARIABLE else told


def _on_database(path: str, look: _Look, judge: Callable[[Path], Judgement]) -> Judgement:
    """The judgement speaks of the database, and not of where it was restored to."""
    database, named = look.find(path), f"/{tree_path(path)}"
    if database is None:
        return failed(f"{named} is not in the restored tree")
    try:
        judged = judge(database)
    except ReadinessError as error:
        judged = not_tested(str(error).rstrip("."))
    return structs.replace(judged, reason=judged.reason.replace(str(database), named))


def _rows(proof: SqliteProof, look: _Look, database: Path) -> Judgement:
    return judge_database(look.readers.databases.examine(database), noted_rows(proof.sqlite, look.facts))


def _newest_row(proof: NewestRowProof, look: _Look, database: Path) -> Judgement:
    value = look.readers.databases.newest(database, proof.query)
    if isinstance(value, Judgement):  # that what was counted before may be encrypted now is no excuse
        return value if noted_rows(proof.sqlite, look.facts) is None else failed(value.reason)
    return judge_newest_row(value, proof.max_age, look.snapshot_at)


def _on_files(proof: NewestFileProof | FileCountProof, look: _Look) -> Judgement:
    until = look.snapshot_at + timedelta(seconds=AHEAD)
    if isinstance(proof, NewestFileProof) and is_pattern(proof.path):
        found = look.readers.files.generations(look.tree.root, proof.path, until, look.moving)
        return judge_generations(found, proof.max_age, look.snapshot_at)
    seen = look.readers.files.tally(look.tree.root, proof.path, until)
    if isinstance(proof, FileCountProof):
        return judge_file_count(seen, proof.at_least)
    return judge_newest_file(seen, proof.max_age, look.snapshot_at)


def _archives(proof: ArchiveProof, look: _Look) -> Judgement:
    """Every match is read: a good newest one must not hide a bad older one."""
    judged = []
    for archive in look.readers.files.matching(look.tree.root, proof.archive):
        name = str(archive.relative_to(look.tree.root))
        judged.append((name, look.readers.archives.examine(archive)))
    return judge_archives(judged)
