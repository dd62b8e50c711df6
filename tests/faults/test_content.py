"""Content that was never compared is not proven, end to end: what is always written, zeros, half a dump."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.app.config import load_config
from agent.app.snapshots import snapshots
from agent.operations.snapshot import vital as waiting
from support.builders.readiness_cli import PASSED, Shop, failed, not_tested
from support.doubles.fake_drill import FakeProgress
from support.writers import written

# Plays a job that removes its file and writes it anew, here or elsewhere, while restic reads.
REPLACED_MEANWHILE = """#!/usr/bin/python3
import os, subprocess, sys
real, file, anew_as, count, times = {settings!r}
words = sys.argv[1:]
if "backup" in words and os.path.getsize(count) < times:
    gate = next(word for word in words if word.startswith("/dev/fd/"))
    open(gate).read()  # until the witness is made
    with open(count, "a") as more:
        more.write(".")
    content = open(file, "rb").read()
    os.unlink(file)
    words[words.index(gate)] = "/dev/null"
    status = subprocess.run([real, *words]).returncode
    with open(anew_as, "wb") as anew:
        anew.write(content)
    sys.exit(status)
gates = [int(word.rpartition("/")[2]) for word in words if word.startswith("/dev/fd/")]
for gate in gates:
    os.set_inheritable(gate, True)
