"""Looks at a restored tree without ever leaving it: links lead where they would on the rebuilt machine."""

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent.adapters.looking.session import Look
from agent.adapters.looking.starting import NotLooked
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.walk import Trouble, Visit, walk
from agent.core.drill.proofs import FileTally, tree_path
from agent.core.drill.verification import MovingFiles
from agent.core.kinds.file_names import PACKED, kind
from agent.core.kinds.generations import generations
from agent.core.kinds.kinds import HEAD
from agent.core.text.patterns import is_pattern, names_match

MOST_LINKS = 40
WRITTEN_WHOLE = PACKED | {b"sql", b"tar", b"ldif", b"rdb"}
# names of what is written beside and renamed: while it is being written it is none of the files there
UNFINISHED = (".new", ".tmp", ".part", ".partial")


class RestoredFiles:
    """The `TreeReader` of the proofs."""

    def __init__(self, look: Look | None = None) -> None:
        """Without who looks, no packed file is known to be whole."""
        self._dumps = Dumps(look)

    def find(self, root: Path, path: str) -> Path | None:
        """Where the source path `path` lies below `root`, or None when it was not restored.

        Links are followed as if `root` were the root of the machine, so that none leads to live data.
        """
        todo = tree_path(path).split("/")[::-1]
        here: list[str] = []
        links = 0
        while todo:
            name = todo.pop()
            if name in ("", ".", ".."):
                here = here[:-1] if name == ".." else here
                continue
            place = root.joinpath(*here, name)
            if place.is_symlink():
                links += 1
                if links > MOST_LINKS:
                    return None
                target = os.readlink(place)  # noqa: PTH115
                here = [] if target.startswith("/") else here
                todo += target.split("/")[::-1]
                continue
            here.append(name)
        found = root.joinpath(*here)
        return found if found.exists() else None

    def tally(self, root: Path, path: str, until: datetime) -> FileTally | None:
        """Count the files with content below `path` and find the newest that is not later than `until`."""
        top = self.find(root, path)
        if top is None:
            return None
        return _tally((visit.status for visit in _regular_files(top)), until)

    def generations(
        self, root: Path, pattern: str, until: datetime, moving: MovingFiles
    ) -> dict[str, FileTally]:
        """Tally the files that match, apart for each that is no generation of another."""
        times = {
            path: changed
            for path, changed in self._times(root, pattern)
            if not (path.endswith(UNFINISHED) and moving.may_be_half(os.fsencode(path), changed))
        }
        half = {
            path
            for path, changed in times.items()
            if moving.may_be_half(os.fsencode(path), changed) and _may_be_half(root / path, self._dumps)
        }
        return {
            max(same.paths): _tally(
                ((root / path).stat() for path in same.paths if path not in half),
                until,
                moving=sum(path in half for path in same.paths),
            )
            for same in generations({path: changed / 1e9 for path, changed in times.items()})
        }

    def _times(self, root: Path, pattern: str) -> Iterator[tuple[str, int]]:
        for file in self.matching(root, pattern):
            yield str(file.relative_to(root)), file.stat().st_mtime_ns

    def matching(self, root: Path, pattern: str) -> list[Path]:
        """The regular files below `root` that match; `**` matches any number of directories."""
        wanted = tree_path(pattern).split("/")
        fixed = next((i for i, part in enumerate(wanted) if is_pattern(part)), len(wanted) - 1)
        top = self.find(root, "/".join(wanted[:fixed]) or "/")
        if top is None:
            return []
        found = []
        for visit in _regular_files(top):
            below = os.fsdecode(visit.path).split("/")[1:]
            if names_match(below, wanted[fixed:]):
                found.append(top.joinpath(*below))
        return sorted(found)


def _may_be_half(file: Path, dumps: Dumps) -> bool:
    """Whether half of it is good for nothing, as of a dump or an archive; a log is worth what it holds."""
    name = os.fsencode(file.name)
    try:
        if kind(name) not in WRITTEN_WHOLE:
            with file.open("rb") as content:
                if not dumps.is_dump(name, content.read(HEAD)):
                    return False
        return not dumps.is_shown_whole(file)
    except NotLooked:
        return True


def _tally(found: Iterable[os.stat_result], until: datetime, moving: int = 0) -> FileTally:
    files = ahead = empty = 0
    newest: float | None = None
    latest = until.timestamp()
    for status in found:
        if not status.st_size:
            empty += 1
            continue
        files += 1
        changed = status.st_mtime
        if changed > latest:
            ahead += 1
        elif newest is None or changed > newest:
            newest = changed
    when = None if newest is None else datetime.fromtimestamp(newest, UTC)
    return FileTally(files=files + moving, newest=when, ahead=ahead, empty=empty, moving=moving)


def _regular_files(top: Path) -> Iterator[Visit]:
    base = os.open(top.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for visit in walk(base, os.fsencode(top.name)):
            if not isinstance(visit, Trouble) and stat.S_ISREG(visit.status.st_mode):
                yield visit
    finally:
        os.close(base)
