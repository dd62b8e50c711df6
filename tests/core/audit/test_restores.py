"""What drills restored, and against what that was held: questions 3 to 5 and 7 to 13 of the checklist."""

from pathlib import Path

from agent.core.model.drills import DrillFiles
from agent.core.model.records import RetentionRecord
from support.builders.audit_year import DAY, START, Business, items, promising, weekly
from support.builders.shop import config, process, wrong


def test_an_older_snapshot_in_full_meets_the_third(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        weekly(shop)
        shop.drill(START + 2 * DAY, selection="random")

    assert items(tmp_path, write, first=promising())[3].state == "met"


def test_samples_alone_are_no_full_restore(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: weekly(shop, share=0.5), first=promising())

    assert (found[3].state, found[10].state) == ("not met", "unknown")


def test_a_wall_that_was_missing_is_told(tmp_path: Path) -> None:
    found = items(
        tmp_path, lambda shop: weekly(shop, isolation=("user", "without network")), first=promising()
    )

    assert found[5].state == "not met"


def test_a_missed_objective_is_told(tmp_path: Path) -> None:
    found = items(tmp_path, weekly, first=promising(rto=300))

    assert (found[7].state, found[7].why) == ("not met", "4 drills missed an objective.")


def test_loss_in_the_newest_test_is_told_separately_for_hash_and_count(tmp_path: Path) -> None:
    damaged = DrillFiles(expected=1200, restored=1200, verified=1190, damaged=10)
    missing = DrillFiles(expected=1200, restored=1190, verified=1190, missing=10)
    for number, (files, expected) in enumerate(
        [(damaged, ("not met", "met")), (missing, ("met", "not met"))]
    ):
        (tmp_path / str(number)).mkdir()
        found = items(
            tmp_path / str(number),
            lambda shop, files=files: weekly(shop, files=files),  # type: ignore[misc]
            first=promising(),
        )
        assert (found[8].state, found[9].state) == expected


def test_no_proof_is_no_proof(tmp_path: Path) -> None:
    assert items(tmp_path, lambda shop: weekly(shop, proofs=()), first=promising())[10].state == "not met"


def test_without_a_recorded_witness_expectations_are_not_independent(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: weekly(shop, snapshot="f" * 64), first=promising())

    assert found[11].state == "not met"


def test_plan_b_counts_when_it_was_restored_and_cannot_be_changed(tmp_path: Path) -> None:
    refused = RetentionRecord(
        process="orders",
        repository="away",
        started=START,
        outcome="not_tested",
        seconds=1,
        findings=(wrong("retention-refused"),),
    )

    def never(shop: Business) -> None:
        weekly(shop)

    def restored(shop: Business) -> None:
        shop.drill(START, repository="away")

    def immutable(shop: Business) -> None:
        restored(shop)
        shop.ledger.append(refused, START)

    states = []
    for write in (never, restored, immutable):
        (tmp_path / write.__name__).mkdir()
        two = config(process(), repositories=("primary", "away"))
        states.append(items(tmp_path / write.__name__, write, first=two)[13].state)

    assert states == ["not met", "unknown", "met"]
