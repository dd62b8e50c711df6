"""A repository that lost something, or that nobody may open or read: told as what it is."""

import shutil
from pathlib import Path

import pytest

from support.answers.status import AT_RISK, NOT_READY, UNKNOWN, Status
from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Shop, failed, not_tested
from support.restics import restic_program


def _made(base: Path, restic: Path) -> Shop:
    shop = Shop(base, restic).set_up()
    for number in range(10):
        file = shop.source / f"d{number % 2}" / f"order-{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{number} boxes of apples\n" * 100)
    assert shop.snapshot().says == PASSED
    (shop.source / "new.txt").write_text("1 box of pears\n" * 100)
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    assert set(Status(shop).reasons) <= {"repository-same-device"}
    return shop


@pytest.fixture
def shop(tmp_path: Path, restic: Path) -> Shop:
    """Two snapshots, of which the newer was drilled."""
    return _made(tmp_path, restic)


@pytest.fixture
def newest(tmp_path: Path, newest_restic: Path) -> Shop:
    """The same with one restic."""
    return _made(tmp_path, newest_restic)


def _indexes(shop: Shop) -> list[Path]:
    """Oldest first."""
    return sorted((shop.repository / "index").iterdir(), key=lambda file: file.stat().st_mtime_ns)


# ---- something is lost


@pytest.mark.parametrize("which", [0, -1])
def test_a_lost_index_is_damage_until_a_check_has_read_everything(shop: Shop, which: int) -> None:
    lost = _indexes(shop)[which]
    lost.rename(shop.base / "lost")

    taken = shop.snapshot()
    assert taken.says == failed("repository-damaged")
    assert "exclude" not in taken.row["findings"][0]["hint"]
    assert Status(shop).verdict == NOT_READY
    shop.snapshot()
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    said = Status(shop)
    assert said.verdict == AT_RISK, "the newest snapshot came back, others may not"
    assert "readiness check" in said.reasons["repository-damaged"]["hint"]

    (shop.base / "lost").rename(lost)
    assert shop.run("check").status == 0
    assert "repository-damaged" not in Status(shop).reasons


@pytest.mark.parametrize("version", ["0.14.0", "0.19.1"])
def test_a_damaged_tree_that_a_snapshot_meets_is_no_unreadable_source(tmp_path: Path, version: str) -> None:
    shop = _made(tmp_path, restic_program(version))
    shop.flip(shop.tree_of(shop.source / "d1"))
    shutil.rmtree(shop.state / "cache")

    taken = shop.snapshot()
    assert taken.says == failed("repository-damaged")
    assert str(shop.source / "d1") in taken.row["findings"][0]["message"]
    assert "repository-damaged" in Status(shop).reasons


@pytest.mark.parametrize("lost", ["keys", "config"])
def test_lost_keys_are_no_wrong_password(shop: Shop, lost: str) -> None:
    if lost == "keys":
        for key in (shop.repository / "keys").iterdir():
            key.unlink()
    else:
        (shop.repository / "config").chmod(0o600)
        (shop.repository / "config").write_text("")

    for run in (shop.snapshot(), shop.drill()):
        assert run.says == failed("repository-damaged")
        assert "password" not in str(run.row["findings"])
    assert shop.run("check").status == 1
    assert Status(shop).verdict == NOT_READY


def test_another_repository_where_there_was_none_is_told_once(newest: Shop) -> None:
    shop = newest
    shutil.rmtree(shop.repository)
    assert shop.run("prune").status == 1
    shop.init("another")
    assert shop.drill().says == failed("repository-changed")
    assert {"repository-missing", "repository-changed"} & set(Status(shop).reasons) == {"repository-changed"}
    shutil.rmtree(shop.repository)
    assert {"repository-missing", "repository-changed"} & set(Status(shop).reasons) == {"repository-missing"}


# ---- nobody can open it


