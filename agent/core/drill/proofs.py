"""Judges what the proofs saw. Ages count from the snapshot, never from now."""

import posixpath
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from agent.core.model.runs import Outcome
from agent.core.model.snapshots import TableCounts
from agent.core.text.phrases import shortened
from agent.core.text.plain import count, duration, printable

# Files and rows may be younger than the snapshot: it takes a while, and some clocks tell local time.
AHEAD = 86400
FAR = 10**11  # an epoch number above this counts milliseconds
QUOTED = 120  # characters at the end of an output that a message repeats
ENDED_BY = {
    9: "it was killed",
    24: "it used more processor time than it may",
    25: "it wrote a larger file than it may",
}
NO_ROOM = (  # as errno and shells say it in C.UTF-8
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
    "File size limit exceeded",
)


class Judgement(Struct, frozen=True):
    """What one proof showed; `reason` is empty when it passed."""

    outcome: Outcome
    reason: str = ""
    output: str = ""


class Soundness(Struct, frozen=True):
    """What a look into a SQLite database showed: what is wrong with it, and the rows of each table."""

    faults: tuple[str, ...]
    rows: dict[str, int] = {}
    foreign: bool = False  # no SQLite database, or one that is encrypted: which of them cannot be told


class FileTally(Struct, frozen=True):
    """The regular files with content below one directory; `newest` is the newest up to the asked moment."""

    files: int
    newest: datetime | None = None
    ahead: int = 0  # files with a later time, which tell nothing
    empty: int = 0  # files of no byte: a name is no data
    moving: int = 0  # dumps that were being written: half of one is none


class CommandRun(Struct, frozen=True, kw_only=True):
    """How a proof command ended. `trouble` says why it was stopped, `unusable` why it was never run."""

    status: int = 0
    stdout: str = ""
    stderr: str = ""
    trouble: str = ""
    unusable: str = ""


def passed(output: str = "") -> Judgement:
    """The data is good."""
    return Judgement("passed", output=output)


def failed(reason: str, output: str = "") -> Judgement:
    """The data is bad; `reason` says what is."""
    return Judgement("failed", reason, output)


def not_tested(reason: str, output: str = "") -> Judgement:
    """Neither good nor bad; `reason` says what kept it from being tested."""
    return Judgement("not_tested", reason, output)


def tree_path(path: str) -> str:
    """A configured path as one below the restored tree: `/srv/orders/` is `srv/orders`."""
    return posixpath.normpath("/" + path).lstrip("/")


def noted_rows(database: str, facts: tuple[TableCounts, ...]) -> dict[str, int] | None:
    """The row counts that the snapshot carries for this database."""
    wanted = tree_path(database)
    return next((fact.rows for fact in facts if tree_path(fact.database) == wanted), None)


