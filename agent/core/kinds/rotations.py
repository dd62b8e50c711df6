"""What was rotated away, as logs are: another file, with a number, a date or `old` in its name, holds it."""

import posixpath
import re
from collections.abc import Callable, Iterable

from msgspec import Struct

PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4")
PACKED_TO = 1000  # no text is packed to less than such a part of it
PACKED_LEAST = 64  # bytes; what is packed and smaller holds nothing, or next to it
LOOKED_INTO = 30  # turns of one file, at most
_NUMBER = r"\d[\dT:._-]*Z?"
_WORD = r"(?:old|bak|backup|orig|prev(?:ious)?|last|save|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\d*"
_BEHIND = re.compile(rf"(?:[-_.]?{_NUMBER}|[-_.]{_WORD}|~){{0,2}}", re.IGNORECASE)
_WITHIN = re.compile(rf"[-_.]{_NUMBER}", re.IGNORECASE)


class Turn(Struct, frozen=True):
    """A file that may hold what was rotated away. `holds`: whether it does; None where nobody can tell."""

    place: bytes
    size: int
    changed_ns: int  # its ctime, which a rename sets as well
    holds: Callable[[], bool | None]

    @property
    def is_packed(self) -> bool:
        return self.place.endswith(tuple(map(str.encode, PACKED)))


class Turns(Struct, frozen=True):
    """All that are among the files of a process now, and that were in the last good snapshot."""

    now: tuple[Turn, ...] = ()
    before: frozenset[bytes] = frozenset()


def is_turn(name: str, other: str) -> bool:
    """Whether `other` is named as a turn of `name`: orders.log.1, orders.log-20261130.gz, orders-2026.log."""
    if other == name:
        return False
    plain = other.removesuffix(next((end for end in PACKED if other.endswith(end)), ""))
    if other.startswith(name):
        return _BEHIND.fullmatch(plain[len(name) :]) is not None
    stem, ending = posixpath.splitext(name)
    if not (stem and ending and other.startswith(stem)):
        return False
    kept = other if other.endswith(ending) else plain
    within = kept[len(stem) : -len(ending)]
    return kept.endswith(ending) and _WITHIN.fullmatch(within) is not None


def turned_into(place: bytes, bytes_: int, turns: Turns, since_ns: int) -> Turn | None:
    """The turn, new since then, that holds what a file of so many bytes held.

    In another directory only by its content. Where files are rotated beside it as a habit, by its size: what
    it held then may have aged out.
    """
    new = [turn for turn in turns.now if turn.changed_ns >= since_ns]
    asked = {turn.place: turn.holds() for turn in _newest(new)}
    if found := next((turn for turn in new if asked.get(turn.place)), None):
        return found
    beside = [
        turn for turn in new if _directory(turn.place) == _directory(place) and _is_enough(turn, bytes_)
    ]
    habit = any(_directory(each) == _directory(place) and _has_number(place, each) for each in turns.before)
    return next((turn for turn in beside if habit or asked.get(turn.place) is None), None)


def still_there(place: bytes, bytes_: int, turns: Turns) -> Turn | None:
    """The turn that holds what the one at `place` held in the last good snapshot: that one, or it again.

    `bytes_`: of the file that was rotated away.
    """
    first = sorted(_newest(turns.now), key=lambda turn: turn.place != place)
    asked = {turn.place: turn.holds() for turn in first}
    sure = next((turn for turn in first if asked[turn.place]), None)
    return sure or next((t for t in first if asked[t.place] is None and _is_enough(t, bytes_)), None)


def aged_out(turns: Turns) -> bool:
    """Whether the oldest may be gone because there are as many as before: the rotation went on."""
    return len(turns.now) >= len(turns.before) >= 2


def _newest(turns: Iterable[Turn]) -> list[Turn]:
    return sorted(turns, key=lambda turn: -turn.changed_ns)[:LOOKED_INTO]


def _directory(place: bytes) -> bytes:
    return place.rpartition(b"/")[0]


def _has_number(place: bytes, turn: bytes) -> bool:
    stem = posixpath.splitext(place)[0]
    return any(chr(each).isdigit() for each in turn.removeprefix(stem))


def _is_enough(turn: Turn, before: int) -> bool:
    least = min(before, max(PACKED_LEAST, before // PACKED_TO)) if turn.is_packed else before
    return turn.size >= least
