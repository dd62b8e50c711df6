"""What was NOT tested: a report that leaves this out would promise more than is known."""

from collections.abc import Iterator, Sequence

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.evidence import WHOLE
from agent.core.model.drills import DrillRecord
from agent.core.model.places import where_copies_lie
from agent.core.report.views import Fact
from agent.core.text.phrases import joined, percent, span
from agent.core.text.plain import count, printable, size
from agent.core.verdict.doubt import is_proven
from agent.core.verdict.judgement import Assessment, Judgement
from agent.core.verdict.plan_b_lag import lags
from agent.core.verdict.reasons_place import newest_good

NAMED = 3  # files of each kind
ELSEWHERE = (
    "Everything was restored on this machine. Getting another one, installing it, finding the password and "
    "switching over were not tested."
)


def gaps(assessment: Assessment) -> tuple[Fact, ...]:
    """In the order of recovery, what several processes have in common said once; then what holds for all."""
    processes = {process.name: process for process in assessment.config.processes}
    alike: dict[str, list[str]] = {}
    for judgement in assessment.judgements:
        for sentence in _of_process(processes[judgement.process], judgement):
            alike.setdefault(sentence, []).append(judgement.process)
    found = [Fact(printable(joined(names)), printable(sentence)) for sentence, names in alike.items()]
    return (*found, Fact("everything", ELSEWHERE))


def plan_b(assessment: Assessment) -> str:
    """What there is beside the first repository."""
    names = [repository.name for repository in assessment.config.repositories]
    if len(names) < 2:
        return "None: only one repository is configured."
    words = []
    for name in names[1:]:
        here = [(j, one) for j in assessment.judgements for one in j.standings if one.repository == name]
        proven = [j.process for j, one in here if is_proven(j, one, assessment.evidence)]
        lacking = [j.process for j, _ in here if j.process not in proven]
        parts = [f"{joined(proven)} proven"] if proven else []
        parts += [f"{joined(lacking)} not proven"] if lacking else []
        parts += _behind(assessment, name)
        words.append(f"{name}: {', '.join(parts)}.")
    return printable(" ".join(words))


def places(assessment: Assessment) -> str:
    """Where every copy lies as seen from the data, as it was when its newest good snapshot came there."""
    held = [good for j in assessment.judgements for good in newest_good(j.standings)]
    order = [repository.name for repository in assessment.config.repositories]
    held.sort(key=lambda one: order.index(one.repository))
    rows = [(one.repository, one.process, one.place, one.place_reason) for one in held]
    return f"{printable(where_copies_lie(rows))}." if rows else "There is none yet."


def _behind(assessment: Assessment, repository: str) -> Iterator[str]:
    """How far the copies there are behind, and what is not there at all."""
    own = [lag for j in assessment.judgements for lag in lags(j.standings) if lag.repository == repository]
    absent = [lag.process for lag in own if lag.seconds is None]
    known = [lag.seconds for lag in own if lag.seconds is not None]
    if absent:
        yield f"without {joined(absent)}"
    if known:
        yield f"{span(max(known))} behind" if max(known) else "up to date"


def _of_process(process: CriticalProcess, judgement: Judgement) -> Iterator[str]:
    drills = [drill for one in judgement.standings for drill in one.current]
    if not drills:
        yield "Nothing of it has a restore that counts as proven."
    else:
        yield from _of_drills(process, judgement, drills)
    if process.steps:
        minutes = span(60 * sum(step.minutes for step in process.steps))
        yield f"{count(len(process.steps), 'step')} by people ({minutes}): declared, not measured."
    excluded = [path for one in judgement.standings for path in (one.good[0].excluded if one.good else ())]
    if excluded:
        yield f"Kept out of every snapshot by exclude: {joined(list(dict.fromkeys(excluded)))}."
    for one in judgement.standings:
        if drills and not one.current:
            yield f"The copy in {one.repository} has no current proof."


def _of_drills(
    process: CriticalProcess, judgement: Judgement, drills: Sequence[DrillRecord]
) -> Iterator[str]:
    covered = max(one.covered for one in judgement.standings)
    if covered < WHOLE:
        yield f"Only {percent(covered)} of it was drilled, and extrapolated to the whole."
    newest = drills[0]
    if newest.compared and newest.compared.uncompared_files:
        names = joined([each.path for each in newest.compared.uncompared[:NAMED]])
        much = f"{count(newest.compared.uncompared_files, 'file')}, {size(newest.compared.uncompared_bytes)}"
        yield f"Not compared in the newest drill: {much}, such as {names}."
    elif newest.compared is None and newest.files.moving:
        yield f"{count(newest.files.moving, 'file')} changed while the snapshot was taken: not compared."
    if not process.proofs:
        yield "No proof is configured: files were compared, the sense of the data in them was not."
    unrun = [proof.name for proof in newest.proofs if proof.outcome == "not_tested"]
    if unrun:
        yield f"Not run in the newest drill: {joined(unrun)}."
    missing = [wall.removeprefix("without ") for wall in newest.isolation if wall.startswith("without ")]
    if missing:
        yield f"Proof commands ran without these walls around them: {joined(missing)}."
