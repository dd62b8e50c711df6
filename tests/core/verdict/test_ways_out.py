"""What ends a failed drill, by what failed and where."""

import pytest
from msgspec.structs import replace

from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.drills import DrillRecord, ProofResult
from agent.core.model.findings import finding
from agent.core.model.sights import SightRecord, Trouble
from agent.core.verdict.judgement import Judgement
from agent.core.verdict.verdict import assess
from support.builders.shop import NOW, PROOF, ago, codes, config, copy, drill, judged, snapshot, wrong

DISPROVEN = (ProofResult(name=PROOF.name, outcome="failed", seconds=1),)


def refuted(hours: float, of: float, **changes: object) -> DrillRecord:
    findings = (finding("proof-failed", "orders", "sound: exit status 1."),)
    return drill(hours, "failed", of=of, findings=findings, proofs=DISPROVEN, **changes)


def hint(judgement: Judgement, code: str = "drill-failed") -> str:
    return next(reason.hint for reason in judgement.reasons if reason.code == code)


def plan_b(*records: object) -> Copy:
    return copy(*records, repository="planb")  # type: ignore[arg-type]


def copy_of(hours: float) -> object:
    return snapshot(hours, snapshot=f"copy {hours}", copy_of=snapshot(hours).snapshot)


def test_in_the_first_repository_a_new_snapshot_ends_what_a_proof_refuted() -> None:
    assert hint(judged(snapshot(), refuted(0.5, 1))).startswith(
        "Run: readiness snapshot orders, then: readiness drill orders. "
    )


def test_in_plan_b_it_has_to_be_copied_and_drilled_there() -> None:
    failing = refuted(0.5, 1, copy_of=snapshot(1).snapshot)
    failing = replace(failing, snapshot="copy 1")
    held = plan_b(copy_of(1), failing)
    assert hint(judged(snapshot(1), more=(held,))) == (
        "Run: readiness snapshot orders, then: readiness copy orders --to planb, then: "
        "readiness drill orders --from planb"
    )
    newer = judged(snapshot(0.4), snapshot(1), drill(0.3, of=0.4), more=(held,))
    asked = "Run: readiness copy orders --to planb, then: readiness drill orders --from planb"
    assert hint(newer) == asked
    arrived = plan_b(copy_of(0.4), copy_of(1), failing)
    assert hint(judged(snapshot(0.4), snapshot(1), drill(0.3, of=0.4), more=(arrived,))) == (
        "Run: readiness drill orders --from planb"
    )


def test_a_plan_b_that_is_fed_by_snapshots_gets_one() -> None:
    shop = config(repositories=("primary", "planb"))
    shop = replace(
        shop, repositories=(shop.repositories[0], replace(shop.repositories[1], fed_by="snapshot"))
    )
    copies = (copy(snapshot(), drill()), plan_b(snapshot(), refuted(0.5, 1)))
    found = assess(shop, Evidence(copies=copies), NOW).judgements[0]
    assert hint(found) == (
        "Run: readiness snapshot orders --to planb, then: readiness drill orders --from planb"
    )


@pytest.mark.parametrize("repository", ["primary", "planb"])
def test_where_bytes_are_lost_the_repository_is_checked(repository: str) -> None:
    bad = copy(snapshot(), drill(outcome="failed"), repository=repository)
    copies = (bad,) if repository == "primary" else (copy(snapshot(), drill()), bad)
    found = judged(*(), more=copies) if repository == "planb" else judged(snapshot(), drill(outcome="failed"))
    assert f"Run: readiness check {repository}, then: readiness drill orders" in hint(found)
    assert ("docs/plan-b.md" in hint(found)) == (repository == "planb")


def test_what_the_account_of_the_repository_says_is_not_said_of_the_drill() -> None:
    robbed = drill(0.5, "failed", findings=(wrong("snapshots-vanished"),))
    trouble = Trouble(
        code="snapshots-vanished", process="orders", message="Gone.", hint="Look.", since=ago(0.5)
    )
    known = SightRecord(
        repository="primary", started=ago(0.5), outcome="failed", by="drill", troubles=(trouble,)
    )
    held = Evidence(copies=(copy(snapshot(), robbed, drill(3)),), sights=(known,))
    assert codes(assess(config(), held, NOW).judgements[0]) == ["snapshots-vanished"]

    met = Evidence(copies=held.copies, sights=(replace(known, outcome="passed", troubles=()),))
    [reason] = assess(config(), met, NOW).judgements[0].reasons
    assert (reason.code, reason.hint) == ("drill-failed", "Run: readiness drill orders")
