"""The rules that put a process AT RISK: what still holds, but is slipping."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.vital import vital_paths
from agent.core.drill.fingerprint import fingerprint
from agent.core.evidence.evidence import WHOLE, Standing, covers, is_within, taken_at
from agent.core.forecast.growth import days_until_too_long
from agent.core.forecast.recovery_time import recovery_time
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.records import Verdict
from agent.core.text.phrases import joined, moment, percent, shortened, span
from agent.core.verdict.judgement import Case, Reason
from agent.core.verdict.reasons import Rule, cause, remedy
from agent.core.verdict.reasons_place import PLACE_RULES

NEARLY = 0.8  # of an objective or of a proof's age


def no_sound_copy(case: Case) -> Iterator[Reason]:
    """Freshness, proof and speed do not meet in any one copy that would outlive the data's device."""
    outliving = [one for one in case.standings if one.good and not one.same_device]
    if not outliving or not case.rpo.met or not case.rto.met or any(one.failures for one in case.standings):
        return
    flaws = [f"{one.repository} {_flaw(case, one)}" for one in outliving if _flaw(case, one)]
    if len(flaws) < len(outliving) or not any(one.current for one in case.standings):
        return
    yield case.reason(
        "no-sound-copy",
        Verdict.AT_RISK,
        f"No copy that would outlive this machine's disk is good by itself: {joined(flaws)}.",
        f"Run: {', then: '.join(_renewed(case, outliving[0]))}",
        outliving[0].repository,
    )


def _renewed(case: Case, one: Standing) -> list[str]:
    """The commands that bring a new snapshot into this copy, and prove it."""
    steps = [case.renew(one.repository), case.drill(one.repository)]
    if case.is_copied_to(one.repository):
        steps = [case.renew(case.standings[0].repository), *steps]
    return steps


def _flaw(case: Case, one: Standing) -> str:
    age = (case.now - taken_at(one.good[0])).total_seconds()
    if not one.current:
        return "has no current proof"
    if age > case.process.rpo:
        return f"is {span(age)} old"
    if recovery_time(case.process, [one]).met is False:
        return "takes too long to restore"
    return ""


def snapshot_failing(case: Case) -> Iterator[Reason]:
    """The newest run made no good snapshot, and the last good one grows old."""
    for one in case.standings:
        newest = one.copy.snapshots[0] if one.copy.snapshots else None
        if newest and newest.outcome != "passed" and one.good:
            what = "failed" if newest.outcome == "failed" else "could not be taken"
            yield case.reason(
                "snapshot-failing",
                Verdict.AT_RISK,
                f"The newest snapshot to {one.repository} {what} ({case.when(newest.started)}): "
                f"{cause(newest)}",
                remedy(newest) or f"Run: {case.renew(one.repository)}",
                one.repository,
            )


def drill_not_tested(case: Case) -> Iterator[Reason]:
    """The newest drill could not be carried out; what was proven before still counts for a while."""
    for one in case.standings:
        newest = next((drill for drill in one.copy.drills if not _is_of_nothing(drill)), None)
        if newest and newest.outcome == "not_tested":
            yield case.reason(
                "drill-not-tested",
                Verdict.AT_RISK,
                f"The newest drill from {one.repository} could not be carried out "
                f"({case.when(newest.started)}): {cause(newest)}",
                remedy(newest) or f"Run: {case.drill(one.repository)}",
                one.repository,
            )


def _is_of_nothing(drill: DrillRecord) -> bool:
    """Somebody asked for an ID that no snapshot has: that says nothing of any."""
    nothing = drill.outcome == "not_tested" and {each.code for each in drill.findings} == {"no-snapshot"}
    return nothing and drill.selection not in ("latest", "last-good", "random")


def proof_expiring(case: Case) -> Iterator[Reason]:
    """The last proven restore will soon be too old to count."""
    proven = [one.current[0].started for one in case.standings if one.current]
    limit = case.process.max_proof_age
    if proven and (case.now - max(proven)).total_seconds() > NEARLY * limit:
        until = moment(max(proven) + timedelta(seconds=limit), case.zone, case.now)
        yield case.reason(
            "proof-expiring",
            Verdict.AT_RISK,
            f"The last proven restore is from {case.when(max(proven))}; it counts only until {until}.",
            f"Run: readiness drill {case.process.name}",
        )


def proof_partial(case: Case) -> Iterator[Reason]:
    """Only samples were drilled, and together they do not make the whole."""
    covered = max((one.covered for one in case.standings if one.covering), default=1.0)
    if covered < WHOLE:
        yield case.reason(
            "proof-partial",
            Verdict.AT_RISK,
            f"Only {percent(covered)} of it was drilled within the last "
            f"{span(case.process.max_proof_age)}; the rest is not proven.",
            f"Run a full drill: readiness drill {case.process.name}",
        )


