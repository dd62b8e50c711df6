"""When is a task due: pure arithmetic on what came of its runs so far.

A run that came to nothing is tried again with growing pauses and never counts as done. Regular runs that
fell out, because the machine was off, are caught up by one run.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import CriticalProcess, Rhythm
from agent.core.model.runs import Outcome

FIRST_PAUSE = 60  # seconds before the first attempt is repeated; doubled for each further one
LONGEST_PAUSE = 3600
AFTER_BAD = timedelta(days=1)  # a drill that failed is repeated tomorrow, not next week
COUNTED = 1000  # missed runs that are counted at most


class Past(Struct, frozen=True, kw_only=True):
    """What became of a task's runs so far."""

    done: datetime | None = None  # start of the last run that was done
    tried: datetime | None = None  # end of the last attempt
    failures: int = 0  # attempts since `done` that came to nothing
    bad: bool = False  # the run that was done last showed that something is bad
    failed: datetime | None = None  # start of a drill that somebody made since, and that failed


def next_run(rhythm: Rhythm, past: Past, zone: ZoneInfo) -> datetime | None:
    """When the next run is due; None for a task that was never done nor tried: at once."""
    if past.failures and past.tried is not None:
        return past.tried + timedelta(seconds=pause(past.failures, rhythm))
    if past.done is None:
        return None
    regular = following(rhythm, past.done, zone)
    bad = [at + AFTER_BAD for at in (past.done if past.bad else None, past.failed) if at is not None]
    return min([regular, *bad])


def following(rhythm: Rhythm, after: datetime, zone: ZoneInfo) -> datetime:
    """The first regular moment after `after`, in UTC.

    A cron time that the clocks jump over comes when they have jumped; one that comes twice counts once.
    """
    if rhythm.every is not None:
        return after + timedelta(seconds=rhythm.every)
    from cronsim import CronSim  # noqa: PLC0415 - `readiness status` seldom needs it

    moments = (moment.astimezone(after.tzinfo) for moment in CronSim(rhythm.cron, after.astimezone(zone)))
    return next(moment for moment in moments if moment > after)  # not the first 02:30 after the second 02:10


def copies_apart(process: CriticalProcess, now: datetime, zone: ZoneInfo) -> int:
    """Seconds that plan B may lag behind the first repository: two regular copies, or more to lose."""
    next_copy = following(process.copy, now, zone)
    period = following(process.copy, next_copy, zone) - next_copy
    return max(process.rpo, int(2 * period.total_seconds()))


def missed(rhythm: Rhythm, due: datetime, now: datetime, zone: ZoneInfo) -> int:
    """How many regular runs fell out between `due`, which is caught up, and `now`; 1,000 at most."""
    if rhythm.every is not None:
        return max(0, min(COUNTED, int((now - due).total_seconds()) // rhythm.every))
    found = 0
    moment = following(rhythm, due, zone)
    while moment <= now and found < COUNTED:
        found += 1
        moment = following(rhythm, moment, zone)
    return found


def pause(failures: int, rhythm: Rhythm) -> int:
    """Seconds to wait after so many attempts in a row that came to nothing."""
    longest = min(LONGEST_PAUSE, rhythm.every or LONGEST_PAUSE)
    return min(longest, FIRST_PAUSE << min(failures - 1, 10))


def after_run(past: Past, outcome: Outcome, started: datetime, ended: datetime) -> Past:
    """The same with one more run."""
    if outcome == "not_tested":
        return replace(past, tried=ended, failures=past.failures + 1)
    return Past(done=started, tried=ended, bad=outcome == "failed")


def shifted(past: Past, by: timedelta) -> Past:
    """The same on a clock that was set by `by`."""
    return Past(
        done=past.done + by if past.done else None,
        tried=past.tried + by if past.tried else None,
        failures=past.failures,
        bad=past.bad,
        failed=past.failed + by if past.failed else None,
    )
