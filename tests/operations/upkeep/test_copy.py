"""Plan B is fed by copies, and judged by what is there afterwards."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.core.model.records import RetentionRecord
from agent.core.model.snapshots import SnapshotRecord
from support.builders.ledger_records import mounted
from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Shop, failed, fill, not_tested, snapshotted
from support.doubles.playing_restic import playing
from support.servers.other_restics import at_work, slowed
from support.waiting import until


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return snapshotted(newest_restic, tmp_path_factory).copied(tmp_path)


@pytest.fixture
def plan_b(shop: Shop) -> PlanB:
    return PlanB(shop).init()


def change(shop: Shop, text: str) -> str:
    """Another snapshot with other content; returns its ID."""
    (shop.source / "d1" / "order-0001.txt").write_text(text)
    taken = shop.snapshot()
    assert taken.says == PASSED
    return str(taken.row["snapshot"])


def own(shop: Shop) -> None:
    """Sources of its own, for tests that change them."""
    theirs, mine = shop.source, shop.base / "srv" / "orders"
    shutil.copytree(theirs, mine)
    shop.source, shop.paths = mine, [mine]
    shop.write_config()
    assert shop.snapshot().says == PASSED


def test_what_is_good_arrives_with_its_record_and_can_be_drilled(
    restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = snapshotted(restic, tmp_path_factory).copied(tmp_path)
    plan_b = PlanB(shop).init()

    copied = shop.run("copy")

    assert copied.says == PASSED
    assert copied.row | {"seconds": 0} == {
        "process": "orders", "repository": "planb", "source": "primary", "outcome": "passed",
        "copied": 1, "behind": 0, "lag": 0, "seconds": 0, "findings": [],
    }  # fmt: skip
    assert copied.answer["schema"] == "readiness.copy/1"
    (record,) = plan_b.records()
    (row,) = plan_b.snapshots()
    assert (record.snapshot, record.copy_of) == (row["id"], row["original"])
    assert shop.drill("--from", "planb").says == PASSED
    assert plan_b.locks() == []


def test_a_second_copy_has_nothing_to_do(shop: Shop, plan_b: PlanB) -> None:
    assert shop.run("copy").row["copied"] == 1
    again = shop.run("copy")
    assert (again.says, again.row["copied"]) == (PASSED, 0)
    assert len(plan_b.snapshots()) == len(plan_b.records()) == 1


def test_all_that_is_missing_comes_and_the_newest_record_is_of_the_newest(shop: Shop, plan_b: PlanB) -> None:
    own(shop)
    ids = [change(shop, str(n)) for n in range(3)]
    copied = shop.run("copy")
    assert (copied.says, copied.row["copied"]) == (PASSED, 5)
    assert plan_b.originals()[:3] == ids[::-1]
    assert plan_b.records()[0].copy_of == ids[-1]
    newest = change(shop, "more")
    assert shop.run("copy").row["copied"] == 1
    assert plan_b.records()[0].copy_of == newest


def test_only_good_snapshots_of_ours_are_copied(shop: Shop, plan_b: PlanB) -> None:
    shop.plain_restic(
        "backup", shop.source, "--host", "shop", "--tag", "readiness", "--tag", "process=orders"
    )
    shop.plain_restic("backup", shop.source, "--host", "elsewhere")
    copied = shop.run("copy")
    assert (copied.says, copied.row["copied"]) == (PASSED, 1)
    assert len(plan_b.snapshots()) == 1


def test_what_a_killed_copy_left_is_recorded_by_the_next(shop: Shop, plan_b: PlanB) -> None:
    known = str(plan_b.shop.password)
    source = {"RESTIC_FROM_REPOSITORY": str(shop.repository), "RESTIC_FROM_PASSWORD_FILE": known}
    os.environ.update(source)
    try:
        plan_b.restic("copy")
    finally:
        for name in source:
            del os.environ[name]
    assert plan_b.snapshots() and not plan_b.records()
    assert shop.run("copy").row | {"seconds": 0, "copied": 0} == shop.run("copy").row | {"seconds": 0}
    assert [record.snapshot for record in plan_b.records()] == [plan_b.snapshots()[0]["id"]]


def test_what_the_retention_removed_from_plan_b_does_not_come_back(shop: Shop, plan_b: PlanB) -> None:
    own(shop)
    assert shop.run("copy").row["copied"] == 2
    oldest = plan_b.snapshots()[-1]["id"]
    plan_b.restic("forget", oldest)
    with open_ledger(shop.state / "ledger.db") as ledger:
        started = plan_b.records()[0].started
        removal = RetentionRecord(
            process="orders", repository="planb", host="shop", started=started,
            outcome="passed", seconds=0, removed=(oldest,), kept=(plan_b.snapshots()[0]["id"],),
        )  # fmt: skip
        ledger.append(removal, started)
    again = shop.run("copy")
    assert (again.says, again.row["copied"], again.row["behind"]) == (PASSED, 0, 0)


def test_what_vanished_from_plan_b_is_told_and_copied_again(shop: Shop, plan_b: PlanB) -> None:
    assert shop.run("copy").says == PASSED
    plan_b.restic("forget", plan_b.snapshots()[0]["id"])
    again = shop.run("copy")
    assert (again.says, again.row["copied"]) == (failed("snapshots-vanished"), 1)


def test_what_vanished_from_the_first_repository_is_told_to_the_verdict(shop: Shop, plan_b: PlanB) -> None:
    assert shop.run("copy").says == PASSED
    shop.plain_restic("forget", shop.snapshot_ids()[0])
    assert shop.run("copy").says == not_tested("no-snapshot")
    (process,) = shop.run("status").answer["result"]["processes"]
    found = {(one["code"], one["repository"]) for one in process["reasons"]}
    assert ("snapshots-vanished", "primary") in found


# ---- what can be wrong


def test_a_plan_b_that_is_missing_is_not_made_and_the_command_is_told(shop: Shop) -> None:
    plan_b = PlanB(shop)
    copied = shop.run("copy")
    assert copied.says == failed("repository-missing")
    assert not plan_b.path.exists()
    (found,) = copied.row["findings"]
    assert "Repository planb" in found["message"]
    command = found["hint"].partition("If it was never made: restic ")[2]
    assert "--copy-chunker-params" in command
    plan_b.restic(*command.split())
    assert shop.run("copy").says == PASSED


def test_another_repository_in_plan_bs_place_gets_nothing(shop: Shop, plan_b: PlanB) -> None:
    assert shop.run("copy").says == PASSED
    shutil.rmtree(plan_b.path)
    plan_b.init()
    assert shop.run("copy").says == failed("repository-changed")
    assert plan_b.snapshots() == []


def test_another_repository_in_the_place_of_the_first_gives_nothing(shop: Shop, plan_b: PlanB) -> None:
    shutil.rmtree(shop.repository)
    shop.init("another")
    assert shop.run("copy").says == failed("repository-changed")


def test_a_wrong_password_of_either_side_names_the_side(shop: Shop, plan_b: PlanB) -> None:
    plan_b.password.write_text("wrong\n")
    copied = shop.run("copy")
    assert copied.says == not_tested("wrong-password")
    assert "Repository planb" in copied.row["findings"][0]["message"]
    plan_b.password.write_text("battery staple\n")
    shop.password.write_text("wrong\n")
    copied = shop.run("copy")
    assert copied.says == not_tested("wrong-password")
    assert "Repository primary" in copied.row["findings"][0]["message"]


def test_a_snapshot_that_cannot_be_read_does_not_keep_the_others(restic: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path, restic).set_up()
    fill(shop.source, files=30, big=0)
    (shop.source / "spoilt").write_bytes(os.urandom(5000))
    first = str(shop.snapshot().row["snapshot"])
    spoilt = shop.blob_of(shop.source / "spoilt")
    (shop.source / "spoilt").unlink()
    ids = [first, change(shop, "1"), change(shop, "2")]
    shop.flip(spoilt)
    plan_b = PlanB(shop).init()

    copied = shop.run("copy")

    assert copied.says == failed("repository-damaged")
    assert (copied.row["copied"], copied.row["behind"], copied.row["lag"]) == (2, 1, 0)
    assert first[:8] in copied.row["findings"][0]["message"]
    assert plan_b.originals() == ids[:0:-1]
    assert plan_b.records()[0].copy_of == ids[-1]


def test_a_plan_b_that_cannot_be_written_is_no_trouble_of_the_first_repository(
    shop: Shop, plan_b: PlanB, tmp_path: Path
) -> None:
    said = f"Save(<lock/e0>): open {plan_b.path}/locks/e0-tmp-5: operation not permitted\n"
    shop.restic = playing(tmp_path, {"copy": [{"err": said}, {"exit": 1}]}, shop.restic)
    shop.write_config()

    copied = shop.run("copy")

    assert copied.says == not_tested("restic-failed")
    (found,) = copied.row["findings"]
    assert found["message"].startswith("Repository planb: Nothing can be written there.")
    assert "primary" not in found["hint"]


def test_a_restic_that_copies_nothing_and_says_nothing_is_found_out(
    shop: Shop, plan_b: PlanB, tmp_path: Path
) -> None:
    shop.restic = playing(tmp_path, {"copy": [{"exit": 0}]}, shop.restic)
    shop.write_config()
    assert shop.run("copy").says == failed("copy-incomplete")


def test_a_copy_that_prints_and_gets_nowhere_is_ended(shop: Shop, plan_b: PlanB, tmp_path: Path) -> None:
    """As restic's bar does while a server that is dead keeps it waiting."""
    talking = tmp_path / "talking-restic"
    talking.write_text(
        '#!/bin/sh\ncase " $* " in *" copy "*) while :; do echo "[0:01] 0.00%"; sleep 0.2; done;; esac\n'
        f'exec {shop.restic} "$@"\n'
    )
    talking.chmod(0o755)
    shop.restic, shop.stall_timeout = talking, "3s"
    plan_b.write_config()

    assert shop.run("copy").says == not_tested("timed-out")