def proofs_missing(case: Case) -> Iterator[Reason]:
    """The files come back; whether the application's data is good was not asked, or not answered."""
    process = case.process
    drills = [drill for one in case.standings for drill in one.current]
    if not process.proofs and process.tier == 1:
        yield case.reason(
            "no-proof",
            Verdict.AT_RISK,
            "No proof is configured: the files come back, but nobody asks whether the data in them is good.",
            f"Add a [[process.{process.name}.proof]] to the config.",
        )
    passed = {(r.name, r.fingerprint) for d in drills for r in d.proofs if r.outcome == "passed"}
    missing = [
        proof.name
        for proof in process.proofs
        if not passed & {(proof.name, fingerprint(proof)), (proof.name, "")}
    ]
    if drills and missing:
        why = [r.message for r in drills[0].proofs if r.outcome == "not_tested" and r.message]
        yield case.reason(
            "proof-not-run",
            Verdict.AT_RISK,
            f"Not proven: {joined(missing)}{' - ' + why[0].rstrip('.') if why else ''}.",
            f"Run a full drill: readiness drill {process.name}",
        )


def paths_not_drilled(case: Case) -> Iterator[Reason]:
    """The process has been given more paths since it was last drilled."""
    for one in case.standings:
        if one.current and not one.covering:
            yield _paths_not_drilled(case, one.repository)
            continue
        narrow = [s for s in one.copy.snapshots if s.outcome == "passed" and not covers(s, case.process)]
        proven = [drill.snapshot_at or drill.started for drill in one.current]
        if narrow and proven and max(proven) <= max(map(taken_at, narrow)):
            yield _paths_not_drilled(case, one.repository)


def _paths_not_drilled(case: Case, repository: str) -> Reason:
    return case.reason(
        "paths-not-drilled",
        Verdict.AT_RISK,
        f"More belongs to the process than what was last drilled from {repository}.",
        f"Run: readiness drill {case.process.name} --from {repository}",
        repository,
    )


def rto_tight(case: Case) -> Iterator[Reason]:
    """Recovery takes nearly as long as was promised."""
    rto = case.rto
    if rto.met and rto.actual_s is not None and rto.actual_s > NEARLY * rto.objective_s:
        yield case.reason(
            "rto-tight",
            Verdict.AT_RISK,
            f"Recovery takes {span(rto.actual_s)} ({rto.basis}) of the promised "
            f"{span(rto.objective_s)}: hardly any room is left.",
            "Make the copy quicker to reach, shorten the steps, or promise less (rto).",
        )


def growth(case: Case) -> Iterator[Reason]:
    """The data grows so fast that recovery will soon take longer than promised."""
    days = days_until_too_long(case.rto, case.standings)
    if days is not None:
        then = moment(case.now + timedelta(days=days), case.zone, case.now)
        yield case.reason(
            "growth",
            Verdict.AT_RISK,
            f"If it goes on growing like this, recovery takes longer than the promised "
            f"{span(case.rto.objective_s)} from about {then.rsplit(' ', 1)[0]} on.",
            "Move old data elsewhere, make the copy quicker to reach, or promise less (rto).",
        )


def late_in_sequence(case: Case) -> Iterator[Reason]:
    """By itself it would be back in time, but others come first."""
    if case.rto.met and case.line.in_time is False and case.line.back is not None:
        closes = case.line.due - timedelta(seconds=case.rto.objective_s)
        due = moment(case.line.due, case.zone, case.now, closes)
        yield case.reason(
            "rto-missed-in-sequence",
            Verdict.AT_RISK,
            f"When everything is restored one after another, it is back later than promised ({due}).",
            "Change tiers, shorten what comes before it, or plan for a second pair of hands.",
        )


def watched(case: Case) -> Iterator[Reason]:
    """What the newest look at the live files found, and mass changes that nobody has accepted."""
    for finding in case.watched:
        yield case.reason(finding.code, Verdict.AT_RISK, shortened(finding.message), finding.hint)


def warnings(case: Case) -> Iterator[Reason]:
    """What newest records that passed still warn of."""
    found = passed_warnings(case.standings)
    grave = [each for each in found if _is_all_there_is(each, case.process)]
    for finding in (*grave, *found):  # of one code the first is said
        verdict = Verdict.UNKNOWN if finding in grave else Verdict.AT_RISK
        yield case.reason(finding.code, verdict, shortened(finding.message), finding.hint)


def _is_all_there_is(finding: Finding, process: CriticalProcess) -> bool:
    """A live server's files hold what is vital, or all of a path: nobody can say what would come back."""
    if finding.code != "live-database" or finding.path is None:
        return False
    directory = [finding.path]
    return any(is_within(path, directory) for path in (*vital_paths(process), *process.paths))


def passed_warnings(standings: Sequence[Standing]) -> list[Finding]:
    """Warnings of the newest snapshot and drill of each copy, where those passed."""
    newest = [record for one in standings for record in one.copy.newest]
    return [f for r in newest if r.outcome == "passed" for f in r.findings if f.severity != "info"]


# The order is the order in which reasons of the same weight are shown.
SLIPPING_RULES: tuple[Rule, ...] = (
    watched,
    snapshot_failing,
    drill_not_tested,
    proof_partial,
    proofs_missing,
    paths_not_drilled,
    no_sound_copy,
    late_in_sequence,
    rto_tight,
    growth,
    proof_expiring,
    *PLACE_RULES,
    warnings,
)
