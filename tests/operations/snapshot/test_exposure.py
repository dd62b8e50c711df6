"""`readiness exposure` and what becomes of it, on real files and a real restic."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.sources.exposure_file import ExposureFiles
from agent.core.model.findings import finding
from support.builders.live_files import LiveFiles, Mount
from support.builders.readiness_cli import Result, Shop
from support.places import ROOT

FILES = 60


@pytest.fixture
def shop(tmp_path: Path, newest_restic: Path) -> Shop:
    """A business of plain text with one good snapshot."""
    shop = Shop(tmp_path, newest_restic).set_up()
    for number in range(FILES):
        file = shop.source / f"{number % 6}" / f"file-{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"order {number}: ten pieces of blue paint\n" * 20)
    assert shop.snapshot().status == 0
    return shop


def exposure(shop: Shop) -> dict[str, Any]:
    (row,) = shop.run("exposure").answer["result"]["exposures"]
    return dict(row)


def codes(result: Result) -> list[str]:
    (row,) = result.answer["result"]["exposures"]
    return [found["code"] for found in row["findings"]]


def files(shop: Shop) -> list[Path]:
    return sorted(shop.source.rglob("*.txt"))


def encrypt(shop: Shop, share: float = 0.3) -> None:
    for file in files(shop)[: round(share * FILES)]:
        file.write_bytes(os.urandom(900))


def status(shop: Shop) -> dict[str, Any]:
    (row,) = shop.run("status").answer["result"]["processes"]
    return dict(row)


def reasons(shop: Shop) -> list[str]:
    return [reason["code"] for reason in status(shop)["reasons"]]


def watch_records(shop: Shop) -> list[dict[str, Any]]:
    command = ["ledger", "export", "--output", str(shop.base / "export")]
    shop.run(*command)
    lines = [json.loads(line) for line in (shop.base / "export").read_text().splitlines()]
    (shop.base / "export").unlink()
    return [line["body"] for line in lines if line["kind"] == "watch"]


# ---- what is counted


def test_nothing_is_exposed_after_a_snapshot(shop: Shop) -> None:
    result = shop.run("exposure")
    (row,) = result.answer["result"]["exposures"]
    assert (result.status, row["files"], row["bytes"], row["oldest_s"]) == (0, 0, 0, None)


def test_everything_is_exposed_before_the_first_snapshot(tmp_path: Path, newest_restic: Path) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "file").write_text("x")
    row = exposure(shop)
    assert (row["since"], row["files"], row["new"]) == (None, 1, 1)


def test_every_planted_change_is_counted_once(shop: Shop) -> None:
    changed, gone, renamed, touched, *_ = files(shop)
    changed.write_text("other\n")
    gone.unlink()
    renamed.rename(renamed.with_name("renamed.txt"))
    touched.chmod(0o600)
    (shop.source / "new.txt").write_text("new\n")
    row = exposure(shop)
    assert (row["changed"], row["new"], row["gone"], row["files"]) == (2, 2, 2, 6)
    sizes = [(shop.source / "new.txt"), changed, touched, renamed.with_name("renamed.txt")]
    assert row["bytes"] == sum(file.stat().st_size for file in sizes)


def test_a_burst_of_changes_is_counted_to_the_last(shop: Shop) -> None:
    for number in range(3000):
        (shop.source / f"new-{number}").write_text("x")
    for number in range(0, 3000, 2):
        (shop.source / f"new-{number}").rename(shop.source / f"moved-{number}")
    for file in files(shop):
        with file.open("a") as content:
            content.write("more\n")
    row = exposure(shop)
    assert (row["new"], row["changed"], row["gone"]) == (3000, FILES, 0)


def test_the_age_of_the_oldest_change_is_told(shop: Shop) -> None:
    first, second, *_ = files(shop)
    first.write_text("x")
    ctime = first.stat().st_ctime
    second.write_text("x")
    row = exposure(shop)
    assert datetime.fromisoformat(row["oldest_at"]).timestamp() == pytest.approx(ctime, abs=1e-3)


def test_the_removal_of_a_file_has_the_age_of_its_directorys_change(shop: Shop) -> None:
    files(shop)[0].unlink()
    assert exposure(shop)["oldest_s"] is not None


def test_what_is_excluded_by_now_is_not_exposed(shop: Shop) -> None:
    shop.extra = 'exclude = ["file-1*"]'
    shop.write_config()
    assert exposure(shop)["files"] == 0


def test_a_directory_that_cannot_be_listed_is_not_taken_for_removed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveFiles(tmp_path)
    live.fill("docs", FILES * 3)
    live.remember()
    listed = os.listdir

    def refusing(directory: int) -> list[str]:
        if Path(f"/proc/self/fd/{directory}").readlink() == live.root / "docs" / "3":
            raise PermissionError(13, "Permission denied")
        return listed(directory)

    monkeypatch.setattr("agent.adapters.sources.walk.os.listdir", refusing)
    look = live.look()
    assert (look.gone, look.changed, look.comparison.changes.gone) == (0, 0, 0)
    assert live.codes() == ["file-unreadable"]


def test_a_snapshot_that_failed_does_not_make_the_changes_safe(shop: Shop) -> None:
    files(shop)[0].write_text("other\n")
    moved = shop.repository.rename(shop.base / "away")
    assert shop.snapshot().status != 0
    moved.rename(shop.repository)
    assert exposure(shop)["files"] == 1
    assert shop.snapshot().status == 0
    assert exposure(shop)["files"] == 0


# ---- what is wrong


def test_a_source_that_is_missing_has_one_code(shop: Shop) -> None:
    shop.source.rename(shop.base / "away")
    result = shop.run("exposure")
    assert (result.status, codes(result)) == (1, ["source-missing"])


def test_a_file_system_that_is_not_mounted_is_no_mass_change(
    tmp_path: Path, newest_restic: Path, mounting: Mount
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    mounting(shop.source)
    for number in range(40):
        (shop.source / f"{number}").write_text(f"{number}")
    assert shop.snapshot().status == 0
    subprocess.run(["umount", shop.source], check=True)
    result = shop.run("exposure")
    assert (result.status, codes(result)) == (1, ["source-empty"])


def test_another_file_system_in_the_place_is_told(shop: Shop, mounting: Mount) -> None:
    kept = shop.base / "kept"
    shutil.copytree(shop.source, kept)
    mounting(shop.source)
    shutil.copytree(kept, shop.source, dirs_exist_ok=True)
    assert codes(shop.run("exposure")) == ["source-replaced"]


def test_files_that_were_all_removed_from_where_they_were_are_a_mass_change(shop: Shop) -> None:
    for file in files(shop):
        file.unlink()
    assert codes(shop.run("exposure")) == ["source-empty", "mass-change"]


def test_most_files_gone_is_a_mass_change_and_no_second_finding(shop: Shop) -> None:
    for file in files(shop)[: FILES * 2 // 3]:
        file.unlink()
    result = shop.run("exposure")
    assert (result.status, codes(result)) == (1, ["mass-change"])


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_encrypted_files_are_a_mass_change(shop: Shop, share: float) -> None:
    encrypt(shop, share)
    result = shop.run("exposure")
    assert (result.status, codes(result)) == (1, ["mass-change"])


def test_an_ordinary_day_is_no_mass_change(shop: Shop) -> None:
    for file in files(shop)[: FILES // 5]:
        file.write_text("a new order\n" * 30)
    for number in range(FILES):
        (shop.source / f"new-{number}").write_text("x")
    result = shop.run("exposure")
    assert (result.status, codes(result)) == (0, [])


def test_more_than_was_promised_is_not_good(shop: Shop) -> None:
    files(shop)[0].write_text("other\n")
    shop.rpo = "1s"
    shop.write_config()
    subprocess.run(["sleep", "2.1"], check=True)
    result = shop.run("exposure")
    (row,) = result.answer["result"]["exposures"]
    assert (result.status, row["rpo"]) == (1, {"objective_s": 1, "met": False})


# ---- mass change: found by a look or by a snapshot, open until a person accepts it


def test_a_snapshot_tells_a_mass_change_and_passes(shop: Shop) -> None:
    encrypt(shop)
    assert shop.snapshot().says == ("passed", 0, ["mass-change"])


def test_a_snapshot_does_not_swallow_a_mass_change(shop: Shop) -> None:
    encrypt(shop)
    shop.snapshot()
    assert shop.snapshot().says == ("passed", 0, [])
    assert "mass-change" in reasons(shop)
    result = shop.run("exposure")
    assert (codes(result), exposure(shop)["files"]) == (["mass-change"], 0)
    assert "mass-change" in reasons(shop)


def test_a_failed_snapshot_between_does_not_swallow_it_either(shop: Shop) -> None:
    encrypt(shop)
    moved = shop.repository.rename(shop.base / "away")
    assert shop.snapshot().status != 0
    moved.rename(shop.repository)
    assert shop.snapshot().says == ("passed", 0, ["mass-change"])


def test_a_look_alone_puts_the_process_at_risk(shop: Shop) -> None:
    assert "mass-change" not in reasons(shop)
    encrypt(shop)
    shop.run("exposure")
    assert "mass-change" in reasons(shop)
    assert "mass-change" in [found["code"] for found in status(shop)["findings"]]


def test_only_an_accepted_snapshot_closes_it(shop: Shop) -> None:
    encrypt(shop)
    shop.run("exposure")
    shop.snapshot()
    assert "mass-change" in reasons(shop)
    assert shop.snapshot("--accept").says == ("passed", 0, [])
    assert "mass-change" not in reasons(shop)
    assert codes(shop.run("exposure")) == []
    assert "mass-change" not in reasons(shop)


def test_a_source_that_came_back_is_no_reason_once_a_snapshot_passed(shop: Shop) -> None:
    shop.source.rename(shop.base / "away")
    shop.run("exposure")
    assert "source-missing" in reasons(shop)
    (shop.base / "away").rename(shop.source)
    assert shop.snapshot().status == 0
    assert "source-missing" not in reasons(shop)


# ---- records and notes


def test_a_record_is_written_when_the_findings_change_and_only_then(shop: Shop) -> None:
    shop.run("exposure")
    assert watch_records(shop) == []
    encrypt(shop)
    shop.run("exposure")
    encrypt(shop, 0.5)
    shop.run("exposure")
    found = watch_records(shop)
    assert [[each["code"] for each in record["findings"]] for record in found] == [["mass-change"]]
    shop.snapshot("--accept")
    shop.run("exposure")
    assert [len(record["findings"]) for record in watch_records(shop)] == [1, 0]


def test_what_the_watcher_cannot_see_is_recorded_by_the_next_look(shop: Shop) -> None:
    limit = finding("watch-limit", "orders", "Only 5 of at least 9 directories are watched.", "Raise it.")
    ExposureFiles(str(shop.state)).write_troubles([limit, finding("watch-limit", "mail", "x")])
    assert codes(shop.run("exposure")) == ["watch-limit"]
    assert "watch-limit" in reasons(shop)
    ExposureFiles(str(shop.state)).write_troubles([])
    shop.run("exposure")
    assert "watch-limit" not in reasons(shop)


def test_the_status_shows_what_was_seen_last(shop: Shop) -> None:
    assert status(shop)["exposure"] is None
    files(shop)[0].write_text("other\n")
    shop.run("exposure")
    shown = status(shop)["exposure"]
    assert (shown["files"], shown["bytes"], shown["outdated"]) == (1, 6, False)
    shop.snapshot()
    assert status(shop)["exposure"]["outdated"] is True


def test_the_screen_says_when_it_was_looked_last(shop: Shop) -> None:
    files(shop)[0].write_text("other\n")
    shop.run("exposure")
    note = shop.state / "exposure" / "orders.json"
    noted = json.loads(note.read_text())
    noted["at"] = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    noted["since"] = noted["oldest"] = noted["at"]
    note.write_text(json.dumps(noted))
    shop.state.joinpath("ledger.db").rename(shop.base / "ledger.db")  # else its snapshot is younger
    shop.state.joinpath("ledger.head").unlink()
    command = [sys.executable, "-m", "agent", "--config", str(shop.config), "status"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert "1 file with 6 B" in done.stdout
    assert "last looked 72 h" in " ".join(done.stdout.split())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": 1}', "\x00", '{"at": "never"}'])
def test_a_note_that_cannot_be_understood_is_none(shop: Shop, text: str) -> None:
    (shop.state / "exposure").mkdir(exist_ok=True)
    (shop.state / "exposure" / "orders.json").write_text(text)
    assert status(shop)["exposure"] is None


@pytest.mark.parametrize(
    "tear",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[: len(content) // 2] + bytes(2000),
        lambda content: content[: content.index(b"\nf\t") + 9] + b"\n" + content,
        lambda content: content.replace(b"\t", b"\t?"),
        lambda content: b"",
    ],
)
def test_a_witness_that_a_power_cut_has_torn_holds_up_no_snapshot(
    shop: Shop, tear: Callable[[bytes], bytes]
) -> None:
    witness = shop.state / "exposure" / "orders.witness"
    content = witness.read_bytes()
    witness.unlink()  # the one that is carried in snapshots is the same file
    witness.write_bytes(tear(content))

    assert codes(shop.run("exposure")) == []
    assert shop.snapshot().says == ("passed", 0, [])
    assert exposure(shop)["files"] == 0


def test_names_that_are_no_text_are_exposed_like_others(shop: Shop) -> None:
    Path(os.fsdecode(os.fsencode(shop.source) + b"/caf\xe9\n\\")).write_text("x")
    assert exposure(shop)["new"] == 1
    assert shop.snapshot().status == 0
    assert exposure(shop)["files"] == 0


def test_two_at_once_on_one_process_are_refused(shop: Shop) -> None:
    lock = shop.state / "locks" / "process.orders"
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert shop.run("exposure").status == 75


def test_paths_that_the_config_no_longer_names_are_no_mass_change(shop: Shop) -> None:
    before = shop.source
    shop.source = shop.base / "srv" / "moved"
    shutil.copytree(before, shop.source)
    shop.paths = [shop.source]
    shop.write_config()

    assert exposure(shop)["findings"] == []
    assert shop.snapshot().codes == []
