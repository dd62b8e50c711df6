"""When dumps were written: of one that is dated ahead, as by a clock that was wrong, nobody knows.

While it counted as the newest generation of its dump, nothing would be said of those that came after it.
"""

from collections.abc import Mapping, Sequence

from msgspec import structs

from agent.core.configuration.exclude import os_text
from agent.core.kinds.generations import generations
from agent.core.kinds.kinds import Dump


def ahead_last(dumps: Sequence[Dump], newest: Mapping[bytes, int]) -> Sequence[Dump]:
    """The dumps; one that is dated ahead is the oldest generation where there is any other.

    `newest` is the time of the newest file in each directory, but for those that are dated ahead.
    """
    ahead = {f"/{os_text(dump.path)}" for dump in dumps if _is_ahead(dump, newest)}
    if not ahead:
        return dumps
    found = generations({f"/{os_text(dump.path)}": dump.mtime_ns / 1e9 for dump in dumps})
    last = {
        path for same in found if not ahead.issuperset(same.paths) for path in ahead.intersection(same.paths)
    }
    return [structs.replace(dump, mtime_ns=0) if f"/{os_text(dump.path)}" in last else dump for dump in dumps]


def _is_ahead(dump: Dump, newest: Mapping[bytes, int]) -> bool:
    known = newest.get(dump.path.rpartition(b"/")[0])
    return known is not None and dump.mtime_ns > known
