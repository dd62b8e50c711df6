"""`readiness retain` on real repositories: what goes, what stays, what is said, what is recorded."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.model.records import AgentRecord, RetentionRecord
from support.builders.quick_key import empty_repository
from support.builders.readiness_cli import Result, Shop
from support.builders.retaining import kept, note_drill, note_snapshots, old
from support.builders.shop import damage, wrong


@pytest.fixture
def shop(tmp_path: Path, newest_restic: Path) -> Shop:
    return kept(Shop(tmp_path, newest_restic), "last = 2")


def retain(shop: Shop, *arguments: str) -> tuple[str, int, list[str], Any]:
    """Outcome, exit status, codes, and the row."""
    result = shop.run("retain", *arguments)
    (row,) = result.answer["result"]["retentions"]
    return row["outcome"], result.status, [found["code"] for found in row["findings"]], row


def records(shop: Shop) -> Iterator[RetentionRecord]:
    with open_reader(shop.state / "ledger.db") as ledger:
        yield from ledger.newest(RetentionRecord, limit=10)


def test_what_the_policy_lets_go_is_removed_and_nothing_else(restic: Path, tmp_path: Path) -> None:
    shop = kept(Shop(tmp_path, restic), "last = 2")
    made = old(shop, 5, 4, 3, 2)

    outcome, status, codes, row = retain(shop)

    assert (outcome, status, codes) == ("passed", 0, [])
    assert set(row["removed"]) == set(made[:2])
    assert set(row["kept"]) == set(made[2:]) == set(shop.snapshot_ids())
    ended, begun = records(shop)
    assert (ended.outcome, ended.removed, ended.kept) == ("passed", tuple(row["removed"]), tuple(row["kept"]))
    assert (begun.outcome, begun.removed, begun.kept) == ("not_tested", ended.removed, ())


def test_what_was_removed_is_not_missed_by_any_later_run(shop: Shop) -> None:
    for _ in range(4):
        assert shop.snapshot().status == 0
    assert retain(shop)[:3] == ("passed", 0, [])
    assert len(shop.snapshot_ids()) == 2

    assert shop.snapshot().codes == []
    assert shop.drill().codes == []
    assert retain(shop)[:3] == ("passed", 0, [])


def test_others_snapshots_in_the_same_repository_are_left_alone(shop: Shop) -> None:
    mine = old(shop, 5, 4, 3)
    theirs = [
        *old(shop, 9, 8, 7, host="elsewhere"),
        *old(shop, 9, 8, 7, tags=("--tag", "readiness", "--tag", "process=mail")),
        *old(shop, 9, 8, 7, tags=("--tag", "process=orders")),
        *old(shop, 9, 8, 7, tags=()),
    ]

    assert retain(shop)[3]["removed"] == [mine[0]]
    assert set(shop.snapshot_ids()) == {*mine[1:], *theirs}


def test_the_newest_snapshot_that_passed_a_drill_stays(shop: Shop) -> None:
    shop.snapshot()
    proven = shop.snapshot_ids()[0]
    assert shop.drill().status == 0
    for _ in range(4):
        shop.snapshot()

    assert len(retain(shop)[3]["removed"]) == 2
    assert proven in shop.snapshot_ids()


def test_the_newest_good_snapshot_stays(shop: Shop) -> None:
    shop.snapshot()
    (good,) = shop.snapshot_ids()
    old(shop, -0.2, -0.3, -0.4, noted="failed")

    assert len(retain(shop)[3]["removed"]) == 1
    assert good in shop.snapshot_ids()


def test_more_than_a_share_is_not_removed_at_once(shop: Shop) -> None:
    kept(shop, "last = 1", at_most=50)
    made = old(shop, 5, 4, 3)

    assert retain(shop)[:3] == ("passed", 0, ["retention-too-much"])
    assert set(shop.snapshot_ids()) == set(made)


def test_a_snapshot_from_the_future_costs_no_other_its_life(shop: Shop) -> None:
    kept(shop, 'within = "1h"')
    made = old(shop, 50, 40, -8760)

    assert retain(shop)[:3] == ("passed", 0, ["snapshot-in-future"])
    assert set(shop.snapshot_ids()) == set(made)


def test_a_clock_that_jumped_freezes_until_it_is_set_right(shop: Shop) -> None:
    made = old(shop, 5, 4, 3)
    with open_ledger(shop.state / "ledger.db") as ledger:
        ledger.append(AgentRecord(event="clock-jumped", jump=31536000), datetime.now(UTC))

    outcome, status, codes, row = retain(shop)

    assert (outcome, status, codes) == ("passed", 0, ["retention-frozen"])
    assert row["frozen"] == ["clock-jumped"]
    assert set(shop.snapshot_ids()) == set(made)
    with open_ledger(shop.state / "ledger.db") as ledger:
        ledger.append(AgentRecord(event="clock-jumped", jump=-31536000), datetime.now(UTC))
    assert retain(shop)[3]["removed"] == made[:1]


def test_snapshots_that_somebody_else_removed_freeze_until_a_person_accepts(shop: Shop) -> None:
    for _ in range(4):
        shop.snapshot()
    gone = shop.snapshot_ids()[1]
    shop.plain_restic("forget", gone)

    assert retain(shop)[:3] == ("failed", 1, ["snapshots-vanished"])
    assert shop.run("prune").answer["result"]["prunes"][0]["outcome"] == "failed"
    assert shop.snapshot().codes == ["snapshots-vanished"]
    assert shop.drill().codes[0] == "snapshots-vanished"
    assert retain(shop)[:3] == ("failed", 1, ["snapshots-vanished"])
    assert len(shop.snapshot_ids()) == 4

    assert shop.snapshot("--accept").status == 0

    assert retain(shop)[:3] == ("passed", 0, [])
    assert shop.snapshot().codes == []
    assert shop.drill().codes == []


def test_another_repository_in_its_place_loses_nothing(shop: Shop) -> None:
    shop.snapshot()
    shop.repository.rename(shop.base / "the old one")
    shop.init("another")
    made = old(shop, 5, 4, 3)

    assert retain(shop)[:3] == ("failed", 1, ["repository-changed"])
    assert set(shop.snapshot_ids()) == set(made)


def test_nothing_is_removed_before_a_drill_has_passed(shop: Shop) -> None:
    made = old(shop, 5, 4, 3, noted=None)
    for file in shop.state.glob("ledger*"):
        file.unlink()
    note_snapshots(shop, made)

    outcome, status, codes, row = retain(shop)

    assert (outcome, status, codes) == ("passed", 0, ["retention-unproven"])
    assert "none was made yet" in row["findings"][0]["message"]
    assert set(shop.snapshot_ids()) == set(made)
    assert shop.snapshot().status == 0
    assert shop.drill().status == 0
    assert set(retain(shop)[3]["removed"]) == set(made[:2])


def test_what_no_record_knows_is_neither_removed_nor_counted(shop: Shop) -> None:
    """A second readiness under the same host and names, or what was taken before the ledger was lost."""
    before = old(shop, 30, 29, noted=None)
    made = old(shop, 5, 4, 3)
    after = old(shop, 2, 1, noted=None)

    outcome, status, codes, row = retain(shop)

    assert (outcome, status, codes) == ("passed", 0, ["retention-unknown"])
    assert row["findings"][0]["message"].startswith("4 snapshots of orders in primary (")
    assert row["removed"] == made[:1], "a listing that was noted makes them no snapshots of ours"
    assert set(shop.snapshot_ids()) == {*before, *made[1:], *after}
    assert retain(shop)[2] == ["retention-unknown"]
    notes = [one["code"] for one in shop.run("status").answer["result"]["processes"][0]["reasons"]]
    assert "retention-unknown" in notes


def test_two_installations_under_one_name_remove_only_what_each_of_them_took(shop: Shop) -> None:
    for _ in range(3):
        shop.snapshot()
    mine = set(shop.snapshot_ids())
    other = kept(Shop(shop.base / "other", shop.restic), "last = 2")
    other.url, other.password = str(shop.repository), shop.password
    other.write_config()
    for _ in range(3):
        other.snapshot()
    theirs = set(shop.snapshot_ids()) - mine

    assert len(retain(shop)[3]["removed"]) == 1
    assert theirs <= set(shop.snapshot_ids()), "none of the other one's was taken away"
    assert len(mine & set(shop.snapshot_ids())) == 2


def test_after_a_drill_that_failed_nothing_is_removed_until_one_passes(shop: Shop) -> None:
    """Who knows how long it has been bad: the last good snapshot may be any of the old ones."""
    made = old(shop, 5, 4, 3)
    note_drill(shop, "primary", "failed", wrong("proof-failed"))

    outcome, status, codes, row = retain(shop)

    assert (outcome, status, codes) == ("passed", 0, ["retention-unproven"])
    assert "This is proof-failed." in row["findings"][0]["message"]
    assert set(shop.snapshot_ids()) == set(made)
    note_drill(shop)
    assert retain(shop)[3]["removed"] == made[:1]


def test_a_drill_that_only_found_it_stale_keeps_nothing_back(shop: Shop) -> None:
    made = old(shop, 5, 4, 3)
    note_drill(shop, "primary", "failed", wrong("snapshot-stale"))
    assert retain(shop)[3]["removed"] == made[:1]


def test_what_is_proven_elsewhere_says_nothing_of_this_repository(shop: Shop) -> None:
    made = old(shop, 5, 4, 3)
    note_drill(shop, "primary", "failed", wrong("file-damaged"))
    note_drill(shop, "planb")
    assert retain(shop)[2] == ["retention-unproven"]
    assert set(shop.snapshot_ids()) == set(made)


def test_in_a_damaged_repository_nothing_is_removed_until_a_check_finds_it_mended(shop: Shop) -> None:
    made = old(shop, 5, 4, 3)
    with open_ledger(shop.state / "ledger.db") as ledger:
        ledger.append(damage(), datetime.now(UTC))

    _, status, codes, row = retain(shop)

    assert (status, codes, row["frozen"]) == (0, ["retention-frozen"], ["repository-damaged"])
    assert set(shop.snapshot_ids()) == set(made)
    assert shop.run("check").status == 0
    assert retain(shop)[3]["removed"] == made[:1]


def test_a_missing_repository_is_bad_and_a_wrong_password_is_not(shop: Shop) -> None:
    shop.password.write_text("wrong\n")
    assert retain(shop)[:3] == ("not_tested", 3, ["wrong-password"])
    shop.repository.rename(shop.base / "gone")
    assert retain(shop)[:3] == ("failed", 1, ["repository-missing"])


def test_a_process_without_keep_loses_nothing_and_says_so(shop: Shop) -> None:
    shop.extra = ""
    shop.write_config()
    made = old(shop, 5, 4, 3)

    result = shop.run("retain")

    assert (result.status, result.answer["result"]["retentions"]) == (0, [])
    assert set(shop.snapshot_ids()) == set(made)


def test_each_repository_is_kept_by_itself(shop: Shop) -> None:
    other = shop.base / "plan-b"
    shop.more = (
        f'[repository.plan-b]\nurl = "{other}"\npassword_file = "{shop.password}"\nfed_by = "snapshot"\n'
    )
    shop.write_config()
    empty_repository(other, shop.restic, "correct horse", "plan-b")
    made = old(shop, 5, 4, 3)

    result: Result = shop.run("retain")
    rows = result.answer["result"]["retentions"]
    only = shop.run("retain", "--in", "plan-b").answer["result"]["retentions"]

    assert [(row["repository"], len(row["removed"])) for row in rows] == [("primary", 1), ("plan-b", 0)]
    assert [row["repository"] for row in only] == ["plan-b"]
    assert set(shop.snapshot_ids()) == set(made[1:])
    assert shop.run("retain", "--in", "nowhere").status == 2