@pytest.mark.parametrize("fault", ["closed", "open", "blank", "directory", "gone"])
@pytest.mark.parametrize("command", ["snapshot", "drill", "check", "prune"])
def test_a_password_file_that_gives_none_is_named_by_whoever_needs_it(
    newest: Shop, fault: str, command: str
) -> None:
    shop, file = newest, newest.password
    kept = file.read_text()
    if fault == "closed":
        file.chmod(0)
        shop.humble = True
    elif fault == "open":
        file.chmod(0o644)
        assert "password-missing" in Status(shop).reasons
    elif fault == "blank":
        file.write_text(" \n\t\n")
        assert Status(shop).reasons.keys() >= {"password-missing"}, "status may look into it"
    else:
        file.unlink()
        if fault == "directory":
            file.mkdir()

    ran = shop.run(command)
    assert ran.status == 3
    assert f"password file {file}" in str(ran.answer)
    said = Status(shop)
    assert (said.verdict, "password-missing" in said.reasons) == (UNKNOWN, True)
    assert str(file) in said.text
    assert (f"chmod 600 {file}" in said.text) == (fault == "open")

    if fault == "directory":
        file.rmdir()
    file.unlink(missing_ok=True)
    file.write_text(kept)
    file.chmod(0o600)
    assert Status(shop).verdict == UNKNOWN, "nobody has opened it since"
    assert shop.run(command).status == 0
    assert "password-missing" not in Status(shop).reasons


def test_old_restics_say_the_same_of_a_password_file(shop: Shop) -> None:
    shop.password.write_text("\n")
    assert shop.drill().says == not_tested("password-missing")
    shop.password.write_text("correct horse\n")
    shop.password.chmod(0)
    shop.humble = True
    assert shop.snapshot().says == not_tested("password-missing")
    assert Status(shop).verdict == UNKNOWN


@pytest.mark.parametrize("place", ["", "keys", "snapshots", "index", "data"])
def test_a_repository_that_may_not_be_read_is_unknown_until_it_was_read(newest: Shop, place: str) -> None:
    shop, there = newest, newest.repository / place
    shop.humble = True
    there.chmod(0)

    drilled = shop.drill()
    assert drilled.says == not_tested("repository-unreadable")
    assert str(shop.repository) in str(drilled.row["findings"])
    assert "--accept" not in str(drilled.answer)
    there.chmod(0o700)
    assert shop.snapshot().status == 0
    said = Status(shop)
    assert (said.verdict, "repository-unreadable" in said.reasons) == (UNKNOWN, True), (
        "a snapshot reads little"
    )
    assert shop.drill().status == 0
    assert "repository-unreadable" not in Status(shop).reasons


def test_the_first_restic_says_the_same_of_keys(tmp_path: Path) -> None:
    shop = _made(tmp_path, restic_program("0.14.0"))
    shop.humble = True
    (shop.repository / "keys").chmod(0)
    assert shop.run("check").status == 3
    assert Status(shop).verdict == UNKNOWN


@pytest.mark.parametrize("kind", ["tree", "data", "snapshot"])
def test_what_may_not_be_read_is_neither_damaged_nor_gone(newest: Shop, kind: str) -> None:
    shop = newest
    shop.humble = True
    if kind == "snapshot":
        closed = shop.repository / "snapshots" / shop.snapshot_ids()[0]
    else:
        closed = shop.pack(next(blob for blob in shop.blobs() if blob.type == kind))
    closed.chmod(0)

    for command in ("drill", "check"):
        ran = shop.run(command)
        if kind == "data" and command == "check":
            continue  # it reads one part
        assert ran.status == 3, command
        assert "repository-unreadable" in str(ran.answer)
        assert "--accept" not in str(ran.answer)
    said = Status(shop)
    assert said.verdict == UNKNOWN
    assert {"snapshots-vanished", "repository-damaged", "drill-failed"}.isdisjoint(said.reasons)


def test_a_copy_says_which_side_may_not_be_read(newest: Shop) -> None:
    shop = newest
    PlanB(shop).init()
    shop.write_config()
    assert shop.run("copy").status == 0
    assert shop.drill("--from", "planb").status == 0
    (shop.source / "d1" / "newer.txt").write_text("2 boxes of pears\n")
    assert shop.snapshot().status == 0
    shop.humble = True
    for pack in (shop.repository / "data").glob("*/*"):
        pack.chmod(0)

    assert shop.run("copy").status == 3
    result = shop.run("status").answer["result"]
    assert result["verdict"] == "AT_RISK", "plan B is open"
    closed = [each for each in result["processes"][0]["reasons"] if each["code"] == "repository-unreadable"]
    assert [one["repository"] for one in closed if one["verdict"] == "AT_RISK"] == ["primary"]
