"""What the account of a repository, and a glance at it, mean for the processes that are kept there."""

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import Repository
from agent.core.configuration.whereabouts import address
from agent.core.evidence.evidence import Evidence
from agent.core.model.findings import finding
from agent.core.model.records import RepositoryRecord, Verdict
from agent.core.model.sights import Look, SightRecord, Trouble
from agent.core.verdict.judgement import Judgement
from agent.core.verdict.verdict import assess
from support.builders.shop import NOW, ago, config, copy, drill, process, snapshot

PRIMARY, PLAN_B = copy(snapshot(), drill()), copy(snapshot(1.5), drill(1), repository="plan-b")


def judged(*copies, sights=(), **known) -> Judgement:
    shop = config(process(), repositories=("primary", "plan-b"))
    evidence = Evidence(copies=copies or (PRIMARY, PLAN_B), sights=tuple(sights), **known)
    (judgement,) = assess(shop, evidence, NOW).judgements
    return judgement


def codes(judgement: Judgement) -> list[str]:
    return [reason.code for reason in judgement.reasons]


def account(code: str, repository: str = "primary", of: str = "") -> SightRecord:
    trouble = Trouble(code=code, process=of, message="It is so.", since=ago(0.2))
    return SightRecord(
        repository=repository, started=ago(0.2), outcome="failed", by="prune", troubles=(trouble,)
    )


def at(url: str) -> str:
    return address(Repository(name="primary", url=url, password_file="/p"))


def test_what_prune_found_is_not_ready_for_whoever_is_kept_there() -> None:
    for code in ("repository-missing", "repository-changed"):
        found = judged(sights=[account(code)])
        assert (found.verdict, codes(found)) == (Verdict.NOT_READY, [code])


def test_snapshots_of_another_process_that_vanished_are_none_of_its_business() -> None:
    assert judged(sights=[account("snapshots-vanished", of="mail")]).verdict == Verdict.READY
    assert judged(sights=[account("snapshots-vanished", of="orders")]).verdict == Verdict.NOT_READY


def test_a_plan_b_that_never_held_anything_is_no_loss() -> None:
    never = copy(repository="plan-b")
    found = judged(PRIMARY, never, sights=[account("repository-missing", "plan-b")])
    assert (found.verdict, codes(found)) == (Verdict.AT_RISK, ["plan-b-behind"])


def test_damage_that_other_work_met_is_a_risk_while_another_copy_is_proven() -> None:
    damage = account("repository-damaged")
    assert judged(sights=[damage]).verdict == Verdict.AT_RISK
    assert judged(PRIMARY, copy(repository="plan-b"), sights=[damage]).verdict == Verdict.NOT_READY


@pytest.mark.parametrize("code", ["repository-missing", "repository-damaged"])
def test_what_is_seen_now_is_said_now(code: str) -> None:
    found = judged(looks=(Look("primary", finding(code, "", "Nothing is there.")),))
    assert (found.verdict, codes(found)[:1]) == (Verdict.NOT_READY, [code])


def test_without_its_password_a_copy_is_unknown_unless_another_is_proven() -> None:
    shut = (Look("primary", finding("password-missing", "", "It is not there.")),)
    assert judged(looks=shut).verdict == Verdict.AT_RISK
    assert judged(PRIMARY, copy(repository="plan-b"), looks=shut).verdict == Verdict.UNKNOWN


def test_a_repository_that_is_gone_is_that_also_without_its_password() -> None:
    gone = finding("repository-missing", "", "Nothing is there.")
    shut = finding("password-missing", "", "It is not there.")
    both = (Look("primary", gone), Look("primary", shut))
    assert judged(looks=both).verdict == Verdict.NOT_READY


def test_a_copy_at_another_address_than_where_it_was_met_is_unknown() -> None:
    met = RepositoryRecord(repository="primary", repository_id="1", address=at("/mnt/primary"))
    assert judged(repositories=(met,)).verdict == Verdict.READY
    elsewhere = replace(met, address=at("/mnt/elsewhere"))
    assert judged(PRIMARY, copy(repository="plan-b"), repositories=(elsewhere,)).verdict == Verdict.UNKNOWN
    assert judged(repositories=(elsewhere,)).verdict == Verdict.AT_RISK
    assert judged(repositories=(replace(met, address=""),)).verdict == Verdict.READY


def test_where_another_one_was_met_nobody_is_told_to_go_and_meet_it() -> None:
    moved = RepositoryRecord(repository="primary", repository_id="1", address=at("/mnt/elsewhere"))
    found = judged(repositories=(moved,), sights=[account("repository-changed")])
    assert codes(found) == ["repository-changed"]


def test_a_first_repository_that_holds_nothing_is_named() -> None:
    found = judged(copy(), PLAN_B)
    assert (found.verdict, codes(found)) == (Verdict.AT_RISK, ["copy-missing"])


def test_the_time_is_that_of_a_copy_that_can_be_used() -> None:
    assert judged(sights=[account("repository-damaged")]).rto.repository == "plan-b"
    assert judged().rto.repository == "primary"
