"""How far plan B is behind the first repository, and whether that is too far."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from agent.core.drill.plan_b import LOST
from agent.core.evidence.evidence import Standing, taken_at
from agent.core.evidence.mild import errors_of
from agent.core.model.records import CopyRecord, Verdict
from agent.core.schedule.schedule import copies_apart
from agent.core.text.phrases import shortened, span
from agent.core.verdict.judgement import Case, Reason
from agent.core.verdict.reasons import cause, gravest, remedy
from agent.core.verdict.ways_out import way_out


class Lag(Struct, frozen=True, kw_only=True):
    """`seconds` between the newest good snapshots of a process there and in the first repository.

    None: it holds none.
    """

    process: str
    repository: str
    seconds: int | None


def lags(standings: Sequence[Standing]) -> tuple[Lag, ...]:
    """Of one process, for every repository but the first; nothing while the first holds no good snapshot."""
    first, *others = standings or (None,)
    if first is None or not first.good:
        return ()
    newest = taken_at(first.good[0])
    return tuple(
        Lag(
            process=other.copy.process,
            repository=other.repository,
            seconds=max(0, int((newest - taken_at(other.good[0])).total_seconds())) if other.good else None,
        )
        for other in others
    )


def plan_b_behind(case: Case) -> Iterator[Reason]:
    """More than two regular copies fell out: without this machine and the first repository that is lost.

    Before it comes to that, what the newest copy could not do is a note.
    """
    allowed = copies_apart(case.process, case.now, case.zone)
    for lag in lags(case.standings):
        undone = _undone_copy(case, lag.repository)
        if lag.seconds is None:
            sentence = _nothing_good(case, lag.repository)
        elif lag.seconds > allowed:
            sentence = f"Plan B is {span(lag.seconds)} behind: that is lost with the first repository."
        else:
            yield from _note(case, undone)
            continue
        if undone:
            sentence += f" The copy of {case.when(undone.started)}: {cause(undone)}"
        hint = (remedy(undone) if undone else "") or _bring_up(case, lag.repository)
        yield case.reason("plan-b-behind", Verdict.AT_RISK, sentence, hint, lag.repository)


def _standing(case: Case, repository: str) -> Standing:
    return next(each for each in case.standings if each.repository == repository)


def _nothing_good(case: Case, repository: str) -> str:
    if _standing(case, repository).doubted:
        return (
            "What a proof found bad in another copy may be bad in plan B as well: it was never asked of what "
            "plan B holds."
        )
    return "Plan B holds no good snapshot: nothing is left without the first repository."


def _bring_up(case: Case, repository: str) -> str:
    """How plan B gets a good snapshot; where a drill refused what it holds, what ends that."""
    one = _standing(case, repository)
    if one.doubted and not one.good and not one.failures:
        return f"Run: {case.renew(repository)}, then: readiness drill {case.process.name} --from {repository}"
    if one.failures and not one.good:
        newest = one.failures[0]
        return way_out(case, one, newest, "" if errors_of(newest) & LOST else remedy(newest))
    return f"Run: {case.renew(repository)}"


def _undone_copy(case: Case, repository: str) -> CopyRecord | None:
    """The newest copy into it, if that was not done."""
    for record in case.upkeep:
        if isinstance(record, CopyRecord) and record.repository == repository:
            return record if record.outcome != "passed" else None
    return None


def _note(case: Case, undone: CopyRecord | None) -> Iterator[Reason]:
    found = gravest(undone.findings) if undone else None
    if undone and found:
        sentence = f"The copy to {undone.repository} ({case.when(undone.started)}): {found.message}"
        yield case.reason(found.code, Verdict.READY, shortened(sentence), found.hint, undone.repository)
