"""Which files are generations of one: their names differ in a date, a time or the suffix of a rotation.

A short number may name a weekday as well as a customer. Only times that lie apart tell which.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import pairwise

from msgspec import Struct

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_NEAR = r"[23]\d"  # years of two digits: six digits may as well number customers
_NAMED = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAYS = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_DATE = (
    rf"{_YEAR}(?P<a>[-_. /])\d{{1,2}}(?P=a)\d{{1,2}}|\d{{1,2}}(?P<b>[-_. ])\d{{1,2}}(?P=b){_YEAR}"
    rf"|{_YEAR}[-_]?(?:KW|W)\d\d|{_YEAR}[-_. ]?{_NAMED}[-_. ]?\d{{1,2}}"
    rf"|\d{{1,2}}[-_. ]?{_NAMED}[-_. ]?{_YEAR}"
    rf"|{_YEAR}{_MONTH}{_DAY}\d*|{_DAY}{_MONTH}{_YEAR}|{_MONTH}{_DAY}{_YEAR}"
    rf"|{_NEAR}{_MONTH}{_DAY}(?:\d{{4}}|\d{{6}})?|{_DAY}{_MONTH}{_NEAR}"
    rf"|1[4-9]\d{{8}}(?:\d{{3}}|\d{{6}})?|20\d\d[-_]?{_MONTH}"
)
_TIME = (
    r"[-_. T]?(?:at[-_. ]?)?\d{1,2}[-_.:h]\d\d(?:[-_.:m]\d\d)?[ms]?"
    r"|[-_. T](?:[01]\d|2[0-3])[0-5]\d(?![-_.]\d)|[-_. T]?\d{6,}"
)
_ZONE = r"(?:\.\d{3,})?(?:Z|[-_+. ]?UTC|[+-]\d\d:?\d\d)?"
_WHEN = (
    rf"(?<!\d)(?:{_DATE})(?!\d)(?:(?:{_TIME})(?!\d){_ZONE})?(?:[-_. ](?:{_DAYS}|{_NAMED})(?![A-Za-z]))?"
    r"|(?i:(?<![a-z])week[-_. ]?\d\d?(?!\d))"
    r"|(?<![\d.])\d+\.\d+\.\d+(?!\.?\d)"  # the version of what wrote it
)
_ROTATED = r"(?<!\d)\.\d{1,3}(?:\.(?:gz|bz2|xz|zst|lz4|Z))?(?=/|\Z)"
_WRAPPED = r"(?:\.(?:gz|bz2|xz|zst|lz4|Z|new|tmp|part|partial))+\Z"
FEWEST = 3  # files whose names differ in short numbers, for them to be a rotation
CLOSEST = 600.0  # seconds between two of a rotation
UNEVEN = 4  # times the smallest gap may be smaller than the median one
LATE = 8  # times the largest gap may be larger: a rotation rests when the job does


class Generations(Struct, frozen=True):
    """The files that are one dump, written again and again."""

    name: str
    numbered: bool  # a rotation by short numbers
    paths: tuple[str, ...]

    def holds(self, path: str) -> bool:
        """Whether a file of this name would be one of them."""
        return self.name == (_unnumbered(path) if self.numbered else undated(path))


def bare(path: str) -> str:
    """The path of a file without what packing it, or writing it beside, puts behind its name."""
    return re.sub(_WRAPPED, "", path)


def names_of(path: str) -> set[str]:
    """The names of generations that a file may belong to."""
    return {undated(path), _unnumbered(path)}


def generations(times: Mapping[str, float]) -> list[Generations]:
    """The files of these paths, written at these times (in seconds), as the generations that they are."""
    alike: dict[str, dict[str, list[str]]] = {}
    for path in times:
        alike.setdefault(_unnumbered(path), {}).setdefault(undated(path), []).append(path)
    found: list[Generations] = []
    for name, kinds in alike.items():
        paths = [path for each in kinds.values() for path in each]
        if len(kinds) == len(paths) and _is_rotation([times[path] for path in paths]):
            found.append(Generations(name, True, tuple(paths)))
        else:
            found += [Generations(kind, False, tuple(each)) for kind, each in kinds.items()]
    return found


@lru_cache(maxsize=20_000)
def undated(path: str) -> str:
    """Equal for names that differ in a date, a time or the suffix of a rotation alone."""
    return re.sub(_ROTATED, "", _when().sub("\0", path))


@cache
def _when() -> re.Pattern[str]:
    """Not at import: `readiness status` has few milliseconds, and most have no dumps."""
    return re.compile(_WHEN)


@lru_cache(maxsize=20_000)
def _unnumbered(path: str) -> str:
    return re.sub(r"\d+", "\1", undated(path))


def _is_rotation(times: list[float]) -> bool:
    """One job writes them in turn: they lie apart, and none was left behind by the others."""
    if len(times) < FEWEST:
        return False
    ordered = sorted(times)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    middle = sorted(gaps)[(len(gaps) - 1) // 2 : len(gaps) // 2 + 1]
    usual = sum(middle) / len(middle)
    return min(gaps) > CLOSEST and min(gaps) * UNEVEN >= usual and max(gaps) <= usual * LATE
