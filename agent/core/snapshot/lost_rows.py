"""SQLite databases that hold less than they did: at once, step by step within weeks, or nothing any more.

Those that a proof names count table by table. Of the others, which may be anybody's cache, what is vital
makes the snapshot bad, and the rest is told when most of all rows are gone.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct, structs

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import DatabaseNote, SnapshotRecord, TableCounts
from agent.core.snapshot.extent import COLLAPSE, NAMED, Scan, is_habit
from agent.core.snapshot.live_databases import Copied
from agent.core.snapshot.shrinkage import fell
from agent.core.snapshot.vital import is_vital
from agent.core.text.plain import count

SOME = 10  # rows that a table, or a database, has to have had
MANY = 100  # a table of a database that no proof names
FEW = 5  # one of a vital database that has no rows left
SHARE = 4  # a part of the rows of its database: a table that had so many is one that it is for
TOLD = 3  # tables of each
AS_MANY = 0.9  # of the rows: so many in a table that is new are those of one that is gone
NOTED_TABLES = 500  # of all databases together, with every snapshot: the largest of each
LEAST_NOTED = 5  # of each
_CACHE = re.compile(r"/(?:[^/]*[ ._-])?(?:cache[sd]?|cache2|cachestorage|tmp|temp)/", re.IGNORECASE)
# tables that run empty, or are dropped, as their work is done
_PASSING = re.compile(
    r"(?:\A|[^a-z])(?:jobs?|tasks?|outbox|spool|pending|locks?|tokens?|te?mp|old|bak|backup)(?![a-z])"
    r"|queue|session|cache",
    re.IGNORECASE,
)
# what a full-text index keeps its own pages in, which it merges, beside the tables that say that it is one
_INDEX = re.compile(r"(.+)_(?:data|idx|segments|segdir)\Z")
_ABOUT_INDEX = re.compile(r"(.+)_(?:docsize|config|stat)\Z")
_OF_INDEX = ("_docsize", "_config", "_content", "_stat")


class _Past(Struct):
    """The rows of one database in earlier snapshots, oldest first; from `begin` on they are a measure."""

    rows: list[dict[str, int]]
    begin: int = 0

    def of(self, table: str) -> list[int]:
        return [rows.get(table, 0) for rows in self.rows]

    def tables(self) -> set[str]:
        return {name for rows in self.rows[self.begin :] for name in rows}

    def renamed(self, table: str, now: dict[str, int]) -> bool:
        """Whether a table that is gone has another name since: one with as many rows was new right then."""
        states = [*self.rows, now]
        last = max((at for at, rows in enumerate(states) if rows.get(table)), default=len(self.rows))
        if last == len(self.rows):
            return False
        before, after = states[last : last + 2]
        gone = [each for each in before.keys() - after.keys() if _as_many(before[each], before[table])]
        new = [each for each in after.keys() - before.keys() if _as_many(after[each], before[table])]
        return table in gone and len(new) >= len(gone)

    def fell(self, past: Sequence[int], now: int, least: int, low: int = 0) -> bool:
        """Below half of the most since a person accepted less, and as low as never before."""
        return fell(past[self.begin :], now, least) and not is_habit(past, max(now, low))


def noted_databases(found: Copied) -> tuple[DatabaseNote, ...]:
    """What a record keeps of databases that stand still; those that were copied are noted as such.

    Of very many of the first, which are the vital ones.
    """
    noted = found.at_rest[: NOTED_TABLES // LEAST_NOTED]
    most = NOTED_TABLES // max(len(noted), 1)
    return tuple(
        DatabaseNote(known.path, dict(sorted(known.rows.items(), key=lambda row: -row[1])[:most]))
        for known in noted
    )


def known_databases(earlier: Iterable[SnapshotRecord]) -> frozenset[str]:
    """What was a database in the `earlier` snapshots, since the last accepted one."""
    return frozenset(path for path, past in _pasts(earlier).items() if past.begin < len(past.rows))


def fewer_rows(
    process: CriticalProcess, tables: Sequence[TableCounts], good: SnapshotRecord | None
) -> list[Finding]:
    """Tables that lost most of their rows, or went away, since the last good snapshot.

    One that is called like a queue, or has a few rows among others, may lose them: what that comes to within
    weeks is told otherwise.
    """
    before = {path: _data(rows) for path, rows in _rows(good).items()} if good else {}
    return [
        _lost(process, f"Table {table} of {now.database}", left, rows, "the last good snapshot", now.database)
        for now in tables
        for table, rows in before.get(now.database, {}).items()
        if (left := now.rows.get(table, 0)) < COLLAPSE * rows
        and not _PASSING.search(table)
        and not (_is_small(rows, table, now) and any(_data(now.rows).values()))
        and not _Past([before[now.database]]).renamed(table, _data(now.rows))
    ]


def _is_small(rows: int, table: str, now: TableCounts) -> bool:
    """Whether a table that is still there had so few rows that half of them go on any day, as a cart's."""
    return rows < SOME and table in now.rows


