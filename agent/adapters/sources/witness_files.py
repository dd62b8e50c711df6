"""The witness on disk: read line by line, written beside the old one and only then put in its place."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from agent.adapters.sources.walk import Visit
from agent.core.model.repository import Stamp
from agent.core.snapshot.witness import NOTHING, checksum_line, sort_key, unescape

WITNESS = "witness"
CHECKSUMS = "SHA256SUMS"
ABOUT = "about.json"
T = TypeVar("T")
_SIZE, _MTIME, _INODE, _SHA256, _FLAGS, _PATH = 4, 5, 7, 11, 12, 15


class WitnessLines:
    """The lines of a witness file, found in the order of a walk; an absent file has none."""

    def __init__(self, file: Path) -> None:
        self._lines = read_lines(file)
        self._path: bytes | None = None
        self._line = b""
        self._fields: list[bytes] = []
        self._found = False
        self._step()

    def find(self, path: bytes) -> bytes | None:
        """The line of `path`, or None; everything before it is passed over and gone."""
        if self._found and self._path != path:  # nearly always it is the next one that is asked for
            self._step()
        if self._path != path:
            key = sort_key(path)
            while self._path is not None and sort_key(self._path) < key:
                self._step()
        self._found = self._path == path
        return self._line if self._found else None

    def content(self) -> tuple[bytes, bytes]:
        """See `content_of`, of the line that was found last."""
        return _content(self._fields)

    def holds_below(self, path: bytes) -> bool:
        """Whether there is a line for `path` or for anything below it."""
        key = sort_key(path)
        if self.find(path) is not None:
            return True
        return self._path is not None and sort_key(self._path).startswith(key + b"\0")

    def _step(self) -> None:
        line = next(self._lines, None)
        if line is None:
            self._path, self._line = None, b""
            return
        self._line, self._fields = line, line.rstrip(b"\n").split(b"\t", _PATH)
        self._path = unescape(self._fields[_PATH]) if len(self._fields) > _PATH else b""


def read_lines(file: Path) -> Iterator[bytes]:
    """The lines of a witness file; none when it does not exist."""
    try:
        with file.open("rb", buffering=1 << 18) as lines:
            yield from lines
    except FileNotFoundError:
        return


def joined(lines: Iterable[bytes], visits: Iterable[Visit]) -> Iterator[tuple[bytes | None, Visit | None]]:
    """Lines and visits of the same path together, the rest alone; both must come in the order of a walk."""
    return joined_by(path_of, lines, visits)


def joined_by(
    place: Callable[[T], bytes], known: Iterable[T], visits: Iterable[Visit]
) -> Iterator[tuple[T | None, Visit | None]]:
    """The same of anything that has a path."""
    expected = iter(known)
    one = next(expected, None)
    for met in visits:
        path = met.path
        while one is not None and (there := place(one)) != path and sort_key(there) < sort_key(path):
            yield one, None
            one = next(expected, None)
        if one is not None and there == path:
            yield one, met
            one = next(expected, None)
        else:
            yield None, met
    while one is not None:
        yield one, None
        one = next(expected, None)


def path_of(line: bytes) -> bytes:
    """The path of a witness line; empty for a line that is none."""
    fields = line.rstrip(b"\n").split(b"\t", _PATH)
    return unescape(fields[_PATH]) if len(fields) > _PATH else b""


def content_of(line: bytes) -> tuple[bytes, bytes]:
    """SHA-256 (empty when there is none) and flags of a witness line."""
    return _content(line.split(b"\t", _FLAGS + 1))


def _content(fields: list[bytes]) -> tuple[bytes, bytes]:
    sha256 = fields[_SHA256]
    return (b"" if sha256 == NOTHING else sha256), fields[_FLAGS]


def complete_file(line: bytes) -> tuple[bytes, int, bytes] | None:
    """Path, size and SHA-256 of the line of a regular file that has content to compare; else None."""
    if not line.startswith(b"f\t"):
        return None
    fields = line.rstrip(b"\n").split(b"\t", _PATH)
    size, sha256 = int(fields[_SIZE]), fields[_SHA256]
    return None if sha256 == NOTHING or not size else (unescape(fields[_PATH]), size, sha256)


def inode_of(line: bytes) -> int:
    """The inode of a witness line."""
    return int(line.split(b"\t", _INODE + 1)[_INODE])


def stamp_of(line: bytes) -> Stamp:
    """When the file of a witness line was written, and its size."""
    fields = line.split(b"\t", _MTIME + 1)
    return Stamp(int(fields[_MTIME]) // 1000, int(fields[_SIZE]))


class WitnessWriter:
    """Writes a new witness and its SHA256SUMS as `*.new`; `keep` puts them in place, `drop` removes them."""

    def __init__(self, carried: Path) -> None:
        self._carried = carried
        self._sha256 = hashlib.sha256()
        self._witness = self._open(WITNESS)
        self._checksums = self._open(CHECKSUMS)

    def write(self, line: bytes, sha256: bytes, path: bytes) -> None:
        """Add one line; `sha256` is empty for what has no content to check."""
        self._sha256.update(line)
        self._witness.write(line)
        if sha256:
            self._checksums.write(checksum_line(sha256, path))

    def close(self) -> str:
        """Flush; returns the SHA-256 of the witness in hexadecimal."""
        self._witness.close()
        self._checksums.close()
        return self._sha256.hexdigest()

    def keep(self, unchanged: bool) -> None:
        """Put the new files in place; when they say the same as the old, leave those untouched for restic."""
        for name in (WITNESS, CHECKSUMS):
            new = self._carried / f"{name}.new"
            if unchanged and (self._carried / name).exists():
                new.unlink()
            else:
                new.replace(self._carried / name)

    def drop(self) -> None:
        """Forget the new files."""
        self.close()
        for name in (WITNESS, CHECKSUMS):
            (self._carried / f"{name}.new").unlink(missing_ok=True)

    def _open(self, name: str) -> BinaryIO:
        return (self._carried / f"{name}.new").open("wb", buffering=1 << 18)
