"""The verdict: a pure function of the config, the newest records and the time.

No fresh proof means UNKNOWN. What was tested and is bad outweighs what is not known, and that outweighs
what is slipping. Nothing becomes READY because nobody looked.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.feeding import renewals
from agent.core.evidence.account import SHUT
from agent.core.evidence.evidence import Evidence, Standing, taken_at
from agent.core.evidence.evidence import standings as standings_of
from agent.core.evidence.rotation import is_damaged
from agent.core.evidence.twins import twins_of, united
from agent.core.evidence.watched import open_watch_findings
from agent.core.forecast.recovery_time import RecoveryTime, recovery_time
from agent.core.forecast.timetable import Return, Timetable, in_recovery_order, timetable
from agent.core.model.findings import Finding
from agent.core.model.records import Verdict
from agent.core.model.sights import BESIDE
from agent.core.model.snapshots import SnapshotRecord
from agent.core.schedule.window import Window, next_window
from agent.core.text.phrases import joined, moment
from agent.core.verdict.doubt import first_without_time
from agent.core.verdict.judgement import Assessment, Case, Judgement, Reason, RecoveryPoint, badness, worst
from agent.core.verdict.plan_b_lag import plan_b_behind
from agent.core.verdict.reasons import GRAVE_RULES, Rule
from agent.core.verdict.reasons_agent import agent_reasons, ping_failing
from agent.core.verdict.reasons_content import content_not_proven, vital_not_covered, vital_not_proven
from agent.core.verdict.reasons_mail import mail_notes
from agent.core.verdict.reasons_place import beside, seen_now
from agent.core.verdict.reasons_repository import (
    GONE,
    Troubles,
    address_changed,
    copy_missing,
    known_troubles,
    locked_out,
    moved,
    repository_damaged,
    repository_gone,
    same_repository,
    troubles_of,
)
from agent.core.verdict.reasons_slipping import SLIPPING_RULES, passed_warnings
from agent.core.verdict.reasons_upkeep import retention_frozen, upkeep_undone

RULES: tuple[Rule, ...] = (
    repository_gone,
    *GRAVE_RULES,
    vital_not_proven,
    repository_damaged,
    locked_out,
    address_changed,
    *SLIPPING_RULES,
    vital_not_covered,
    content_not_proven,
    copy_missing,
    plan_b_behind,
    upkeep_undone,
)
CLOSED = (*GONE, *SHUT)
CONSEQUENCES = ("snapshot-failing", "drill-not-tested")  # of a repository that is gone, or shut


def assess(config: Config, evidence: Evidence, now: datetime, window: Window | None = None) -> Assessment:
    """Could the business recover over `window`, or else the next? Records later than `now` are mistrusted."""
    twins = twins_of(config.repositories, evidence.repositories)
    evidence = united(evidence, twins)
    standings = {
        process.name: seen_now(
            standings_of(process, evidence.of(process.name), now), beside(process.name, evidence.looks)
        )
        for process in config.processes
    }
    troubles = known_troubles(evidence, now)
    recoveries = {
        p.name: recovery_time(p, _usable(standings[p.name], troubles_of(p.name, troubles), evidence))
        for p in config.processes
    }
    window = window or next_window(config.business, now)
    plan = timetable(config.processes, recoveries, window)
    zone = ZoneInfo(config.business.time_zone)
    cases = [
        _case(process, line, recoveries[process.name], standings[process.name], config, evidence, now)
        for process, line in zip(in_recovery_order(config.processes), plan.returns, strict=True)
    ]
    judgements = tuple(judge(case) for case in cases)
    doubled = same_repository(twins)
    of_the_agent = agent_reasons(evidence.life, config.settings.state, now, zone)
    untold = ping_failing(evidence.pings, now, zone)
    mail = config.mail
    people = (*mail.owner, *mail.admin, *mail.deputy) if mail else ()
    unsent = mail_notes(evidence.post, people, now, zone)
    sure = plan.returns[: first_without_time(judgements, evidence)]
    reasons = (*_of_the_business(plan, sure, zone, now), *doubled, *of_the_agent, *untold, *unsent)
    return Assessment(
        at=now,
        verdict=_worst([worst(reasons), *(judgement.verdict for judgement in judgements)]),
        reasons=reasons,
        window=window,
        timetable=plan,
        judgements=judgements,
        config=config,
        evidence=evidence,
    )


def _case(
    process: CriticalProcess,
    line: Return,
    rto: RecoveryTime,
    standings: tuple[Standing, ...],
    config: Config,
    evidence: Evidence,
    now: datetime,
) -> Case:
    """Everything that the rules look at of one process."""
    watch = next((watch for watch in evidence.watches if watch.process == process.name), None)
    return Case(
        process=process,
        standings=standings,
        rpo=recovery_point(process, standings, now),
        rto=rto,
        watched=open_watch_findings(watch, evidence.of(process.name)),
        troubles=troubles_of(process.name, known_troubles(evidence, now)),
        looks=evidence.looks,
        feeds=renewals(process, config),
        moved=moved(config, evidence),
        damage=tuple(check for check in evidence.checks if is_damaged(check)),
        freezes=evidence.freezes.get(process.name, ()),
        upkeep=tuple(each for each in evidence.upkeep if getattr(each, "process", "") in ("", process.name)),
        line=line,
        now=now,
        zone=ZoneInfo(config.business.time_zone),
    )


def _usable(standings: tuple[Standing, ...], troubles: Troubles, evidence: Evidence) -> tuple[Standing, ...]:
    """The copies that a recovery would use: those that nothing is wrong with, as long as there is one."""
    doubtful = {name for name, known in troubles.items() if known}
    doubtful |= {look.repository for look in evidence.looks if look.finding.code != BESIDE}
    doubtful |= {check.repository for check in evidence.checks if is_damaged(check)}
    sound = tuple(
        one for one in standings if one.repository not in doubtful and one.good and not one.failures
    )
    return sound if any(one.proofs for one in sound) else standings


def judge(case: Case) -> Judgement:
    """The verdict on one process."""
    reasons: list[Reason] = []
    for rule in RULES:
        for reason in rule(case):
            if not _is_said(reason, reasons):
                reasons.append(reason)
    reasons += retention_frozen(case, {reason.code for reason in reasons})
    reasons.sort(key=lambda reason: -badness(reason.verdict))  # stable: the rules' order within a verdict
    good = [taken_at(one.good[0]) for one in case.standings if one.good]
    proven = [drill.started for one in case.standings for drill in one.proofs]
    return Judgement(
        process=case.process.name,
        verdict=worst(tuple(reasons)),
        reasons=tuple(reasons),
        rpo=case.rpo,
        rto=case.rto,
        last_snapshot_at=max(good, default=None),
        last_proven_at=max(proven, default=None),
        findings=_with(open_findings(case.standings), case.watched),
        standings=case.standings,
    )


def recovery_point(process: CriticalProcess, standings: Sequence[Standing], now: datetime) -> RecoveryPoint:
    """The age of the data in the newest good snapshot: of the snapshot, or of the dumps that it lives by."""
    newest = max((one.good[0] for one in standings if one.good), key=taken_at, default=None)
    if newest is None:
        return RecoveryPoint(objective_s=process.rpo)
    age = max(0.0, (now - taken_at(newest)).total_seconds())
    point = RecoveryPoint(objective_s=process.rpo, actual_s=int(age), met=age <= process.rpo)
    return _of_dumps(point, process, newest, now) if newest.dumps else point


def _of_dumps(
    point: RecoveryPoint, process: CriticalProcess, newest: SnapshotRecord, now: datetime
) -> RecoveryPoint:
    """The same by the oldest dump that a proof looks at, where there is one."""
    from agent.core.snapshot.data_age import data_at, oldest_dump  # noqa: PLC0415 - most have no dumps

    age = max(0.0, (now - data_at(process, newest)).total_seconds())
    met = age <= process.rpo
    dump = oldest_dump(process, newest) if point.met and not met else None
    return RecoveryPoint(objective_s=process.rpo, actual_s=int(age), met=met, dump=dump)


def open_findings(standings: Sequence[Standing]) -> tuple[Finding, ...]:
    """What is wrong now, each once: of newest records that did not pass, and of failures never cleared."""
    found: list[Finding] = []
    for one in standings:
        tried = [record for record in one.copy.newest if record.outcome == "not_tested"]
        missed = [record for record in one.copy.snapshots[:1] if record.outcome == "failed"]
        records = [*one.failures, *missed, *tried]
        found += [finding for record in records for finding in record.findings if finding.severity != "info"]
    found += passed_warnings(standings)
    return _each_once(found)


def _with(found: tuple[Finding, ...], watched: Sequence[Finding]) -> tuple[Finding, ...]:
    """Both, but what two records say of one thing only once."""
    said = {(finding.code, finding.path) for finding in found}
    return (*found, *(finding for finding in watched if (finding.code, finding.path) not in said))


def _each_once(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for index, finding in enumerate(found) if finding not in found[:index])


def _is_said(reason: Reason, reasons: Sequence[Reason]) -> bool:
    """A weightier rule has named the same fault in the same place, or the cause of it."""
    return any(
        (other.code == reason.code and other.repository in ("", reason.repository))
        or (other.code in CLOSED and other.repository == reason.repository and reason.code in CONSEQUENCES)
        for other in reasons
    )


def _of_the_business(plan: Timetable, sure: Sequence[Return], zone: ZoneInfo, now: datetime) -> list[Reason]:
    """Whether everything together is back before the promised opening; `sure` are those with a time."""
    opens = moment(plan.window.opens, zone, now, plan.window.closes)
    if not plan.returns:
        sentence = "No critical process is configured."
        return [_reason("no-process", Verdict.UNKNOWN, sentence, "Add one with readiness init.")]
    if plan.fits is None:
        missing = joined([line.process for line in plan.returns if line.machine_s is None])
        sentence = (
            f"Whether everything is back by {opens} is not known: no restore of {missing} was measured."
        )
        return [_reason("window-unknown", Verdict.UNKNOWN, sentence, "Run: readiness drill")]
    if not plan.fits:
        late = [line for line in plan.returns if line.before_opening is False]
        names = joined([line.process for line in late])
        back = _back(late, zone, now, plan.window.closes)
        sentence = f"{names} would be back only {back}, after {opens}."
        if late[-1] not in sure:
            sentence = f"Even if all went as in the drills, {names} would not be back before {opens}."
        hint = "Shorten the steps, make the copies quicker to reach, or plan for a second pair of hands."
        return [_reason("window-missed", Verdict.NOT_READY, sentence, hint)]
    return []


def _back(late: Sequence[Return], zone: ZoneInfo, now: datetime, closes: datetime) -> str:
    last = late[-1].back
    return moment(last, zone, now, closes) if last else "later"


def _reason(code: str, verdict: Verdict, sentence: str, hint: str) -> Reason:
    return Reason(code=code, verdict=verdict, sentence=sentence, hint=hint)


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return max(verdicts, key=badness)
