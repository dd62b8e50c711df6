"""What damage in a repository means for the processes that are kept in it."""

import pytest
from msgspec.structs import replace

from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.records import CheckRecord, Verdict
from agent.core.model.runs import Outcome
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.verdict import assess
from agent.operations.reading.assess import gather
from support.builders.shop import NOW, ago, config, copy, drill, process, snapshot, wrong
from support.doubles.fakes import FakeLedger

READY = [copy(snapshot(), drill(2, of=2.5))]
PLAN_B = copy(snapshot(), drill(2, of=2.5), repository="plan-b")


def checked(hours: float, outcome: Outcome = "failed", repository: str = "primary") -> CheckRecord:
    findings = (wrong("repository-damaged", "", "restic found damage."),) if outcome == "failed" else ()
    return CheckRecord(
        repository=repository,
        started=ago(hours),
        outcome=outcome,
        seconds=1,
        part=1,
        parts=28,
        findings=findings,
    )


def verdict(*checks: CheckRecord, copies: list[Copy] = READY) -> tuple[Verdict, list[str]]:
    shop = config(process(), repositories=("primary", "plan-b"))
    answer: Assessment = assess(shop, Evidence(copies=tuple(copies), checks=checks), NOW)
    (judgement,) = answer.judgements
    return judgement.verdict, [reason.code for reason in judgement.reasons]


def test_a_sound_repository_changes_nothing() -> None:
    assert verdict(checked(1, "passed")) == (Verdict.READY, [])


def test_damage_in_the_only_copy_is_not_ready() -> None:
    assert verdict(checked(1)) == (Verdict.NOT_READY, ["repository-damaged"])


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("Look at its disk.", "Look at its disk. Then run: readiness drill orders"),
        (
            "Then run: readiness check primary",
            "Then run: readiness check primary, then: readiness drill orders",
        ),
        ("", "Run: readiness drill orders"),
    ],
)
def test_what_to_do_is_whole_sentences(hint: str, said: str) -> None:
    record = checked(1)
    record = replace(record, findings=(replace(record.findings[0], hint=hint),))
    shop = config(process(), repositories=("primary", "plan-b"))
    (judgement,) = assess(shop, Evidence(copies=tuple(READY), checks=(record,)), NOW).judgements
    assert judgement.reasons[0].hint == said


def test_damage_is_a_risk_once_the_whole_process_came_back_since() -> None:
    assert verdict(checked(3)) == (Verdict.AT_RISK, ["repository-damaged"])


def test_a_sample_that_came_back_since_says_too_little() -> None:
    sample = copy(snapshot(), drill(2, of=2.5, share=0.5), drill(9, of=9.5))
    assert verdict(checked(3), copies=[sample])[0] == Verdict.NOT_READY


def test_damage_is_a_risk_while_another_copy_is_proven() -> None:
    assert verdict(checked(1), copies=[*READY, PLAN_B]) == (Verdict.AT_RISK, ["repository-damaged"])


def test_another_copy_that_is_not_proven_does_not_help() -> None:
    unproven = copy(snapshot(), repository="plan-b")
    assert verdict(checked(1), copies=[*READY, unproven])[0] == Verdict.NOT_READY


def test_damage_in_both_copies_is_not_ready() -> None:
    both = (checked(1), checked(1, repository="plan-b"))
    assert verdict(*both, copies=[*READY, PLAN_B])[0] == Verdict.NOT_READY


def test_damage_where_the_process_is_not_kept_does_not_matter_to_it() -> None:
    assert verdict(checked(1, repository="plan-b")) == (Verdict.READY, [])


def test_the_newest_result_of_each_repository_is_gathered() -> None:
    stopped = replace(checked(0.1, "passed"), outcome="not_tested")
    gone = replace(checked(0.2), findings=(wrong("repository-missing", ""),))
    records = [checked(9, repository="plan-b"), checked(3, "passed"), checked(2), gone, stopped]
    shop = config(process(), repositories=("primary", "plan-b"))

    assert gather(shop, FakeLedger(*records)).checks == (records[2], records[0])
    assert gather(shop, FakeLedger(*records, checked(0, "passed"))).checks == (
        checked(0, "passed"),
        records[0],
    )
