"""Concerns: what is wrong at one moment, grouped by what it is about, with its severity."""

from typing import Any

import pytest

from agent.core.evidence.evidence import Evidence
from agent.core.model.findings import CODES
from agent.core.model.records import Verdict
from agent.core.telling.concerns import CONSEQUENCES, TOPICS, concerns, key_of, patience, severity_of
from agent.core.verdict.judgement import Assessment, Reason
from agent.core.verdict.meanings import REASONS
from agent.core.verdict.verdict import assess
from support.builders.shop import HOUR, NOW, config, copy, drill, process, snapshot, wrong


def judged(*copies: Any, **more: Any) -> Assessment:
    return assess(more.get("config") or config(), Evidence(copies=copies, sequence=9, head="ab" * 32), NOW)


def reason(code: str, verdict: Verdict = Verdict.NOT_READY, name: str = "orders", where: str = "") -> Reason:
    return Reason(code=code, verdict=verdict, sentence="It is so.", process=name, repository=where)


def test_a_trouble_of_a_repository_is_one_for_all_processes() -> None:
    two = [process(), process("shop")]
    lost = snapshot(0.1, "failed", findings=(wrong("repository-missing"),))
    found = concerns(judged(copy(lost, snapshot(1)), copy(snapshot(1), name="shop"), config=config(*two)))
    gone = [one for one in found if one.code == "repository-missing"]
    assert [(one.processes, one.repository, one.severity) for one in gone] == [
        (("orders", "shop"), "primary", 1)
    ]


def test_what_only_follows_from_something_else_is_no_concern() -> None:
    found = concerns(judged(copy(snapshot(1))))
    assert [one.code for one in found] == ["never-proven"]
    assert "window-unknown" in CONSEQUENCES


@pytest.mark.parametrize("code", sorted(TOPICS))
def test_every_code_that_has_a_topic_is_one_that_verdicts_use(code: str) -> None:
    assert code in {*REASONS, *CODES}


def test_severity_follows_from_what_is_lost() -> None:
    def severity(code: str, verdict: Verdict, tier: int) -> int:
        return severity_of(reason(code, verdict), tier == 1)

    assert severity("drill-failed", Verdict.NOT_READY, 1) == 1
    assert severity("drill-failed", Verdict.NOT_READY, 2) == 2
    assert severity("mass-change", Verdict.AT_RISK, 3) == 1
    assert severity("rto-missed", Verdict.NOT_READY, 1) == 2
    assert severity("proof-expired", Verdict.UNKNOWN, 1) == 2
    assert severity("snapshot-failing", Verdict.AT_RISK, 1) == 2
    assert severity("growth", Verdict.AT_RISK, 1) == 3
    assert severity("retention-frozen", Verdict.READY, 1) == 3


def test_a_snapshot_that_was_refused_needs_no_patience() -> None:
    assert patience("snapshot-failing", "The newest snapshot to primary failed (...)") == 0
    assert patience("snapshot-failing", "The newest snapshot to primary could not be taken (...)") == 4 * HOUR


def test_the_key_names_what_it_is_about() -> None:
    assert key_of(reason("drill-failed", where="planb")) == "drill|orders|planb"
    assert key_of(reason("snapshot-stale", where="planb")) == "snapshot|orders|"
    assert key_of(reason("repository-changed", where="planb")) == "repository||planb"


def test_a_repository_that_is_gone_is_one_trouble_for_all_that_was_kept_there() -> None:
    gone = snapshot(outcome="failed", findings=(wrong("repository-missing"),))
    failed = drill(outcome="failed", findings=(wrong("repository-missing"),))
    shop = process("shop", paths=("/srv/orders",))
    of_both = config(process(), shop, repositories=("primary", "planb"))
    old = [snapshot(30), drill(29, of=30)]
    copies = [copy(gone, failed, *old, name=name) for name in ("orders", "shop")]
    copies += [copy(*old, name=name, repository="planb") for name in ("orders", "shop")]
    found = concerns(judged(*copies, config=of_both))
    assert [one.key for one in found] == ["repository||primary"]


def test_a_snapshot_that_is_too_old_is_told_although_another_repository_is_gone() -> None:
    gone = snapshot(outcome="failed", findings=(wrong("repository-missing"),))
    old = [snapshot(30), drill(29, of=30)]
    both = config(repositories=("primary", "planb"))
    found = concerns(judged(copy(*old), copy(gone, *old, repository="planb"), config=both))
    assert {one.code for one in found} == {"repository-missing", "snapshot-stale"}


def test_a_clock_that_is_wrong_is_one_trouble() -> None:
    both = config(process(), process("shop"))
    copies = [copy(snapshot(-30), snapshot(1), drill(), name=name) for name in ("orders", "shop")]
    found = concerns(judged(*copies, config=both))
    assert [one.processes for one in found if one.code == "clock-went-back"] == [("orders", "shop")]
