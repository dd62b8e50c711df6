"""The auditor's checklist, answered from records: never met because nobody looked."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from agent.core.audit.facts import Facts, drill_of, facts, met, names, not_met, numbers, unknown
from agent.core.audit.population import local
from agent.core.audit.records import History, Item, Period, Row
from agent.core.audit.restores import of_restores
from agent.core.evidence.evidence import is_full
from agent.core.model.drills import DrillRecord
from agent.core.model.notices import AcknowledgementRecord, MessageRecord
from agent.core.model.records import Entry
from agent.core.model.runs import AgentRecord
from agent.core.text.plain import count

QUARTER = timedelta(days=92)
CLOSE_WITHIN = 45  # days in which a failure has to be mended and tested again


def checklist(history: History, period: Period, rows: tuple[Row, ...], gaps: int) -> tuple[Item, ...]:
    """All 22 answers in their order; `gaps` counts the statements of what was not tested."""
    known = facts(history, period, rows)
    found = (
        _population(known),
        _cadence(known),
        _clock(known),
        *of_restores(known),
        unknown(14, "readiness cannot know who holds keys and passwords, and who has tried them."),
        _failures(known),
        _runbook(known),
        unknown(17, "readiness records drills, not exercises of people."),
        unknown(18, "readiness records no reviews and no signatures."),
        _tampering(known),
        unknown(20, "Every drill clears its scratch when it ends, but no record proves that it is empty."),
        _alarm(known),
        met(22, f"scope.txt states it, in {count(gaps, 'sentence')}.", [history.records][: history.records]),
    )
    return tuple(sorted(found, key=lambda item: item.number))


def _population(known: Facts) -> Item:
    listed = f"{count(len(known.rows), 'drill')} {'is' if len(known.rows) == 1 else 'are'} listed"
    since = known.history.configs[0].at if known.history.configs else None
    if since is None:
        return unknown(1, f"{listed}, but no record says which were due.")
    if since > known.period.begins:
        day = local(since, ZoneInfo(known.period.zone))
        why = f"{listed}; which were due before {day} was not recorded."
        return unknown(1, why, numbers(known.history.configs[:1]))
    found = {row.drill_record or row.run_record or 0 for row in known.rows} - {0}
    return met(1, f"{listed}, by the records and by the rhythm of the config.", sorted(found))


def _cadence(known: Facts) -> Item:
    if not known.processes:
        return unknown(2, "No record says which processes there were and when they were due.")
    lost = [row for row in known.rows if row.result in ("fell out", "never run")]
    if lost:
        whose = names(row.process for row in lost)
        records = dict.fromkeys(row.run_record for row in lost if row.run_record)
        return not_met(2, f"{count(len(lost), 'due drill')} fell out or never ran: {whose}.", records)
    long = [one.name for one in known.processes if _longest_pause(one.name, known) > QUARTER]
    if long:
        return not_met(2, f"No test came to a result for more than 92 days: {names(long)}.")
    newest = [known.newest_tested(one.name) for one in known.processes]
    if known.history.configs[0].at > known.period.begins:
        why = "None that was due is known to lack, but for a part of the period nobody recorded what was due."
        return unknown(2, why, numbers(newest))
    if not any(newest):
        return unknown(2, "No drill was due in the period, and none was made.")
    return met(2, "Every due drill was made, and no process stayed untested for 92 days.", numbers(newest))


def _longest_pause(process: str, known: Facts) -> timedelta:
    """Between two drills of it that came to a result, as far as the period is concerned."""
    begun = next(
        entry.at
        for entry in known.history.configs
        if any(one.name == process for one in getattr(entry.body, "processes", ()))
    )
    drills = (entry.body for entry in known.history.drills if isinstance(entry.body, DrillRecord))
    moments = [d.started for d in drills if d.process == process and d.outcome != "not_tested"]
    until = min(known.period.ends, known.history.at)
    before = max((moment for moment in moments if moment < known.period.begins), default=begun)
    inside = sorted(moment for moment in moments if known.period.holds(moment))
    return max(later - earlier for earlier, later in pairwise([min(before, until), *inside, until]))


def _clock(known: Facts) -> Item:
    events = [entry for entry in known.history.agents if entry.at < known.period.ends]
    jumps = [e for e in events if known.period.holds(e.at) and getattr(e.body, "event", "") == "clock-jumped"]
    if not known.tested:
        return unknown(6, "No drill came to a result in the period.")
    if jumps:
        why = f"The machine's clock, in UTC, jumped {count(len(jumps), 'time')} in the period."
        return not_met(6, why, numbers(jumps))
    unwatched = [entry for entry in known.tested if not _was_watched(drill_of(entry).started, events)]
    if unwatched:
        drills = count(len(unwatched), "drill")
        why = f"Times are of the machine's clock, in UTC; during {drills} no service watched it for jumps."
        return unknown(6, why, numbers(unwatched))
    why = "Starts and seconds of phases are of the machine's clock, in UTC; the service saw it make no jump."
    return met(6, why, numbers([*events[:1], *known.tested]))


def _was_watched(moment: datetime, events: list[Entry]) -> bool:
    """Whether the service ran then, by its newest record of itself before."""
    before = [entry.body for entry in events if entry.at <= moment][-1:]
    return any(isinstance(body, AgentRecord) and body.event != "stopped" for body in before)


def _failures(known: Facts) -> Item:
    failed = [entry for entry in known.tested if drill_of(entry).outcome == "failed"]
    if not known.tested:
        return unknown(15, "No drill came to a result in the period.")
    if not failed:
        why = f"{count(len(known.tested), 'drill')} came to a result, and none failed."
        return met(15, why, numbers(known.tested))
    again = [(entry, _passed_again(entry, known.history)) for entry in failed]
    open_ = [entry for entry, later in again if later is None]
    if open_:
        whose = names(drill_of(entry).process for entry in open_)
        why = f"{len(open_)} of {count(len(failed), 'failure')} had no full drill since that passed: {whose}."
        return not_met(15, why, numbers(open_))
    days = max((drill_of(later).started - drill_of(entry).started).days for entry, later in again if later)
    records = sorted({*numbers(failed), *numbers(later for _, later in again)})
    failures = count(len(failed), "failure")
    why = f"{failures}, followed by a full drill that passed after {count(days, 'day')} at most"
    if days > CLOSE_WITHIN:
        return not_met(15, f"{why}; {CLOSE_WITHIN} are allowed.", records)
    return met(15, f"{why}; population.csv names owners, nothing tells dates that were agreed on.", records)


def _passed_again(failure: Entry, history: History) -> Entry | None:
    """The first full drill of the same copy behind it that passed."""
    failed = drill_of(failure)
    for entry in history.drills:
        drill = entry.body
        if entry.sequence > failure.sequence and isinstance(drill, DrillRecord):
            same = (drill.process, drill.repository) == (failed.process, failed.repository)
            if same and drill.outcome == "passed" and is_full(drill):
                return entry
    return None


def _runbook(known: Facts) -> Item:
    changes = [entry for entry in known.history.configs if known.period.holds(entry.at)]
    times = count(len(changes), "time")
    why = f"readiness records no runbook. Its config was noted anew {times} in the period."
    return unknown(16, why, numbers(changes))


def _tampering(known: Facts) -> Item:
    total = known.history.records
    why = (
        f"The chain of {count(total, 'record')} holds; whether its head is one that was mailed, only the one "
        "who got the mail can tell: python3 verify.py --head HASH."
    )
    return unknown(19, why, [total][:total])


def _alarm(known: Facts) -> Item:
    inside = [entry for entry in known.history.tests if known.period.holds(entry.at)]
    sent = [e for e in inside if isinstance(e.body, MessageRecord) and e.body.kind == "alarm-test"]
    seen = [e for e in inside if isinstance(e.body, AcknowledgementRecord) and e.body.name.startswith("T-")]
    if not sent:
        return unknown(21, "No alarm test was sent in the period.")
    if not seen:
        why = f"{count(len(sent), 'alarm test')} went out, and nobody acknowledged one."
        return not_met(21, why, numbers(sent))
    why = f"{count(len(sent), 'alarm test')} went out; people acknowledged {len(seen)}."
    return met(21, why, numbers([*sent, *seen]))
