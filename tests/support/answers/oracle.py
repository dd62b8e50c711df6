"""What may be promised, worked out from plain facts by docs/reference/promises.md alone, without the agent.

It is written to be read beside that page and shares no line with the code that it is held against.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

EXITS = {"READY": 0, "AT_RISK": 4, "NOT_READY": 1, "UNKNOWN": 3}
LATE_OR_OLD = ("rto-missed", "snapshot-stale", "data-stale")  # puts nothing in doubt
NOT_PROVEN = ("never-proven", "proof-expired")  # leaves the loss known


@dataclass(frozen=True)
class Why:
    """A reason as every output shows it; `repository` is empty where it has none."""

    code: str
    verdict: str
    repository: str = ""


@dataclass(frozen=True)
class CopyFacts:
    repository: str
    newest_good: datetime | None  # when its newest good snapshot was taken
    ever_whole: bool  # some snapshot of it was whole, or a drill of it has passed
    drill_counts: bool
    came_back: bool  # a full drill that counts began after the check that found damage


@dataclass(frozen=True)
class ProcessFacts:
    name: str
    tier: int
    value: float
    needs: tuple[str, ...]
    rto_s: int
    rpo_s: int
    measured_s: int | None  # with the steps of people
    measured_in: str  # the repository; empty where nothing was measured
    copies: tuple[CopyFacts, ...]
    reasons: tuple[Why, ...]


@dataclass(frozen=True)
class Facts:
    now: datetime  # all of them in UTC
    closes: datetime
    opens: datetime
    verdict: str
    reasons: tuple[Why, ...]  # of the business as a whole
    processes: tuple[ProcessFacts, ...]


@dataclass(frozen=True)
class Said:
    """Of one process; None for what may not be said."""

    takes_s: int | None = None
    takes_met: bool | None = None
    starts: datetime | None = None
    back: datetime | None = None
    in_time: bool | None = None
    before_opening: bool | None = None
    loss: str = "unknown"  # or "known", "everything", "new paths"
    loses_s: int | None = None
    loses_met: bool | None = None
    proven: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    exit: int
    processes: dict[str, Said] = field(default_factory=dict)  # in the order of recovery
    all_back: datetime | None = None
    fits: bool | None = None
    may_succeed: bool = False  # what the outside watcher is told


def answer(facts: Facts) -> Answer:
    """What all outputs may say, and none may say more."""
    said: dict[str, Said] = {}
    free: datetime | None = facts.closes
    for process in _in_order(facts.processes):
        said[process.name] = one = _of(process, free, facts)
        free = one.back
    everything = free if said else None
    if any(why.verdict == "UNKNOWN" for why in facts.reasons):
        everything = None
    late = any(why.code == "window-missed" for why in facts.reasons)
    proven = bool(said) and all(one.proven for one in said.values())
    return Answer(
        exit=EXITS[facts.verdict],
        processes=said,
        all_back=everything,
        fits=False if late else True if everything else None,
        may_succeed=facts.verdict in ("READY", "AT_RISK") and proven,
    )


def _in_order(processes: tuple[ProcessFacts, ...]) -> list[ProcessFacts]:
    """What others depend on, then tier, value and name."""
    left, done = list(processes), []
    while left:
        ready = [one for one in left if not {*one.needs} & {other.name for other in left}]
        done.append(min(ready, key=lambda one: (one.tier, -one.value, one.name)))
        left.remove(done[-1])
    return done


def _of(process: ProcessFacts, free: datetime | None, facts: Facts) -> Said:
    certain = process.measured_s is not None and not _in_doubt(process, process.measured_in)
    takes = process.measured_s if certain else None
    back = free + timedelta(seconds=takes) if free is not None and takes is not None else None
    loss, loses = _loss(process, facts.now)
    return Said(
        takes_s=takes,
        takes_met=None if takes is None else takes <= process.rto_s,
        starts=free,
        back=back,
        in_time=None if back is None else back <= facts.closes + timedelta(seconds=process.rto_s),
        before_opening=None if back is None else back <= facts.opens,
        loss=loss,
        loses_s=loses,
        loses_met=None if loses is None else _age(process, facts.now) <= process.rpo_s,
        proven=frozenset(
            one.repository
            for one in process.copies
            if one.drill_counts and not _in_doubt(process, one.repository)
        ),
    )


def _in_doubt(process: ProcessFacts, repository: str, *, of_loss: bool = False) -> bool:
    here = [one for one in process.copies if one.repository == repository]
    for why in process.reasons:
        of_it = why.repository in ("", repository)
        if why.verdict == "UNKNOWN" and not (of_loss and why.code in NOT_PROVEN):
            return True
        if why.verdict == "NOT_READY" and why.code not in LATE_OR_OLD and of_it:
            return True
        damaged = (why.code, why.verdict) == ("repository-damaged", "AT_RISK") and of_it
        if damaged and not all(one.came_back for one in here):
            return True
    return False


def _age(process: ProcessFacts, now: datetime) -> float:
    newest = max(one.newest_good for one in process.copies if one.newest_good)
    return max(0.0, (now - newest).total_seconds())


def _loss(process: ProcessFacts, now: datetime) -> tuple[str, int | None]:
    grave = {why.code for why in process.reasons if why.verdict in ("UNKNOWN", "NOT_READY")}
    grave -= {*LATE_OR_OLD, *NOT_PROVEN}
    held = [one for one in process.copies if one.newest_good]
    if not held:
        if grave == {"paths-not-covered"}:
            return "new paths", None
        whole = any(one.ever_whole for one in process.copies)
        return "unknown" if whole or "paths-not-covered" in grave else "everything", None
    newest = max(one.newest_good for one in held if one.newest_good)
    holders = [one.repository for one in held if one.newest_good == newest]
    if all(_in_doubt(process, one, of_loss=True) for one in holders):
        return "unknown", None
    bad = [
        why
        for why in process.reasons
        if why.verdict == "NOT_READY" and why.code not in LATE_OR_OLD
        and why.repository in ("", process.measured_in)
    ]  # fmt: skip
    return ("unknown", None) if bad else ("known", int(_age(process, now)))
