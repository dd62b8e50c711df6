"""`[[process.NAME.proof]]`: which of the kinds is it, and is it complete?"""

import posixpath
from typing import Any

from agent.config.keys import COMMAND_ONLY, PROOF_KINDS
from agent.config.reading import Notes, read_table
from agent.core.configuration.config import (
    ArchiveProof,
    CommandProof,
    FileCountProof,
    NewestFileProof,
    NewestRowProof,
    Proof,
    SqliteProof,
)
from agent.core.configuration.problem import At
from agent.core.text.patterns import is_pattern
from agent.core.text.plain import count


def read_proof(raw: Any, at: At, notes: Notes) -> Proof | None:
    """One proof, or None when something about it is wrong and was noted."""
    before = len(notes.noted)
    values = read_table("process.NAME.proof", raw, at, notes)
    if isinstance(raw, dict):
        _check_kind(raw, at, notes)
    kinds = [kind for kind in PROOF_KINDS if isinstance(raw, dict) and kind in raw]
    inner = values[kinds[0]] if kinds else None
    if kinds and kinds[0] in ("newest_row", "newest_file", "file_count"):
        inner = read_table(f"process.NAME.proof.{kinds[0]}", inner, (*at, kinds[0]), notes)
    if len(notes.noted) > before:
        return None
    return _build(kinds[0], values, inner)


def _check_kind(raw: dict[str, Any], at: At, notes: Notes) -> None:
    kinds = [kind for kind in PROOF_KINDS if kind in raw]
    if not kinds:
        notes.error(at, "does not say what to check", f"Give one of {', '.join(PROOF_KINDS)}.")
    if len(kinds) > 1:
        found = " and ".join(kinds)
        notes.error((*at, kinds[1]), f"makes this more than one proof: {found}", "Write one proof for each.")
    for name in COMMAND_ONLY:
        if name in raw and "command" not in raw:
            notes.error((*at, name), "only goes with command", "Take it out.")
    if raw.get("command") == [] or (isinstance(raw.get("command"), list) and raw["command"][0] == ""):
        notes.error((*at, "command"), "names no program", 'Such as command = ["sqlite3", "--version"].')


def _build(kind: str, values: dict[str, Any], inner: Any) -> Proof:
    name = values["name"]
    if kind == "command":
        said = {key: values[key] for key in COMMAND_ONLY}
        return CommandProof(name=name or f"{inner[0]} says that all is well", command=inner, **said)
    if kind == "sqlite":
        return SqliteProof(name=name or f"{posixpath.basename(inner)} is sound", sqlite=inner)
    if kind == "newest_row":
        database = posixpath.basename(inner["sqlite"])
        return NewestRowProof(name=name or f"the newest row of {database} is recent", **inner)
    if kind == "newest_file":
        return NewestFileProof(name=name or f"the newest file in {inner['path']} is recent", **inner)
    if kind == "archive":
        return ArchiveProof(name=name or f"{inner} can be read to the end", archive=inner)
    least = f"{inner['path']} holds at least {count(inner['at_least'], 'file')}"
    return FileCountProof(name=name or least, **inner)


def proof_path(proof: Proof) -> str | None:
    """The file or directory a built-in proof looks at; of a glob, the part in front of the first wildcard."""
    match proof:
        case SqliteProof() | NewestRowProof():
            return proof.sqlite
        case FileCountProof():
            return proof.path
        case NewestFileProof(path=path) if not is_pattern(path):
            return path
        case ArchiveProof(archive=glob) | NewestFileProof(path=glob):
            wild = min((glob.index(char) for char in "*?" if char in glob), default=len(glob))
            return glob if wild == len(glob) else posixpath.dirname(glob[:wild] + "x")
    return None
