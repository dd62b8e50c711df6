"""When a drill of the first repository does not pass, the same drill runs from plan B at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.adapters.host.locks import exclusive
from agent.adapters.ledger.ledger import open_reader
from agent.core.drill.plan_b import plan_b_may_help
from agent.core.model.drills import DrillRecord
from agent.core.schedule.holding import held
from support.builders.ledger_records import mounted
from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Result, Shop, snapshotted
from support.builders.shop import drill as drill_record
from support.builders.shop import wrong
from support.places import ROOT


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """With a copy of everything in plan B."""
    shop = snapshotted(newest_restic, tmp_path_factory).copied(tmp_path)
    PlanB(shop).init()
    assert shop.run("copy").says == PASSED
    return shop


def rows(result: Result) -> list[tuple[str, str, str]]:
    return [(row["repository"], row["outcome"], row["instead_of"]) for row in result.rows]


def test_damage_in_the_first_is_found_and_plan_b_passes(shop: Shop) -> None:
    shop.flip(shop.blob_of(shop.source / "d1" / "order-0001.txt"))
    drilled = shop.drill()
    assert rows(drilled) == [("primary", "failed", ""), ("planb", "passed", "primary")]
    assert drilled.status == 1
    with open_reader(shop.state / "ledger.db") as ledger:
        newest = ledger.newest(DrillRecord, repository="planb")[0]
    assert (newest.outcome, newest.instead_of) == ("passed", "primary")


def test_the_text_says_from_where_and_why(shop: Shop) -> None:
    shop.repository.rename(shop.base / "gone")
    done = subprocess.run(
        [sys.executable, "-m", "agent", "--config", shop.config, "drill"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "orders: from planb, because primary could not be used: PASSED" in done.stdout


def test_what_could_not_be_tested_stays_untested_whatever_plan_b_shows(shop: Shop) -> None:
    shop.password.write_text("wrong\n")
    drilled = shop.drill()
    assert rows(drilled) == [("primary", "not_tested", ""), ("planb", "passed", "primary")]
    assert drilled.status == 3


def test_the_same_snapshot_is_drilled_by_the_name_that_it_has_there(shop: Shop) -> None:
    shop.flip(shop.blob_of(shop.source / "d1" / "order-0001.txt"))
    first = shop.drill()
    chosen = first.rows[0]["snapshot"]
    drilled = shop.drill("--snapshot", chosen[:12])
    assert [row["snapshot"] for row in drilled.rows] == [chosen, first.rows[1]["snapshot"]]
    assert drilled.rows[1]["outcome"] == "passed"


def test_a_good_first_repository_or_a_chosen_plan_b_is_one_drill(shop: Shop) -> None:
    assert rows(shop.drill()) == [("primary", "passed", "")]
    assert rows(shop.drill("--from", "primary")) == [("primary", "passed", "")]
    (Path(shop.base) / "planb" / "config").unlink()
    assert rows(shop.drill("--from", "planb")) == [("planb", "failed", "")]


def test_plan_b_that_is_being_written_is_named_as_the_reason(shop: Shop) -> None:
    shop.repository.rename(shop.base / "gone")
    with exclusive(shop.state, held("copy", "", "planb")):
        drilled = shop.drill()
    assert rows(drilled) == [("primary", "failed", ""), ("planb", "not_tested", "primary")]
    assert drilled.rows[1]["findings"][0]["code"] == "repository-locked"
    assert drilled.status == 1


def test_a_medium_that_can_only_be_read_can_be_drilled(
    restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, as_root: None
) -> None:
    shop = snapshotted(restic, tmp_path_factory).copied(tmp_path)
    plan_b = PlanB(shop)
    with mounted(plan_b.path, "size=64m,mode=700"):
        plan_b.init()
        assert shop.run("copy").says == PASSED
        subprocess.run(["mount", "-o", "remount,ro", plan_b.path], check=True)
        assert shop.drill("--from", "planb").says == PASSED
        assert shop.drill("--from", "planb", "--sample", "20%").says == PASSED


@pytest.mark.parametrize(
    ("codes", "may"),
    [
        (["file-damaged"], True),
        (["repository-unreachable"], True),
        (["snapshot-stale", "file-missing"], True),
        (["scratch-too-small"], False),
        (["interrupted"], False),
        (["proof-failed"], False),
        (["snapshot-stale"], False),
        (["restic-missing"], False),
        (["no-space"], False),
        (["not-tested"], False),
    ],
)
def test_plan_b_is_tried_where_it_may_be_better(codes: list[str], may: bool) -> None:
    record = drill_record(outcome="failed", findings=tuple(wrong(code) for code in codes))
    assert plan_b_may_help(record) is may
