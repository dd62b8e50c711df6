"""What became of a task's runs so far, as the records tell it, on the clock as it is now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from agent.core.configuration.config import Rhythm
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Entry
from agent.core.model.runs import AgentRecord, RunRecord
from agent.core.schedule.schedule import Past, after_run, next_run

REMEMBERED = 20  # runs of a task that are looked through: more failures in a row pause no longer
JUMPS = 100  # events of the service that are looked through for jumps of the clock


def past_of(runs: Sequence[Entry], jumps: Sequence[Entry]) -> Past | None:
    """From the records of its runs, newest first, and those of the service itself; None without any."""
    past: Past | None = None
    since: list[Entry] = []
    for entry in runs:
        since.append(entry)
        if isinstance(entry.body, RunRecord) and entry.body.outcome != "not_tested":
            break
    for entry in reversed(since):
        if isinstance(entry.body, RunRecord):
            by = _set_back_since(entry.sequence, jumps)
            past = after_run(past or Past(), entry.body.outcome, entry.body.started + by, entry.at + by)
    return past


def past_of_drills(runs: Sequence[Entry], drills: Sequence[Entry], jumps: Sequence[Entry]) -> Past | None:
    """The same for the drills of a process: `drills` are their own records, newest first."""
    past = past_of(runs, jumps)
    failed = failed_by_hand(runs, drills, jumps)
    return replace(past, failed=failed) if past and failed else past


def failed_by_hand(runs: Sequence[Entry], drills: Sequence[Entry], jumps: Sequence[Entry]) -> datetime | None:
    """When a drill that somebody made since the last run failed, and none from there has passed since."""
    last_run = max((entry.sequence for entry in runs), default=0)
    judged: set[str] = set()
    failed = []
    for entry in drills:
        drill = entry.body
        if not isinstance(drill, DrillRecord) or entry.sequence < last_run or drill.outcome == "not_tested":
            continue
        if drill.outcome == "failed" and drill.repository not in judged:
            failed.append(drill.started + _set_back_since(entry.sequence, jumps))
        judged.add(drill.repository)
    return min(failed, default=None)


def next_drill(
    rhythm: Rhythm, runs: Sequence[Entry], drills: Sequence[Entry], jumps: Sequence[Entry], zone: ZoneInfo
) -> datetime | None:
    """When a process is drilled next, as the service does it; where it never did, as if it had made those
    that were made by hand. None: at once, or never."""
    past = past_of_drills(runs, drills, jumps)
    if past is None:
        newest = next((entry.body for entry in drills if isinstance(entry.body, DrillRecord)), None)
        past = Past(done=newest.started, bad=newest.outcome == "failed") if newest else Past()
    return next_run(rhythm, past, zone)


def _set_back_since(sequence: int, jumps: Sequence[Entry]) -> timedelta:
    """How far the clock was set back since a record, all in all; a clock that was set forward counts as
    time that passed."""
    return timedelta(seconds=min(0, sum(_jump(entry) for entry in jumps if entry.sequence > sequence)))


def _jump(entry: Entry) -> int:
    return entry.body.jump if isinstance(entry.body, AgentRecord) else 0
