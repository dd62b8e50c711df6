"""Sentences of the owner's mail: what changed, what is at stake, plan B, what is open and what untested."""

from collections.abc import Iterator, Sequence

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.evidence import WHOLE
from agent.core.letters.letter import called
from agent.core.letters.plain_words import names
from agent.core.letters.words import trouble_of
from agent.core.model.notices import StateThen
from agent.core.model.records import Verdict
from agent.core.report.answer import STATES, zone_of
from agent.core.report.promises import promises
from agent.core.telling.incidents import Incident
from agent.core.text.phrases import joined, moment, span
from agent.core.text.phrases import percent as spaced
from agent.core.text.plain import count
from agent.core.verdict.doubt import is_proven
from agent.core.verdict.judgement import Assessment, Judgement, badness
from agent.core.verdict.plan_b_lag import lags

NOTEWORTHY = 0.05  # growth below this is no news
ELSEWHERE = "getting and setting up another machine, finding the password and switching over"


def changed(assessment: Assessment, previous: StateThen | None) -> str:
    """What is different from the mail before."""
    if previous is None:
        return "This is the first mail."
    return " ".join([*_verdicts(assessment, previous), *_sizes(assessment, previous)]) or "Nothing."


def _verdicts(assessment: Assessment, previous: StateThen) -> Iterator[str]:
    if previous.verdict != assessment.verdict.value:
        yield f"The answer was {STATES[Verdict(previous.verdict)]}."
    now = {one.process: one.verdict for one in assessment.judgements}
    then = {name: Verdict(verdict) for name, verdict in previous.processes.items()}
    both = [name for name in now if name in then]
    better = [name for name in both if badness(now[name]) < badness(then[name])]
    worse = [name for name in both if badness(now[name]) > badness(then[name])]
    if worse:
        yield f"Worse: {_with_states(worse, then)}."
    if better:
        yield f"Better: {_with_states(better, then)}."
    if added := [name for name in now if name not in then]:
        yield f"New: {names(added, 2)}."
    if removed := [name for name in then if name not in now]:
        yield f"No longer looked after: {names(removed, 2)}."


def _with_states(processes: Sequence[str], then: dict[str, Verdict]) -> str:
    return joined([f"{called(name)} (was {STATES[then[name]]})" for name in processes], 3)


def _sizes(assessment: Assessment, previous: StateThen) -> Iterator[str]:
    """The processes whose data grew or shrank most."""
    found = []
    for judgement in assessment.judgements:
        newest = next((one.good[0].bytes for one in judgement.standings if one.good), None)
        before = previous.bytes.get(judgement.process, 0)
        if newest is not None and before > 0 and abs(newest - before) >= NOTEWORTHY * before:
            found.append((newest / before, called(judgement.process)))
    found.sort(key=lambda pair: -abs(pair[0] - 1))
    words = [f"{name} {_grown(times)}" for times, name in found]
    if words:
        yield f"Data: {joined(words, 3)}."


def _grown(times: float) -> str:
    if times >= 2:
        return f"grew to {times:,.1f} times its size"
    return f"grew {percent(times - 1)}" if times > 1 else f"shrank {percent(1 - times)}"


def percent(share: float) -> str:
    """ "30%", which no line break takes apart."""
    return spaced(share).replace(" ", "")


def at_stake(assessment: Assessment) -> str:
    """What the configured hours cost from closing time on; nothing where no value is configured."""
    valued = [one for one in assessment.config.processes if one.value_per_hour > 0]
    if not valued:
        return ""
    worth = joined([f"{called(one.name)} {_money(one.value_per_hour)}" for one in valued], 3)
    backs = {one.process: one.back_at for one in promises(assessment).processes}
    closes, total = assessment.window.closes.timestamp(), 0.0
    for one in valued:
        back = backs[one.name]
        if back is None:
            return f"{worth} for every hour until they are back, in your currency."
        total += one.value_per_hour * (back.timestamp() - closes) / 3600
    total_words = f"{_money(round(total))} until they are back"
    return f"{worth} an hour: {total_words}, in your currency and counting every hour."


def _money(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def plan_b_now(assessment: Assessment) -> str:
    """What there is beside the first copy, and whether it was restored in a test."""
    others = [repository.name for repository in assessment.config.repositories[1:]]
    if not others:
        return "None. There is only one copy; if it is lost with the server, nothing comes back."
    return " ".join(_copy_now(assessment, name) for name in others)


def _copy_now(assessment: Assessment, repository: str) -> str:
    proven = [
        judgement.process
        for judgement in assessment.judgements
        for one in judgement.standings
        if one.repository == repository and is_proven(judgement, one, assessment.evidence)
    ]
    lacking = [one.process for one in assessment.judgements if one.process not in proven]
    words = "nothing proven" if not proven else "everything proven"
    if proven and lacking:
        words = f"{names(proven, 2)} proven, {names(lacking, 2)} not"
    behind = [
        lag.seconds
        for j in assessment.judgements
        for lag in lags(j.standings)
        if lag.repository == repository and lag.seconds is not None
    ]
    most = max(behind, default=0)
    late = f", {span(most)} older than the first copy" if most else ""
    return f"Copy {called(repository)}: {words}{late}."


def worst_first(incidents: Sequence[Incident]) -> list[Incident]:
    """The gravest first, of equal ones in their order."""
    return sorted(incidents, key=lambda one: (one.severity, -badness(one.verdict)))


def still_open(assessment: Assessment, incidents: Sequence[Incident]) -> str:
    """What is not mended yet, the worst first."""
    zone, now = zone_of(assessment), assessment.at
    told = [
        f"{trouble_of(assessment, one)} (since {moment(one.opened, zone, now)}, {one.name})"
        for one in worst_first(incidents)
    ]
    more = len(told) - 2
    rest = f", and {more:,} more" if more > 0 else ""
    return f"{'; '.join(told[:2])}{rest}." if told else ""


def not_tested(assessment: Assessment) -> str:
    """The gaps in a few words, the largest first; the report names them all."""
    processes = {process.name: process for process in assessment.config.processes}
    unproven = [j.process for j in assessment.judgements if not any(one.current for one in j.standings)]
    parts = [f"the restore of {names(unproven, 2)}"] if unproven else []
    sampled = [words for j in assessment.judgements for words in _sampled(j)]
    parts += [f"all of {joined(sampled, 3)}"] if sampled else []
    unasked = [name for name, process in processes.items() if not process.proofs]
    parts += [f"whether the data of {names(unasked, 2)} make sense"] if unasked else []
    parts += _by_people(list(processes.values()))
    return f"{'; '.join([*parts, ELSEWHERE])}."


def _sampled(judgement: Judgement) -> Iterator[str]:
    covered = max((one.covered for one in judgement.standings if one.current), default=1.0)
    if covered < WHOLE:
        yield f"{called(judgement.process)} (only {percent(covered)})"


def _by_people(processes: Sequence[CriticalProcess]) -> Iterator[str]:
    steps = [step for process in processes for step in process.steps]
    if steps:
        minutes = span(60 * sum(step.minutes for step in steps))
        yield f"{count(len(steps), 'step')} done by people ({minutes}, as planned)"
