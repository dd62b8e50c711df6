"""`readiness check` on real repositories: sound, damaged, or not to be told; and which part is next."""

import json
import re
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.evidence.rotation import next_part
from agent.core.model.records import CheckRecord
from agent.core.model.runs import Outcome
from support.builders.readiness_cli import HOST, Shop, fill, snapshotted
from support.builders.shop import wrong
from support.servers.other_restics import exclusive_lock
from support.waiting import until

SMALL = "check = { parts = 3 }"


@pytest.fixture
def shop(restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A business with one good snapshot, whose repository is checked in three parts."""
    return in_parts(snapshotted(restic, tmp_path_factory).copied(tmp_path))


def in_parts(shop: Shop, parts: int = 3) -> Shop:
    shop.more = f"[repository.primary.check]\nparts = {parts}\n"
    shop.write_config()
    return shop


def check(shop: Shop, **how: Any) -> tuple[str, int, list[str], dict[str, Any]]:
    """Outcome, exit status, codes, and the row."""
    result = shop.run("check", **how)
    (row,) = result.answer["result"]["checks"]
    return row["outcome"], result.status, [found["code"] for found in row["findings"]], row


def part_of(shop: Shop, pack: str, parts: int) -> int:
    """The part in which restic reads a pack: by the first byte of its name."""
    return int(pack[:2], 16) % parts + 1


def record(part: int, outcome: Outcome = "passed", parts: int = 3) -> CheckRecord:
    findings = (wrong("repository-damaged", ""),) if outcome == "failed" else ()
    return CheckRecord(
        repository="primary",
        started=datetime.now(UTC),
        outcome=outcome,
        seconds=1,
        part=part,
        parts=parts,
        findings=findings,
    )


# ---- which part is next


def test_the_first_check_reads_the_first_part() -> None:
    assert next_part(None, 28) == (1, 28)


def test_the_parts_go_round() -> None:
    seen = [last := next_part(None, 3)]
    seen += [last := next_part(record(last[0]), 3) for _ in range(4)]
    assert [part for part, _ in seen] == [1, 2, 3, 1, 2]


def test_a_damaged_part_is_read_again() -> None:
    assert next_part(record(2, "failed"), 3) == (2, 3)


def test_a_damaged_part_stays_the_same_part_when_the_config_changes() -> None:
    assert next_part(record(2, "failed"), 28) == (2, 3)


def test_another_number_of_parts_begins_anew() -> None:
    assert next_part(record(2), 28) == (1, 28)


def test_as_many_checks_as_parts_read_every_pack(restic: Path, tmp_path: Path) -> None:
    """Damage in every pack of data: each is told in one part and in no other."""
    shop = Shop(tmp_path, restic).set_up()
    for number in range(12):
        (shop.source / f"{number}").write_bytes(bytes([number]) * 5000)
        shop.plain_restic("backup", "--host", HOST, shop.source / f"{number}")
    packs = {blob.pack: blob for blob in shop.blobs() if blob.type == "data"}
    for blob in packs.values():
        shop.flip(blob)
    told: list[str] = []
    last: CheckRecord | None = None
    for _ in range(5):
        part, parts = next_part(last, 5)
        last = record(part, parts=parts)
        done = subprocess.run(
            [shop.restic, "--no-cache", "--json", "check", f"--read-data-subset={part}/{parts}"],
            env={"RESTIC_REPOSITORY": str(shop.repository), "RESTIC_PASSWORD_FILE": str(shop.password)},
            capture_output=True,
            check=False,
        )
        told += {pack for pack in packs if re.search(f"(pack |want ){pack}".encode(), done.stderr)}
    assert len(packs) == 12
    assert sorted(told) == sorted(packs)


# ---- the command


def test_a_sound_repository_passes_part_by_part(shop: Shop) -> None:
    for part in (1, 2, 3, 1):
        outcome, status, codes, row = check(shop)
        assert (outcome, status, codes, row["part"], row["parts"]) == ("passed", 0, [], part, 3)
    assert not list((shop.state / "check").glob("*"))


def test_a_flipped_bit_is_found_in_the_part_that_holds_it_and_again_until_it_is_mended(shop: Shop) -> None:
    blob = next(blob for blob in shop.blobs() if blob.type == "data" and blob.length > 1000)
    before = shop.pack(blob).read_bytes()
    shop.flip(blob)
    damaged = part_of(shop, blob.pack, 3)

    results = [check(shop) for _ in range(damaged + 1)]

    assert [result[0] for result in results] == ["passed"] * (damaged - 1) + ["failed"] * 2
    _, status, codes, row = results[-1]
    assert (status, codes, row["part"]) == (1, ["repository-damaged"], damaged)
    assert blob.pack[:8] in row["findings"][0]["message"] or blob.id[:8] in row["findings"][0]["message"]

    shop.pack(blob).write_bytes(before)
    assert check(shop)[0] == "passed"
    assert check(shop)[3]["part"] == damaged % 3 + 1


def test_a_missing_pack_is_found_at_once(newest_restic: Path, tmp_path: Path) -> None:
    shop = in_parts(Shop(tmp_path, newest_restic).set_up(), 256)
    fill(shop.source, files=5, big=0)
    shop.snapshot()
    pack = next(shop.pack(blob) for blob in shop.blobs() if blob.type == "data")
    pack.unlink()

    assert check(shop)[:3] == ("failed", 1, ["repository-damaged"])


def test_a_damaged_index_is_damage(shop: Shop) -> None:
    index = next((shop.repository / "index").iterdir())
    index.chmod(0o600)
    _flip_the_last_byte(index)

    assert check(shop)[:3] == ("failed", 1, ["repository-damaged"])


def _flip_the_last_byte(file: Path) -> None:
    *others, last = file.read_bytes()
    file.write_bytes(bytes([*others, last ^ 1]))


def test_a_snapshot_file_that_is_damaged_is_damage(shop: Shop) -> None:
    file = next((shop.repository / "snapshots").iterdir())
    file.chmod(0o600)
    _flip_the_last_byte(file)

    assert check(shop)[:3] == ("failed", 1, ["repository-damaged"])


def test_a_lock_of_a_dead_restic_is_removed(shop: Shop) -> None:
    exclusive_lock(shop)

    assert check(shop)[:3] == ("passed", 0, [])


def test_a_lock_of_another_living_restic_says_nothing_of_the_repository(shop: Shop) -> None:
    lock = exclusive_lock(shop, host="elsewhere")

    assert check(shop, locked=True)[:3] == ("not_tested", 3, ["repository-locked"])
    lock.unlink()
    assert check(shop)[3]["part"] == 1


def test_trouble_on_the_way_says_nothing_of_the_repository(shop: Shop) -> None:
    shop.password.write_text("wrong\n")
    assert check(shop)[:3] == ("not_tested", 3, ["wrong-password"])
    shop.url = "rest:http://127.0.0.1:9/check"  # of its own: tests look for processes by it
    shop.stall_timeout = "4s"
    in_parts(shop)
    assert check(shop)[2] in (["repository-unreachable"], ["timed-out"])


def test_a_missing_repository_is_bad_and_hides_no_damage(shop: Shop) -> None:
    with open_ledger(shop.state / "ledger.db") as ledger:
        ledger.append(record(2, "failed"), datetime.now(UTC))
    shop.repository.rename(shop.base / "gone")
    assert check(shop)[:3] == ("failed", 1, ["repository-missing"])
    (shop.base / "gone").rename(shop.repository)
    assert check(shop)[3]["part"] == 2


def test_another_repository_in_its_place_is_not_checked(shop: Shop) -> None:
    shop.repository.rename(shop.base / "gone")
    shop.init("another")
    assert check(shop)[:3] == ("failed", 1, ["repository-changed"])


def test_a_check_that_gets_nowhere_is_ended(shop: Shop, tmp_path: Path) -> None:
    hanging = tmp_path / "restic"
    hanging.write_text(
        f'#!/bin/sh\ncase "$*" in *" check "*) exec sleep 600;; esac\nexec {shop.restic} "$@"\n'
    )
    hanging.chmod(0o700)
    shop.restic, shop.stall_timeout = hanging, "2s"
    in_parts(shop)

    assert check(shop)[:3] == ("not_tested", 3, ["timed-out"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_check_that_is_stopped_leaves_no_lock_and_reads_the_same_part_again(
    shop: Shop, tmp_path: Path, number: signal.Signals
) -> None:
    slow = tmp_path / "restic"
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *" check "*) exec {shop.restic} --limit-download 1 "$@";; esac\n'
        f'exec {shop.restic} "$@"\n'
    )
    slow.chmod(0o700)
    quick, shop.restic = shop.restic, slow
    in_parts(shop)
    running = shop.start("check")
    until(shop.locks)
    mine = list(shop.processes())
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=60)
    # gone and reaped: a zombie's lock is no stale one yet
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in mine))
    if number != signal.SIGKILL:
        answer = shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr))
        assert (answer.status, shop.locks()) == (130, [])
        with open_reader(shop.state / "ledger.db") as ledger:
            (stopped,) = ledger.newest(CheckRecord)
        assert (stopped.outcome, [found.code for found in stopped.findings]) == (
            "not_tested",
            ["interrupted"],
        )
    shop.restic = quick
    in_parts(shop)
    assert check(shop)[3]["part"] == 1
    assert not list((shop.state / "check").glob("*"))


def test_the_answer_can_be_read_by_scripts(shop: Shop) -> None:
    answer = shop.run("check").answer
    assert answer["schema"] == "readiness.check/1"
    assert json.dumps(answer["result"]["checks"][0]["seconds"])


# ---- what restic's check passes over


def test_a_repository_whose_snapshots_are_gone_is_not_sound(shop: Shop) -> None:
    for file in (shop.repository / "snapshots").iterdir():
        file.unlink()

    assert check(shop)[:3] == ("failed", 1, ["snapshots-vanished"])


def test_a_config_that_cannot_be_read_is_damage(shop: Shop) -> None:
    """restic does not come as far as a check: then nothing there can be restored."""
    config = shop.repository / "config"
    sealed = bytearray(config.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    config.chmod(0o600)
    config.write_bytes(sealed)

    assert check(shop)[:3] == ("failed", 1, ["repository-damaged"])
    assert shop.drill().says == ("failed", 1, ["repository-damaged"])