def fewer_rows_than_ever(
    process: CriticalProcess, tables: Sequence[TableCounts], earlier: Sequence[SnapshotRecord]
) -> list[Finding]:
    """A warning for each table of a database that a proof names with less than half of the most in `earlier`.

    What is less than half of the last good snapshot is an error already.
    """
    pasts = _pasts(earlier)
    findings = []
    for now in tables:
        past = pasts.get(now.database)
        if now.found or past is None or past.begin == len(past.rows):
            continue
        for table in sorted(past.tables()):
            counts, left = past.of(table), now.rows.get(table, 0)
            is_small = _is_small(counts[-1], table, now)
            is_passing = _PASSING.search(table) is not None
            is_news = left >= COLLAPSE * counts[-1] or is_passing or is_small
            least = 1 if is_small and not left and not is_passing else SOME
            slipped = is_news and past.fell(counts, left, least)
            if slipped and not past.renamed(table, _data(now.rows)):
                what = f"Table {table} of {now.database}"
                findings.append(_slipped(process, what, left, max(counts[past.begin :]), now.database))
    return findings


def emptied(
    process: CriticalProcess,
    scan: Scan,
    found: Copied,
    changing: Collection[str],
    earlier: Sequence[SnapshotRecord],
) -> list[Finding]:
    """What is wrong with databases that no proof names, by what they held in the `earlier` snapshots."""
    pasts = _pasts(earlier)
    findings = [
        each
        for path, why in found.former
        if path not in changing and (each := _former(process, scan, path, why))
    ]
    findings += [
        structs.replace(each, severity="warning")
        for path, why in found.behind_logs
        if path not in changing and (each := _former(process, scan, path, why))
    ]
    now = {known.database: known.rows for known in found.tables}
    now |= {known.path: known.rows for known in found.at_rest}
    for path, rows in now.items():
        past = pasts.get(path)
        if past is not None and past.begin < len(past.rows):
            findings += _compared(
                process, path, _data(rows), past, is_vital(scan, os_bytes(path).strip(b"/"))
            )
    return findings[:NAMED]


def _compared(
    process: CriticalProcess, path: str, rows: dict[str, int], past: _Past, vital: bool
) -> list[Finding]:
    if not vital and _is_cached(process, path):
        return []
    if found := _all_of_it(process, path, rows, past, vital):
        return found
    findings = [
        each
        for table in sorted(past.tables())
        if not past.renamed(table, rows) and (each := _of_table(process, path, table, rows, past, vital))
    ]
    return sorted(findings, key=lambda each: each.severity != "error")[:TOLD]