def judge_database(seen: Soundness, noted: dict[str, int] | None) -> Judgement:
    """Sound, and every table as long as it was when the snapshot was taken.

    What may be encrypted was not tested, unless its rows were counted before: then it is damaged.
    """
    if seen.foreign and noted is None:
        return not_tested("; ".join(seen.faults))
    if seen.faults:
        return failed("; ".join(seen.faults))
    if noted is None:
        return not_tested("it is sound, but the snapshot carries no row counts to compare with")
    wrong = [
        _difference(name, seen.rows.get(name), noted.get(name))
        for name in sorted(noted.keys() | seen.rows.keys())
        if seen.rows.get(name) != noted.get(name)
    ]
    if wrong:
        return failed("; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""))
    return passed(", ".join(f"{printable(name)}: {rows:,}" for name, rows in sorted(noted.items())[:20]))


def _difference(table: str, seen: int | None, noted: int | None) -> str:
    name = printable(table)
    if seen is None:
        return f"{name}: the table is missing, {count(noted or 0, 'row')} were noted at snapshot time"
    if noted is None:
        return f"{name}: the table was not there at snapshot time"
    return f"{name}: {count(seen, 'row')}, {noted:,} were noted at snapshot time"


def moment(value: str | int | float | None) -> datetime | None:
    """A time as databases keep it: ISO text (UTC when it says no zone), epoch seconds or milliseconds."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            if value.strip().replace(".", "", 1).isdigit() and len(value.strip()) > 8:
                return moment(float(value))
            found = datetime.fromisoformat(value.strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value / 1000 if abs(value) > FAR else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def judge_newest_row(value: str | int | float | None, max_age: int, snapshot_at: datetime) -> Judgement:
    """Whether the newest row is young enough, counted from the snapshot."""
    if value is None:
        return failed("the query found no row")
    newest = moment(value)
    if newest is None:
        return not_tested(f"the query returned {_quote(str(value))}, which is no time")
    if (newest - snapshot_at).total_seconds() > AHEAD:
        return not_tested(f"the newest row is of {_when(newest)}, later than the snapshot")
    return _judge_age("row", newest, max_age, snapshot_at)


def judge_newest_file(seen: FileTally | None, max_age: int, snapshot_at: datetime) -> Judgement:
    """Whether the newest file is young enough, counted from the snapshot."""
    if seen is None:
        return failed("it is not in the restored tree")
    if seen.newest is None and seen.moving:
        return not_tested("it was being written while the snapshot was taken: it may hold half of it")
    if seen.newest is None and seen.ahead:
        return not_tested(f"it holds only {count(seen.ahead, 'file')} dated later than the snapshot")
    if seen.newest is None:
        return failed(_nothing(seen.empty))
    return _judge_age("file", seen.newest, max_age, snapshot_at)


def judge_generations(seen: Mapping[str, FileTally], max_age: int, snapshot_at: datetime) -> Judgement:
    """Each of the files that a pattern names has to be young enough: a fresh one must not hide an old one."""
    if not seen:
        return failed("no file matches")
    judged = [(name, judge_newest_file(tally, max_age, snapshot_at)) for name, tally in sorted(seen.items())]
    for outcome in ("failed", "not_tested"):
        for name, one in judged:
            if one.outcome == outcome:
                return Judgement(one.outcome, f"{printable(name)}: {one.reason}", one.output)
    return passed("; ".join(f"{printable(name)}: {one.output}" for name, one in judged[:5]))


def _judge_age(what: str, newest: datetime, max_age: int, snapshot_at: datetime) -> Judgement:
    age = (snapshot_at - newest).total_seconds()
    if age <= max_age:
        return passed(f"the newest {what} is of {_when(newest)}")
    older = f"{duration(age)} older than the snapshot, {duration(max_age)} is allowed"
    return failed(f"the newest {what} is of {_when(newest)}: {older}")


def judge_file_count(seen: FileTally | None, at_least: int) -> Judgement:
    """Whether enough files came back."""
    if seen is None:
        return failed("it is not in the restored tree")
    if seen.files < at_least:
        return failed(f"{_with_content(seen)}, at least {at_least:,} expected")
    return passed(_with_content(seen))


def _nothing(empty: int) -> str:
    if not empty:
        return "it holds no file"
    return "it is empty" if empty == 1 else f"all {empty:,} files of it are empty"


def _with_content(seen: FileTally) -> str:
    if not seen.empty:
        return count(seen.files, "file")
    return f"{count(seen.files, 'file')} with content and {seen.empty:,} empty"


def judge_archives(seen: list[tuple[str, Judgement]]) -> Judgement:
    """All of them must be good: name each bad one, then each that could not be read."""
    if not seen:
        return failed("no file matches")
    for outcome in ("failed", "not_tested"):
        wrong = [(name, judged.reason) for name, judged in seen if judged.outcome == outcome]
        if wrong:
            more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
            reason = "; ".join(f"{printable(name)}: {reason}" for name, reason in wrong[:3]) + more
            return failed(reason) if outcome == "failed" else not_tested(reason)
    return passed(", ".join(printable(name) for name, _ in seen[:20]))


def judge_command(run: CommandRun, expect: str | None, expect_status: int) -> Judgement:
    """Exit status and the whole trimmed standard output.

    126 and 127 are the shell's words for "cannot be started": a check that never ran is neither good nor
    bad. Nor is one that was stopped or killed, or ran out of time, memory or room: that says something of
    the machine and of the proof's limits, and nothing of the data.
    """
    output = shortened(printable((run.stdout.strip() or run.stderr.strip()), keep_newlines=True), 2000)
    said = run.stderr.strip() or run.stdout.strip()
    told = f": {_quote(said)}" if said else ""
    if run.unusable:
        return not_tested(run.unusable, output)
    if run.trouble:
        return not_tested(f"{run.trouble}{told}", output)
    unlike = run.status != expect_status  # what was expected
    if not unlike and (expect is None or run.stdout.strip() == expect.strip()):
        return passed(output)
    if excuse := _excuse(run, unlike):
        return not_tested(f"{excuse}{told}", output)
    if unlike:
        return failed(f"exit status {run.status}, {expect_status} expected{told}", output)
    return failed(f"it printed {_quote(run.stdout)}, {_quote(expect or '')} expected", output)


def _excuse(run: CommandRun, unlike: bool) -> str:
    """What kept a command from judging the data; empty when nothing seems to have."""
    if unlike and run.status in (126, 127):
        return f"a command could not be started (exit status {run.status})"
    for signal, what in ENDED_BY.items():
        if unlike and run.status in (-signal, 128 + signal):
            return what
    said = f"{run.stderr}\n{run.stdout}"
    return "there was no room left to write" if any(words in said for words in NO_ROOM) else ""


def _quote(text: str) -> str:
    """The end of what was printed: there stands what a server or a loader gave up for."""
    whole = printable(text.strip())
    return f'"{whole}"' if len(whole) <= QUOTED else f'... "{whole[-QUOTED:].lstrip()}"'


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
