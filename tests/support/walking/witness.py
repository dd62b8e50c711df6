"""The walk's own witness: what lay there, by no code of the agent."""

import fnmatch
import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    kind: str  # file, link, directory or other
    mode: int
    size: int
    mtime_ns: int
    content: str  # SHA-256 of a file, target of a link
    text: bytes = b""  # how a file begins
    zeros: bool = False  # nothing else is in it


Digest = Mapping[str, Entry]  # by absolute path


def digest(*roots: Path, strip: Path = Path("/")) -> Digest:
    """Everything at and below `roots`, as it is named below `strip`."""
    found: dict[str, Entry] = {}
    todo = list(roots)
    while todo:
        path = todo.pop()
        try:
            entry = _entry(path)
        except OSError:
            continue
        found[str(Path("/") / path.relative_to(strip))] = entry
        if entry.kind == "directory":
            todo += path.iterdir()
    return found


def _entry(path: Path) -> Entry:
    facts = path.lstat()
    mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISLNK(facts.st_mode):
        return Entry("link", 0, 0, 0, os.readlink(path))  # noqa: PTH115
    if stat.S_ISDIR(facts.st_mode):
        return Entry("directory", mode, 0, 0, "")
    if not stat.S_ISREG(facts.st_mode):
        return Entry("other", mode, 0, 0, "")
    data = path.read_bytes()
    whole = hashlib.sha256(data).hexdigest()
    zeros = bool(data) and not data.strip(b"\0")
    return Entry("file", mode, len(data), facts.st_mtime_ns, whole, data[:64], zeros)


def below(path: str, root: str | Path) -> bool:
    return path == str(root) or path.startswith(f"{str(root).rstrip('/')}/")


def chosen(found: Digest, roots: Iterable[str | Path], exclude: Sequence[str]) -> dict[str, Entry]:
    """What of it lies at or below `roots` and is not excluded."""
    tops = list(map(str, roots))
    return {
        path: entry
        for path, entry in found.items()
        if any(below(path, top) and not is_excluded(path, top, exclude) for top in tops)
    }


def is_excluded(path: str, top: str, patterns: Sequence[str]) -> bool:
    """As restic has it of the two kinds of patterns that walks use: an absolute path, and a name."""
    names = path[len(top) :].split("/")[1:]
    for pattern in patterns:
        if pattern.startswith("/"):
            if below(path, pattern):
                return True
        elif any(fnmatch.fnmatchcase(name, pattern) for name in names):
            return True
    return False


def differences(expected: Digest, found: Digest, moving: Collection[str] = ()) -> list[str]:
    """What of it did not come back as it was; what was moving need only be there."""
    return [
        f"{path} {'is missing' if path not in found else 'came back otherwise'}"
        for path, entry in sorted(expected.items())
        if found.get(path) != entry and not (path in moving and path in found)
    ]
