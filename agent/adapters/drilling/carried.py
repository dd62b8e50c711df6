"""What a snapshot carries beside the data, as it came back. Whoever has the repository's password may have
written it: it names files of its own alone, and nothing in it is waited for."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from agent.adapters.drilling.restored_files import RestoredFiles
from agent.adapters.looking.files import open_regular
from agent.adapters.sources.sources import DATABASES, SCHEMA
from agent.adapters.sources.witness_files import ABOUT, CHECKSUMS, WITNESS
from agent.core.drill.verification import RestoredWitness
from agent.core.model.snapshots import TableCounts

LONGEST_ABOUT = 64 << 20  # bytes of a description
LATEST = 1 << 63  # nanoseconds, some centuries


def read_witness(root: Path, source: str) -> RestoredWitness | None:
    """The witness of the carried directory `source` below `root`; None when there is none of ours."""
    file = carried_file(root, source, WITNESS)
    about = _read_about(carried_file(root, source, ABOUT))
    if file is None or (about is None and carried_file(root, source, CHECKSUMS) is None):
        return None  # somebody else's file of that name
    about = about or {}
    begun_ns = about.get("begun_ns")
    return RestoredWitness(
        file=str(file),
        sha256=digest(file),
        described_sha256=str(about.get("witness_sha256", "")),
        begun_ns=begun_ns if isinstance(begun_ns, int) and 0 <= begun_ns < LATEST else 0,
        checksums_sha256=str(about.get("checksums_sha256", "")),
        tables=_tables(about),
        carried=source,
    )


def carried_file(root: Path, source: str, name: str) -> Path | None:
    """The regular file of this name in the carried directory; None when there is none below `root`."""
    found = RestoredFiles().find(root, f"{source}/{name}")
    return found if found and found.is_file() else None


def copy_of(root: Path, source: str, table: TableCounts) -> Path | None:
    """The consistent copy of a database; None when it is not there, or is said to be anywhere else."""
    if table.copy != os.path.basename(table.copy):  # noqa: PTH119
        return None
    return carried_file(root, source, f"{DATABASES}/{table.copy}")


def digest(file: Path | None) -> str:
    """SHA-256 in hexadecimal; empty for what is no readable regular file."""
    if file is None or not file.is_file():
        return ""
    with os.fdopen(open_regular(file), "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_about(file: Path | None) -> dict[str, Any] | None:
    try:
        if file is None or file.stat().st_size > LONGEST_ABOUT:
            return None
        about = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) and about.get("schema") == SCHEMA else None


def _tables(about: dict[str, Any]) -> tuple[TableCounts, ...]:
    try:
        return msgspec.convert(about.get("tables", []), tuple[TableCounts, ...])
    except msgspec.ValidationError:
        return ()