os.execv(real, [real, *words])
"""


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    return Shop(tmp_path, newest_restic).set_up()


def rewriting(file: Path) -> Callable[[int], object]:
    def act(number: int) -> None:
        with file.open("r+b") as inside:
            inside.write(b"%9d" % number * 1000)

    return act


def appending(file: Path) -> Callable[[int], object]:
    def act(number: int) -> None:
        with file.open("a") as end:
            end.write(f"line {number}\n" * 100)

    return act


def state(shop: Shop) -> tuple[str, list[str]]:
    """The verdict on the process and its reasons, the device of the repository aside."""
    (process,) = shop.run("status", live=True).answer["result"]["processes"]
    codes = [reason["code"] for reason in process["reasons"]]
    return process["verdict"], [code for code in codes if code not in ("repository-same-device", "no-proof")]


def test_a_directory_and_zeros_are_no_content(shop: Shop) -> None:
    image = shop.source / "image"
    image.write_bytes(b"x" * (2 << 20))
    with written(rewriting(image)):
        assert shop.run("snapshot", live=True).row["outcome"] == "passed"
        drilled = shop.run("drill", live=True)
    assert drilled.says == not_tested("nothing-compared")
    compared = drilled.row["compared"]
    assert (compared["bytes"], compared["of_bytes"], drilled.row["rung"]) == (0, 2 << 20, "L1")
    assert [(left["path"], left["why"]) for left in compared["uncompared"]] == [(str(image), "moving")]
    assert state(shop)[0] == "UNKNOWN"

    image.write_bytes(bytes(5 << 20))
    assert shop.snapshot().says == failed("file-zeroed")
    assert shop.snapshot("--accept").says == PASSED
    drilled = shop.drill()
    assert drilled.says == not_tested("nothing-compared")
    assert [left["why"] for left in drilled.row["compared"]["uncompared"]] == ["zeros"]


def test_a_log_that_only_grows_is_proven_and_what_is_rewritten_all_the_time_is_named(shop: Shop) -> None:
    log, image = shop.source / "log", shop.source / "image"
    log.write_text("the first line\n")
    with written(appending(log)):
        assert shop.run("snapshot", live=True).row["moving"] >= 1
        drilled = shop.run("drill", live=True)
        assert drilled.says == PASSED
        assert drilled.row["compared"]["bytes"] == drilled.row["compared"]["of_bytes"] > 0
        assert state(shop)[1] == []
    image.write_bytes(os.urandom(1 << 20))
    with written(rewriting(image)):
        shop.run("snapshot", live=True)
        assert shop.run("drill", live=True).row["outcome"] == "passed"
    assert state(shop) == ("AT_RISK", ["content-not-proven"])
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    assert state(shop)[1] == []


def test_a_vital_dump_that_is_being_written_is_waited_for(shop: Shop) -> None:
    dump = shop.source / "dump.sql"
    dump.write_text("-- begin\n")
    shop.extra = f'vital = ["{dump}"]'
    shop.write_config()

    def write(number: int) -> None:
        if not any((shop.repository / "snapshots").iterdir()):  # it is done when there is one
            appending(dump)(number)

    with written(write):
        taken = shop.run("snapshot", live=True)
    assert taken.says == PASSED
    assert len(shop.snapshot_ids()) == 2
    assert shop.snapshot().says == PASSED, "no snapshot is missed"
    assert shop.drill().says == PASSED
    assert state(shop)[1] == []


def test_half_a_dump_is_not_proven_whatever_its_proof_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = shop.source / "dump.sql"
    dump.write_text("-- begin\n")
    (shop.source / "rest").write_bytes(os.urandom(1000))
    proof = f'[[process.orders.proof]]\nnewest_file = {{path = "{shop.source}", max_age = "1h"}}'
    shop.extra = f'vital = ["{dump}"]\n{proof}'
    shop.write_config()
    monkeypatch.setattr(waiting, "SECONDS", 0.3)
    config = load_config(str(shop.config))
    with written(appending(dump)):
        (taken,) = snapshots(config, list(config.processes), FakeProgress(), False)
        assert [found.code for found in taken.findings] == ["vital-moving"]
        drilled = shop.run("drill", live=True)
    assert drilled.row["outcome"] == "passed"
    assert [proof["outcome"] for proof in drilled.row["proofs"]] == ["passed"]
    assert state(shop) == ("UNKNOWN", ["vital-not-proven", "vital-moving"])


def replaced_meanwhile(shop: Shop, file: Path, times: int, anew_as: Path | None = None) -> None:
    """restic as if a job removed `file` and wrote it anew, so often, while it read; under another name?"""
    program, count = shop.base / "restic-beside-a-job", shop.base / "count"
    count.touch()
    settings = (str(shop.restic), str(file), str(anew_as or file), str(count), times)
    program.write_text(REPLACED_MEANWHILE.format(settings=settings))
    program.chmod(0o755)
    shop.restic = program
    shop.write_config()


def test_a_temporary_name_that_is_gone_when_all_is_done_owes_no_content(shop: Shop) -> None:
    beside = shop.source / "dump.sql.new"
    beside.write_bytes(os.urandom(5000))
    (shop.source / "rest").write_bytes(os.urandom(5000))
    replaced_meanwhile(shop, beside, times=1, anew_as=shop.source / "dump.sql")
    assert shop.run("snapshot", live=True).says == PASSED
    assert shop.drill().says == PASSED
    reasons = shop.run("status").answer["result"]["processes"][0]["reasons"]
    assert "content-not-proven" not in [reason["code"] for reason in reasons]


def test_a_vital_file_that_restic_did_not_meet_is_not_in_the_snapshot(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = shop.source / "dump.sql"
    dump.write_bytes(os.urandom(5000))
    (shop.source / "rest").write_bytes(os.urandom(5000))
    shop.extra = f'vital = ["{dump}"]'
    replaced_meanwhile(shop, dump, times=2)

    monkeypatch.setattr(waiting, "SECONDS", 0)
    config = load_config(str(shop.config))
    (taken,) = snapshots(config, list(config.processes), FakeProgress(), False)
    said = [(found.code, found.path) for found in taken.findings]
    assert ("vital-missing", str(dump)) in said
    # where the new file got the inode of the old one, one file too few is said besides
    assert set(said) <= {("vital-missing", str(dump)), ("snapshot-incomplete", None)}
    drilled = shop.drill()
    assert (drilled.row["outcome"], drilled.status) == ("failed", 1)
    assert set(drilled.codes) - {"snapshot-incomplete"} == {"file-missing", "vital-missing"}
    assert drilled.paths == {str(dump)}

    assert shop.run("snapshot", live=True).says == PASSED, "taken again, it is there"
    assert len(shop.snapshot_ids()) == 3
    assert shop.drill().says == PASSED