def test_settings_that_contradict_are_told(shop: Shop, plan_b: PlanB) -> None:
    files = []
    for name in ("primary", "planb"):
        file = shop.base / f"{name}.environment"
        file.write_text(f"AWS_ACCESS_KEY_ID={name}-canary\n")
        file.chmod(0o600)
        files.append(f'environment_file = "{file}"')
    plan_b.write_config(files[1])
    shop.config.write_text(shop.config.read_text().replace("[process", f"{files[0]}\n[process", 1))
    copied = shop.run("copy")
    assert copied.says == not_tested("copy-impossible")
    said = json.dumps(copied.answer)
    assert "AWS_ACCESS_KEY_ID differ in their environment files" in said
    assert 'fed_by = \\"snapshot\\"' in said and "canary" not in said


def test_nothing_good_to_copy_is_no_test(newest_restic: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    PlanB(shop).init()
    assert shop.run("copy").says == not_tested("no-snapshot")


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (["--to", "planb"], 'fed_by = "snapshot"', "is fed by snapshots of its own"),
        (["--to", "primary"], "", "copies are made from it"),
        (["--to", "nowhere"], "", "There is no repository nowhere"),
        ([], 'fed_by = "snapshot"', "There is no plan B"),
    ],
)
def test_a_repository_that_takes_no_copies_is_wrong_usage(
    shop: Shop, arguments: list[str], more: str, words: str
) -> None:
    PlanB(shop, more=more)
    copied = shop.run("copy", *arguments)
    assert copied.status == 2
    assert words in copied.stderr


