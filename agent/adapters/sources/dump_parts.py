"""Dumps that are more than one file, as a scan or a drill finds them below a directory descriptor."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from agent.adapters.host.beneath import open_beneath, stat_beneath
from agent.adapters.looking.packed import GZIP
from agent.adapters.looking.starting import NotLooked
from agent.adapters.sources.census import Census
from agent.adapters.sources.dump_ends import PACKED_HEADS, Dumps, open_file
from agent.adapters.sources.hashing import first_bytes
from agent.core.kinds.dump_parts import CONTENTS, is_table, is_there, objects_named, pieces, tables_named
from agent.core.kinds.kinds import Dump
from agent.core.snapshot.dumps import TAIL

DIRECTORIES = 100  # without a table of contents, that are looked into; nobody has so many on purpose
LOOKED_AT = 5  # files in each: the smallest
MOST = 1 << 24  # bytes of a packed one
END = b"\\.\n\n\n"  # of each table


def whole_dumps(base: int, census: Census, left_out: Callable[[bytes], bool], dumps: Dumps) -> Iterator[Dump]:
    """The dumps that were met: those in pieces as one, with directories that lack their contents, or tables.

    `left_out`: whether an exclude pattern keeps a file out.
    """
    known = {dump.path for dump in census.dumps}
    apart: set[bytes] = set()
    joined: dict[bytes, Dump] = {}
    for dump in census.dumps:
        if dump.is_cut and (found := _pieces(base, dump.path, known, dumps)):
            apart.update(found)
            joined[dump.path] = _joined(base, found, dumps)
    for dump in census.dumps:
        if dump.path.endswith(CONTENTS.encode()) and not dump.is_cut:
            yield structs.replace(dump, is_cut=_lacks_any(base, dump.path, left_out, dumps))
        elif dump.path in joined or dump.path not in apart:
            yield joined.get(dump.path, dump)
    for path, size, newest in census.without_contents()[:DIRECTORIES]:
        if _holds_tables(base, path, dumps):
            yield Dump(path + CONTENTS.encode(), size, newest, is_cut=True)


def is_cut_dump(file: Path, dumps: Dumps) -> bool:
    """Whether a restored dump is not whole, with all of its pieces. NotLooked."""
    base = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        name = os.fsencode(file.name)
        if name == CONTENTS[1:].encode() and _lacks_tables(base, name, lambda _: False, dumps):
            return True
        if not dumps.is_cut(base, name):
            return False
        found = _pieces(base, name, set(), dumps)
        return not found or dumps.is_cut(base, *found)
    finally:
        os.close(base)


def _lacks_any(base: int, contents: bytes, left_out: Callable[[bytes], bool], dumps: Dumps) -> bool:
    try:
        return _lacks_tables(base, contents, left_out, dumps)
    except NotLooked as none:
        dumps.note(contents, none)
        return False


def _lacks_tables(base: int, contents: bytes, left_out: Callable[[bytes], bool], dumps: Dumps) -> bool:
    """Whether a file is not there that a table of contents, or a list of large objects beside it, names."""
    above = contents[: -len(CONTENTS) + 1]
    try:
        wanted = tables_named(_read(base, contents, dumps))
        if not wanted:
            return False
        sizes = _sizes(base, above, left_out)
    except OSError:
        return False
    lists = (above + name for name in wanted if name.endswith(b".toc"))
    return not all(is_there(name, sizes) for name in wanted) or any(
        _lacks_objects(base, path, sizes, dumps) for path in lists
    )


def _lacks_objects(base: int, path: bytes, sizes: Mapping[bytes, int], dumps: Dumps) -> bool:
    try:
        wanted = objects_named(_read(base, path, dumps))
    except OSError:
        return False
    return not all(is_there(name, sizes) for name in wanted)


def _sizes(base: int, above: bytes, left_out: Callable[[bytes], bool]) -> dict[bytes, int]:
    """Of the regular files in a directory, but for those that are left out. OSError."""
    directory = open_beneath(base, above or b".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(directory) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
        kept = (name for name in names if not left_out(above + name))
        return {name: status.st_size for name in kept if (status := _status(directory, name))}
    finally:
        os.close(directory)


def _read(base: int, path: bytes, dumps: Dumps) -> bytes:
    """No more than a table of contents has; of a larger one only what it names first is looked for."""
    with open_file(base, path) as file:
        size = min(os.fstat(file.fileno()).st_size, MOST)
        dumps.count_contents(size)
        return file.read(size)


def _pieces(base: int, first: bytes, known: set[bytes], dumps: Dumps) -> list[bytes]:
    """What follows a cut dump in its own name, unless that is a dump itself: then it is another one."""
    found = pieces(first, lambda path: _status(base, path) is not None)
    if not found or found[1] in known:
        return []
    try:
        is_another = dumps.is_dump(found[1], first_bytes(base, found[1]))
    except NotLooked:  # a scan has told of it as of a file of its own
        is_another = False
    return [] if is_another else found


def _joined(base: int, found: Sequence[bytes], dumps: Dumps) -> Dump:
    """Of packed ones only a drill reads every byte."""
    all_of = [status for path in found if (status := _status(base, path))]
    packed = first_bytes(base, found[0]).startswith(PACKED_HEADS)
    return Dump(
        found[0],
        sum(status.st_size for status in all_of),
        max((status.st_mtime_ns for status in all_of), default=0),
        is_cut=not packed and _is_cut(base, found, dumps),
        pieces=len(found),
    )


def _is_cut(base: int, found: Sequence[bytes], dumps: Dumps) -> bool:
    try:
        return dumps.is_cut(base, *found)
    except NotLooked:  # it became a packed one just now
        return False


def _status(base: int, path: bytes) -> os.stat_result | None:
    try:
        status = stat_beneath(base, path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _holds_tables(base: int, path: bytes, dumps: Dumps) -> bool:
    """Whether any of its smallest files ends as `pg_dump -Fd` ends a table; others number their data, too."""
    try:
        directory = open_beneath(base, path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        with os.scandir(directory) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
        sized = sorted(
            (status.st_size, name)
            for name in filter(is_table, names)
            if (status := _status(directory, name)) and status.st_size
        )
        return any(_is_table(directory, path, name, size, dumps) for size, name in sized[:LOOKED_AT])
    finally:
        os.close(directory)


def _is_table(directory: int, path: bytes, name: bytes, size: int, dumps: Dumps) -> bool:
    try:
        return _ends_a_table(directory, name, size, dumps)
    except NotLooked as none:
        dumps.note(path + b"/" + name, none)
        return False


def _ends_a_table(base: int, path: bytes, size: int, dumps: Dumps) -> bool:
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
            if not file.read(len(GZIP)).startswith(GZIP):
                return False
            content = dumps.packed.content([file.fileno()])
    except OSError:
        return False
    return content.ends_early or content.tail.endswith(END)  # it was cut, or was not