def _all_of_it(
    process: CriticalProcess, path: str, rows: dict[str, int], past: _Past, vital: bool
) -> list[Finding]:
    """That most of all rows are gone; of a vital database without those of tables that run empty."""
    lasting = {name for known in (*past.rows, rows) for name in known if not _PASSING.search(name)}
    if not vital or not any(known.get(name) for known in past.rows[past.begin :] for name in lasting):
        lasting = {name for known in (*past.rows, rows) for name in known}
    total, *totals = (sum(known.get(name, 0) for name in lasting) for known in (rows, *past.rows))
    most = max(totals[past.begin :])
    if not past.fell(totals, total, 1 if vital and not total else SOME, 0 if vital else most // 4):
        return []
    at_once = vital and total < COLLAPSE * totals[-1]
    return [(_lost_all if at_once else _slipped)(process, f"The database {path}", total, most, path)]


def _of_table(
    process: CriticalProcess, path: str, table: str, rows: dict[str, int], past: _Past, vital: bool
) -> Finding | None:
    counts, left = past.of(table), rows.get(table, 0)
    most = max(counts[past.begin :])
    least = MANY if left or not vital else FEW if table in rows else 1
    if (left and not vital) or not past.fell(counts, left, least, 0 if vital else most // 4):
        return None
    is_main = most >= MANY or (most >= SOME and most * SHARE >= sum(past.rows[-1].values()))
    wiped = vital and not left and counts[-1] > 0 and not _PASSING.search(table)
    bad = wiped and (is_main or table not in rows)
    return (_lost_all if bad else _slipped)(process, f"Table {table} of {path}", left, most, path)


def _former(process: CriticalProcess, scan: Scan, path: str, why: str) -> Finding | None:
    """That a file is no database any more, where it is still among what is saved, and is no cache."""
    place = os_bytes(path).strip(b"/")
    vital = is_vital(scan, place)
    if leaves_out(compile_excludes(process.exclude), place) or (not vital and _is_cached(process, path)):
        return None
    found = finding(
        "database-damaged",
        process.name,
        f"{path} was a SQLite database within the last four weeks, and {why}.",
        "Restore it from an older snapshot: readiness drill --snapshot last-good finds one. "
        f"If this is meant: readiness snapshot --accept {process.name}",
        path,
    )
    return found if vital else structs.replace(found, severity="warning")


def _is_cached(process: CriticalProcess, path: str) -> bool:
    """Whether a directory below a path of the process is called like one of caches."""
    below = [
        path[len(root.rstrip("/")) :] for root in process.paths if path.startswith(root.rstrip("/") + "/")
    ]
    return any(_CACHE.search(each) for each in below)


def _lost_all(process: CriticalProcess, what: str, left: int, most: int, path: str) -> Finding:
    return _lost(process, what, left, most, "within the last four weeks it", path)


def _slipped(process: CriticalProcess, what: str, left: int, most: int, path: str) -> Finding:
    return structs.replace(_lost_all(process, what, left, most, path), severity="warning")


def _lost(process: CriticalProcess, what: str, left: int, most: int, when: str, path: str) -> Finding:
    hint = f"If this is meant: readiness snapshot --accept {process.name}"
    message = f"{what} has {count(left, 'row')}; {when} had {most:,}."
    return finding("database-collapsed", process.name, message, hint, path)


def _pasts(earlier: Iterable[SnapshotRecord]) -> dict[str, _Past]:
    pasts: dict[str, _Past] = {}
    for record in earlier:
        if record.accepted:
            for past in pasts.values():
                past.begin = len(past.rows)
        for path, rows in _rows(record).items():
            pasts.setdefault(path, _Past([])).rows.append(_data(rows))
    return pasts


def _rows(record: SnapshotRecord) -> dict[str, dict[str, int]]:
    noted = {known.path: known.rows for known in record.databases}
    return noted | {known.database: known.rows for known in record.tables}


def _data(rows: dict[str, int]) -> dict[str, int]:
    """Without the tables in which a full-text index merges its pages: fewer of them are no loss."""
    return {table: number for table, number in rows.items() if not _is_index(table, rows)}


def _as_many(rows: int, before: int) -> bool:
    return AS_MANY * before <= rows <= before / AS_MANY


def _is_index(table: str, rows: Collection[str]) -> bool:
    if of := _INDEX.match(table):
        return any(of.group(1) + ending in rows for ending in _OF_INDEX)
    about = _ABOUT_INDEX.match(table)
    return about is not None and any(about.group(1) + ending in rows for ending in ("_data", "_segdir"))
