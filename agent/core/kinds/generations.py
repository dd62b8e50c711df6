"""Which files are generations of one: their names differ in a date, a time or the suffix of a rotation.

A short number may name a weekday as well as a customer, and a word a day as well as a person. Only times that
lie apart tell which. So may digits that look like a date: they are believed where the files were written when
they say.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, combinations, pairwise

from msgspec import Struct

from agent.core.kinds.day_names import day_or_number
from agent.core.kinds.unsigned_dates import Days, days_of, tells_when

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
MOST_UNSIGNED = 3  # dates without signs in one name that are doubted
FEWEST = 3  # files whose names differ in short numbers, for them to be a rotation
MANY = 5  # of so many one may be odd
CLOSEST = 600.0  # seconds between two of a rotation
UNEVEN = 4  # times the smallest gap may be smaller than the median one
LATE = 8  # times the largest gap may be larger: a rotation rests when the job does


class Generations(Struct, frozen=True):
    """The files that are one dump, written again and again."""

    name: str
    numbered: bool  # a rotation by short numbers
    paths: tuple[str, ...]
    kept: frozenset[int] = frozenset()  # which of the dates in their names are none

    def holds(self, path: str) -> bool:
        """Whether a file of this name would be one of them."""
        name = _name(path, self.kept)
        return self.name == (unnumbered(name) if self.numbered else name)


def bare(path: str) -> str:
    """The path of a file without what packing it, or writing it beside, puts behind its name."""
    return re.sub(_WRAPPED, "", path)


@lru_cache(maxsize=20_000)
def names_of(path: str) -> frozenset[str]:
    """The names of generations that a file may belong to."""
    unsigned = [index for index, days in enumerate(_dates(path)) if days][:MOST_UNSIGNED]
    some = chain.from_iterable(combinations(unsigned, number) for number in range(len(unsigned) + 1))
    names = {_name(path, frozenset(kept)) for kept in some}
    return frozenset(names | {unnumbered(name) for name in names})


def generations(times: Mapping[str, float]) -> list[Generations]:
    """The files of these paths, written at these times (in seconds), as the generations that they are."""
    dated: dict[str, list[str]] = {}
    for path in times:
        dated.setdefault(undated(path), []).append(path)
    alike: dict[tuple[str, frozenset[int]], dict[str, list[str]]] = {}
    for same in dated.values():
        kept = _no_dates(same, times)
        for path in same:
            name = _name(path, kept)
            alike.setdefault((unnumbered(name), kept), {}).setdefault(name, []).append(path)
    found: list[Generations] = []
    for (name, kept), kinds in alike.items():
        paths = [path for each in kinds.values() for path in each]
        if len(kinds) == len(paths) and _is_rotation([times[path] for path in paths]):
            found.append(Generations(name, True, tuple(paths), kept))
        else:
            found += [Generations(kind, False, tuple(each), kept) for kind, each in kinds.items()]
    return found


def _no_dates(paths: Sequence[str], times: Mapping[str, float]) -> frozenset[int]:
    """Which of the dates in these names, which differ in nothing else, are numbers for all that is known."""
    if len(paths) == 1:  # nothing tells
        return frozenset()
    written = [times[path] for path in paths]
    columns = zip(*(_dates(path) for path in paths), strict=True)
    return frozenset(
        index for index, column in enumerate(columns) if all(column) and not tells_when(column, written)
    )


def undated(path: str) -> str:
    """Equal for names that differ in a date, a time or the suffix of a rotation alone."""
    return _name(path, frozenset())


@lru_cache(maxsize=20_000)
def _name(path: str, kept: frozenset[int]) -> str:
    """Without dates, but for those that are none; without the suffix of a rotation."""
    if not kept:
        return re.sub(_ROTATED, "", _when().sub("\0", path))
    parts: list[str] = []
    begin = 0
    for index, found in enumerate(_when().finditer(path)):
        parts += [path[begin : found.start()], found[0] if index in kept else "\0"]
        begin = found.end()
    return re.sub(_ROTATED, "", "".join((*parts, path[begin:])))


@lru_cache(maxsize=20_000)
def _dates(path: str) -> tuple[Days, ...]:
    """For each date in a name when it may be, where it is digits without any sign."""
    return tuple(days_of(found[0]) for found in _when().finditer(path))


@cache
def _when() -> re.Pattern[str]:
    """Not at import: `readiness status` has few milliseconds, and most have no dumps."""
    return re.compile(_WHEN)


def unnumbered(name: str) -> str:
    """Equal for names that differ in short numbers, or in names of weekdays and months, alone."""
    return day_or_number().sub("\1", name)


def _is_rotation(times: list[float]) -> bool:
    """One job writes them in turn: they lie apart, and none was left behind by the others.

    Of many one may be closer to the next: somebody wrote it once more.
    """
    if len(times) < FEWEST:
        return False
    ordered = sorted(times)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    middle = sorted(gaps)[(len(gaps) - 1) // 2 : len(gaps) // 2 + 1]
    usual = sum(middle) / len(middle)
    close = sorted(gaps)[1 if len(times) >= MANY else 0]
    return min(gaps) > CLOSEST and close * UNEVEN >= usual and max(gaps) <= usual * LATE