# ---- its own snapshots


def test_a_repository_fed_by_snapshots_gets_its_own(shop: Shop) -> None:
    plan_b = PlanB(shop, more='fed_by = "snapshot"').init()
    taken = shop.snapshot("--to", "planb")
    assert (taken.says, taken.row["repository"]) == (PASSED, "planb")
    assert len(plan_b.snapshots()) == 1
    assert shop.drill("--from", "planb").says == PASSED
    assert shop.drill().says == PASSED


# ---- stopped, and beside others


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_copy_that_is_stopped_leaves_no_lock_and_goes_on_later(
    restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, number: int,
) -> None:  # fmt: skip
    shop = snapshotted(restic, tmp_path_factory).copied(tmp_path)
    plan_b = PlanB(shop).init()
    quick = shop.restic
    slowed(shop, tmp_path)
    running = shop.start("copy")
    until(lambda: running.poll() is not None or (at_work(plan_b) and plan_b.locks()))
    mine = at_work(plan_b)
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=60)
    until(lambda: not any(Path(f"/proc/{copying}").exists() for copying in mine))
    if number != signal.SIGKILL:
        done = subprocess.CompletedProcess([], running.returncode, stdout, stderr)
        assert shop.result(done).status == 130
        assert plan_b.locks() == []
    shop.restic = quick
    shop.write_config()
    again = shop.run("copy")
    assert (again.says, again.row["copied"]) == (PASSED, 1)
    assert not plan_b.locks(), [plan_b.restic("cat", "lock", lock.name) for lock in plan_b.locks()]
    plan_b.restic("check")


def test_a_copy_at_work_blocks_no_snapshot_and_no_second_run_on_plan_b(
    shop: Shop, plan_b: PlanB, tmp_path: Path
) -> None:
    slowed(shop, tmp_path)
    running = shop.start("copy")
    try:
        until(lambda: running.poll() is not None or at_work(plan_b))
        assert shop.run("snapshot").status == 0
        assert shop.run("copy").status == 75
        assert shop.run("drill", "--from", "planb").status == 75
        assert running.poll() is None, "the copy was too quick for this test"
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)


def test_a_source_that_is_only_readable_can_be_copied(
    restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, as_root: None
) -> None:
    shop = snapshotted(restic, tmp_path_factory).copied(tmp_path)
    PlanB(shop).init()
    with mounted(tmp_path / "medium", "size=64m,mode=700") as medium:
        subprocess.run(["cp", "-a", shop.repository, medium], check=True)
        subprocess.run(["mount", "-o", "remount,ro", medium], check=True)
        shop.repository = medium / "repository"
        shop.write_config()
        assert shop.run("copy").says == PASSED


def test_the_record_of_a_copy_clears_and_opens_nothing(shop: Shop, plan_b: PlanB) -> None:
    assert shop.snapshot("--accept").says == PASSED
    assert shop.run("copy").says == PASSED
    records: list[SnapshotRecord] = plan_b.records()
    assert all(not record.accepted and record.findings == () for record in records)
