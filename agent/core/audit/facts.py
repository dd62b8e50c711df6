"""What the checklist asks about: the drills of the period and of the year, process by process."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from msgspec import Struct

from agent.core.audit.records import History, Item, Period, Row, config_at
from agent.core.evidence.evidence import is_full
from agent.core.model.config_record import ConfigRecord, PromisedProcess
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Entry
from agent.core.text.phrases import joined
from agent.core.text.plain import printable

QUESTIONS = (
    "Population: every drill that was due in the period is listed, also those that fell out or failed",
    "Cadence: every due drill was made, and no process stayed untested for a quarter of a year",
    "Every process of tier 1 was restored in full within 12 months, also from an older snapshot",
    "The recovery point of every drill is identified, by snapshot and time",
    "Drills restored into a place apart, and did not touch production",
    "Phases carry times, and the source of the clock is stated",
    "What was measured stands beside the objectives for recovery time and recovery point",
    "Integrity: restored files were compared by hash",
    "Completeness: entries were counted and compared with what was expected",
    "The application's data were proven, not only that files are there",
    "Expected values do not come from the restored copy",
    "Negative control: the check is known to fail on a damaged copy",
    "The second copy, and one that nobody can change, were restored too",
    "Somebody other than the author found the key and the password, with key people absent",
    "Failures were opened, owned, mended and tested again, and how many days that took",
    "Which version of the runbook was used, and what was changed after the test",
    "Exercises have their after-action reports",
    "An independent reviewer has looked, and the business owner signed in the last quarter",
    "Tampering shows: the chain holds, and its head is one that was mailed",
    "Restored sensitive data were removed after the test",
    "The alarm was tested and reached a person",
    "The scope is stated: what was not tested",
)
NEVER_MET = (5, 12, 14, 16, 17, 18, 19, 20)  # what no record can show, however good they are


class Facts(Struct, frozen=True, kw_only=True):
    """Drills oldest first: those `tested` in the period with a result, those of the `year` before its end."""

    history: History
    period: Period
    rows: tuple[Row, ...]
    config: Entry | None  # that held at the end of the period
    processes: tuple[PromisedProcess, ...]
    tested: tuple[Entry, ...]
    year: tuple[Entry, ...]

    def newest_tested(self, process: str, *, full: bool = False) -> Entry | None:
        """The newest drill of a process in the period that came to a result."""
        mine = (entry for entry in reversed(self.tested) if drill_of(entry).process == process)
        return next((entry for entry in mine if not full or is_full(drill_of(entry))), None)


def facts(history: History, period: Period, rows: tuple[Row, ...]) -> Facts:
    """Sort out what counts."""
    listed = {row.drill_record for row in rows}
    drills = [entry for entry in history.drills if isinstance(entry.body, DrillRecord)]
    config = config_at(history, min(period.ends, history.at))
    body = config.body if config else None
    since = period.ends - timedelta(days=365)
    return Facts(
        history=history,
        period=period,
        rows=rows,
        config=config,
        processes=body.processes if isinstance(body, ConfigRecord) else (),
        tested=tuple(e for e in drills if e.sequence in listed and drill_of(e).outcome != "not_tested"),
        year=tuple(entry for entry in drills if since <= drill_of(entry).started < period.ends),
    )


def drill_of(entry: Entry) -> DrillRecord:
    """The drill that a record tells of."""
    assert isinstance(entry.body, DrillRecord)
    return entry.body


def numbers(entries: Iterable[Entry | None]) -> tuple[int, ...]:
    """The numbers of records."""
    return tuple(entry.sequence for entry in entries if entry)


def names(words: Iterable[str]) -> str:
    """Some names, each once, safe to show."""
    return printable(joined(list(dict.fromkeys(words))))


def met(number: int, why: str, records: Iterable[int] = ()) -> Item:
    """Records show it."""
    return _item(number, "met", why, records)


def not_met(number: int, why: str, records: Iterable[int] = ()) -> Item:
    """Records show that it is not so, or what it asks for is lacking."""
    return _item(number, "not met", why, records)


def unknown(number: int, why: str, records: Iterable[int] = ()) -> Item:
    """Nobody looked, or readiness cannot know."""
    return _item(number, "unknown", why, records)


def _item(number: int, state: str, why: str, records: Iterable[int]) -> Item:
    question = QUESTIONS[number - 1]
    return Item(number=number, question=question, state=state, why=why, records=tuple(records))  # type: ignore[arg-type]


def of_each_process(
    number: int,
    known: Facts,
    is_good: Callable[[DrillRecord], bool],
    good: str,
    wrong: str,
    *,
    full: bool = False,
) -> Item:
    """Met when the newest test of every process shows it; `good` says so, `wrong` what is."""
    newest = {one.name: known.newest_tested(one.name, full=full) for one in known.processes}
    bad = [name for name, entry in newest.items() if entry and not is_good(drill_of(entry))]
    lacking = [name for name, entry in newest.items() if not entry]
    if bad:
        return not_met(number, f"{wrong}: {names(bad)}.", numbers(newest[name] for name in bad))
    if lacking or not newest:
        whose = f" of {names(lacking)}" if lacking else ""
        kind = "full drill" if full else "drill"
        return unknown(number, f"No {kind}{whose} came to a result in the period.", numbers(newest.values()))
    return met(number, f"{good}.", numbers(newest.values()))
