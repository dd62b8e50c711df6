"""What of the content of a process no drill that counts has compared: it never stood still, or is none."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from msgspec import Struct

from agent.core.configuration.exclude import os_bytes
from agent.core.evidence.evidence import WHOLE, Standing
from agent.core.model.drills import Compared, DrillRecord, Uncompared
from agent.core.snapshot.witness import sort_key

LARGE = 0.01  # of all bytes: an older drill compared such a file only when it names it


class Unproven(Struct, frozen=True, kw_only=True):
    """What was compared in none of the current drills."""

    vital: tuple[str, ...] = ()  # as configured
    files: tuple[Uncompared, ...] = ()  # the largest first, without those of `vital`
    unnamed_bytes: int = 0  # in files that no record names
    of_bytes: int = 0  # in the whole process

    @property
    def bytes(self) -> int:
        return self.unnamed_bytes + sum(each.bytes for each in self.files)

    @property
    def share(self) -> float:
        """Of all bytes."""
        return self.bytes / max(1, self.bytes, self.of_bytes)


def unproven(standings: Iterable[Standing], vital: Sequence[str]) -> Unproven:
    """Over the current drills of all copies: what one of them compared is proven.

    A drill that did not note what it compared says nothing, neither good nor bad.
    """
    drills = [drill for one in standings for drill in one.current if drill.compared is not None]
    drills.sort(key=lambda drill: drill.snapshot_at or drill.started, reverse=True)
    if not drills:
        return Unproven()
    looks = [_Look(drill, vital) for drill in drills]
    files = dict(_left(looks))
    open_vital = tuple(path for path in vital if _is_open(path, looks, files))
    others = [each for each in files.values() if not _is_below(each.path, open_vital)]
    return Unproven(
        vital=open_vital,
        files=tuple(sorted(others, key=lambda each: -each.bytes)),
        unnamed_bytes=_unnamed(looks),
        of_bytes=drills[0].total_bytes,
    )


class _Look:
    """One drill, made ready for many questions."""

    def __init__(self, drill: DrillRecord, vital: Sequence[str]) -> None:
        self.drill = drill
        self.compared = drill.compared or Compared()
        self.left: Mapping[str, Uncompared] = {each.path: each for each in self.compared.uncompared}
        cut = self.compared.uncompared_files > len(self.left)
        self._least = min((each.bytes for each in self.left.values()), default=0) if cut else 0
        self._large = frozenset(self.compared.large)
        self._vital = vital
        self._first, self._last = _key(self.compared.behind), _key(drill.cursor)

    def looked_at(self, path: str) -> bool:
        """Whether the file was in its part, had it existed."""
        if self.drill.share >= WHOLE or _is_below(path, self._vital):
            return True
        return self._first < _key(path) and (not self._last or _key(path) <= self._last)

    def saw_no_trouble(self, file: Uncompared) -> bool:
        """It was in its part, and either compared or gone; of too many to name the largest are named."""
        return file.path not in self.left and file.bytes >= self._least and self.looked_at(file.path)

    def has_compared(self, file: Uncompared) -> bool:
        """Whether a file that is known of a later snapshot was compared in this one, not only absent."""
        if file.path in self._large or file.path in self.drill.vital:
            return True
        return file.bytes < LARGE * self.drill.total_bytes and self.saw_no_trouble(file)


def _left(looks: Sequence[_Look]) -> Iterable[tuple[str, Uncompared]]:
    """The files that were compared in no drill that looked at them; `looks` are newest first."""
    seen: set[str] = set()
    for index, look in enumerate(looks):
        for path, file in look.left.items():
            if path in seen:
                continue
            seen.add(path)
            settled = any(newer.saw_no_trouble(file) for newer in looks[:index])
            if not settled and not any(older.has_compared(file) for older in looks[index + 1 :]):
                yield path, file


def _is_open(path: str, looks: Sequence[_Look], files: Mapping[str, Uncompared]) -> bool:
    """Whether a vital path was seen, and never compared whole or bit by bit."""
    if any(path in look.drill.vital for look in looks):
        return False
    doubted = [look for look in looks if path in look.drill.vital_uncompared]
    if not doubted:
        return path in files  # it became vital since
    why = [[each for each in look.left if _is_below(each, (path,))] for look in doubted]
    return not all(why) or any(each in files for left in why for each in left)


def _unnamed(looks: Sequence[_Look]) -> int:
    """The bytes of uncompared files that no record names: as many as in the best full drill."""
    rests = [
        (look.drill.share, look.compared.uncompared_bytes - sum(each.bytes for each in look.left.values()))
        for look in looks
    ]
    full = min((rest for share, rest in rests if share >= WHOLE), default=inf)
    return max(0, int(full)) if full < inf else max(0, *(rest for _, rest in rests))


def _is_below(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(f"{root.rstrip('/')}/") for root in roots)


def _key(path: str) -> bytes:
    return sort_key(os_bytes(path).strip(b"/"))
