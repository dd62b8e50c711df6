"""Dumps that are more than one file, as a scan or a drill finds them below a directory descriptor."""

import gzip
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from agent.adapters.sources.census import Census
from agent.adapters.sources.dump_ends import CHUNK, PACKED_HEADS, is_cut, open_file
from agent.adapters.sources.hashing import first_bytes
from agent.adapters.sources.walk import open_beneath
from agent.core.kinds.dump_parts import CONTENTS, is_table, is_there, objects_named, pieces, tables_named
from agent.core.kinds.kinds import Dump
from agent.core.snapshot.dumps import TAIL, is_dump

DIRECTORIES = 100  # without a table of contents, that are looked into; nobody has so many on purpose
LOOKED_AT = 5  # files in each: the smallest
MOST = 1 << 24  # bytes of a packed one
END = b"\\.\n\n\n"  # of each table


def whole_dumps(base: int, census: Census, left_out: Callable[[bytes], bool]) -> Iterator[Dump]:
    """The dumps that were met: those in pieces as one, with directories that lack their contents, or tables.

    `left_out`: whether an exclude pattern keeps a file out.
    """
    known = {dump.path for dump in census.dumps}
    apart: set[bytes] = set()
    joined: dict[bytes, Dump] = {}
    for dump in census.dumps:
        if dump.is_cut and (found := _pieces(base, dump.path, known)):
            apart.update(found)
            joined[dump.path] = _joined(base, found)
    for dump in census.dumps:
        if dump.path.endswith(CONTENTS.encode()) and not dump.is_cut:
            yield structs.replace(dump, is_cut=_lacks_tables(base, dump.path, left_out))
        elif dump.path in joined or dump.path not in apart:
            yield joined.get(dump.path, dump)
    for path, size, newest in census.without_contents()[:DIRECTORIES]:
        if _holds_tables(base, path):
            yield Dump(path + CONTENTS.encode(), size, newest, is_cut=True)


def is_cut_dump(file: Path) -> bool:
    """Whether a restored dump is not whole, with all of its pieces."""
    base = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        name = os.fsencode(file.name)
        if name == CONTENTS[1:].encode() and _lacks_tables(base, name, lambda _: False):
            return True
        if not is_cut(base, name):
            return False
        found = _pieces(base, name, set())
        return not found or is_cut(base, *found)
    finally:
        os.close(base)


def _lacks_tables(base: int, contents: bytes, left_out: Callable[[bytes], bool]) -> bool:
    """Whether a file is not there that a table of contents, or a list of large objects beside it, names."""
    above = contents[: -len(CONTENTS) + 1]
    try:
        wanted = tables_named(_read(base, contents))
        for name in [name for name in wanted if name.endswith(b".toc")]:
            with suppress(FileNotFoundError):  # then the list is what is not there
                wanted |= objects_named(_read(base, above + name))
        if not wanted:
            return False
        directory = open_beneath(base, above or b".", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        with os.scandir(directory) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
        kept = (name for name in names if not left_out(above + name))
        sizes = {name: status.st_size for name in kept if (status := _status(directory, name))}
    finally:
        os.close(directory)
    return not all(is_there(name, sizes) for name in wanted)


def _read(base: int, path: bytes) -> bytes:
    """No more than a table of contents has; of a larger one only what it names first is looked for."""
    with open_file(base, path) as file:
        return file.read(MOST)


def _pieces(base: int, first: bytes, known: set[bytes]) -> list[bytes]:
    """What follows a cut dump in its own name, unless that is a dump itself: then it is another one."""
    found = pieces(first, lambda path: _status(base, path) is not None)
    if not found or found[1] in known or is_dump(found[1], first_bytes(base, found[1])):
        return []
    return found


def _joined(base: int, found: Sequence[bytes]) -> Dump:
    """Of packed ones only a drill reads every byte."""
    all_of = [status for path in found if (status := _status(base, path))]
    packed = first_bytes(base, found[0]).startswith(PACKED_HEADS)
    return Dump(
        found[0],
        sum(status.st_size for status in all_of),
        max((status.st_mtime_ns for status in all_of), default=0),
        is_cut=not packed and is_cut(base, *found),
        pieces=len(found),
    )


def _status(base: int, path: bytes) -> os.stat_result | None:
    try:
        status = os.stat(path, dir_fd=base, follow_symlinks=False)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _holds_tables(base: int, directory: bytes) -> bool:
    """Whether any of its smallest files ends as `pg_dump -Fd` ends a table; others number their data, too."""
    try:
        with os.scandir(b"/" + directory) as entries:
            names = [entry.name for entry in entries if is_table(entry.name)]
    except OSError:
        return False
    sized = sorted(
        (status.st_size, path)
        for name in names
        if (status := _status(base, path := directory + b"/" + name)) and status.st_size
    )
    return any(_ends_a_table(base, path, size) for size, path in sized[:LOOKED_AT])


def _ends_a_table(base: int, path: bytes, size: int) -> bool:
    """What cannot be unpacked here, or not to its end, is believed by its name."""
    if not path.endswith((b".dat", b".dat.gz")):
        return not path.endswith(b".toc")
    try:
        with open_file(base, path) as file:
            if path.endswith(b".dat"):
                file.seek(max(0, size - TAIL))
                return file.read(TAIL).endswith(END)
            if size > MOST:
                return True
            tail = b""
            with gzip.open(file) as unpacked:
                while chunk := unpacked.read(CHUNK):
                    tail = (tail + chunk)[-len(END) :]
            return tail == END
    except EOFError:  # it was cut
        return True
    except (OSError, zlib.error):
        return False
