"""The file that says that the service lives, on disks that are full, read-only, or gone."""

import os
import resource
import subprocess
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from agent.adapters.service.life_file import NAME, LifeFile, read_signs
from support.builders.ledger_records import mounted

LONG_AGO = 1_700_000_000.0


def age(path: Path) -> None:
    os.utime(path / NAME, (LONG_AGO, LONG_AGO))


def lives(path: Path) -> bool:
    alive = read_signs(str(path)).alive
    return alive is not None and abs(datetime.now(UTC) - alive) < timedelta(minutes=10)


def test_a_sign_is_found_with_its_time(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert LifeFile(str(tmp_path)).give(now, recorded=True) == ""

    signs = read_signs(str(tmp_path))
    assert lives(tmp_path)
    assert (signs.wrote, signs.trouble) == (now, "")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_how_long_the_machine_was_awake_since_is_known_whatever_the_clock_says(tmp_path: Path) -> None:
    LifeFile(str(tmp_path)).give(datetime.now(UTC), recorded=True)
    before = datetime.now(UTC).timestamp() - 60
    os.utime(tmp_path / NAME, (before, before))

    assert 0 <= read_signs(str(tmp_path)).awake < 30


def test_a_sign_from_before_the_machine_was_started_says_nothing_of_how_long_it_was_awake(
    tmp_path: Path,
) -> None:
    LifeFile(str(tmp_path)).give(datetime.now(UTC), recorded=True)
    age(tmp_path)

    assert read_signs(str(tmp_path)).awake == inf


@pytest.mark.parametrize("awake", ["", " nan", " 1e99", " soon"])
def test_an_awake_time_that_says_nothing_is_none(tmp_path: Path, awake: str) -> None:
    (tmp_path / NAME).write_text(datetime.now(UTC).isoformat() + awake)

    assert read_signs(str(tmp_path)).awake == inf


def test_where_there_is_none_nothing_is_known(tmp_path: Path) -> None:
    signs = read_signs(str(tmp_path / "nowhere"))
    assert (signs.alive, signs.wrote, signs.trouble) == (None, None, "")
    assert signs.up > 0


def test_a_service_whose_ledger_takes_nothing_lives_and_has_not_written(tmp_path: Path) -> None:
    file, now = LifeFile(str(tmp_path)), datetime.now(UTC)
    file.give(now, recorded=True)
    age(tmp_path)
    assert file.give(now + timedelta(hours=1), recorded=False) == ""

    assert lives(tmp_path)
    assert read_signs(str(tmp_path)).wrote == now


def test_even_a_service_that_never_could_record_anything_shows_that_it_lives(tmp_path: Path) -> None:
    assert LifeFile(str(tmp_path)).give(datetime.now(UTC), recorded=False) == ""

    assert lives(tmp_path)
    assert read_signs(str(tmp_path)).wrote is None


@pytest.mark.parametrize("content", [b"", b"soon", b"2026-11-25T12:00:00", b"\xff\xfe", b"x" * 100_000])
def test_content_that_says_nothing_is_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert read_signs(str(tmp_path)).wrote is None


@pytest.mark.usefixtures("as_root")
def test_on_a_full_disk_it_lives_and_has_not_written(tmp_path: Path) -> None:
    with mounted(tmp_path / "state", "size=128k,mode=700") as state:
        file, now = LifeFile(str(state)), datetime.now(UTC)
        assert file.give(now, recorded=True) == ""
        subprocess.run(["dd", "if=/dev/zero", f"of={state}/ballast"], check=False, capture_output=True)
        age(state)
        assert file.give(now + timedelta(hours=1), recorded=True) == "No space left on device"

        assert lives(state)
        assert read_signs(str(state)).wrote == now
        assert read_signs(str(state)).trouble == "its disk is full"
        (state / "ballast").unlink()
        assert file.give(now + timedelta(hours=2), recorded=True) == ""
        assert read_signs(str(state)).wrote == now + timedelta(hours=2)
        assert read_signs(str(state)).trouble == ""


def test_a_sign_that_was_only_written_in_part_is_none(tmp_path: Path) -> None:
    file, now = LifeFile(str(tmp_path)), datetime.now(UTC)
    file.give(now, recorded=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # as a quota that has room for one block
    try:
        assert file.give(now + timedelta(hours=1), recorded=True) == "No space left on device"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert lives(tmp_path)
    assert read_signs(str(tmp_path)).wrote == now


@pytest.mark.usefixtures("as_root")
def test_a_disk_without_room_for_another_file_is_full(tmp_path: Path) -> None:
    with mounted(tmp_path / "state", "size=1m,nr_inodes=3,mode=700") as state:
        LifeFile(str(state)).give(datetime.now(UTC), recorded=True)
        for number in range(3):
            try:
                (state / str(number)).touch()
            except OSError:
                break

        assert read_signs(str(state)).trouble == "its disk has no room for another file"
        assert LifeFile(str(state)).give(datetime.now(UTC), recorded=True) != ""


@pytest.mark.usefixtures("as_root")
def test_on_a_read_only_disk_nothing_is_raised_and_it_is_said(tmp_path: Path) -> None:
    with mounted(tmp_path / "state", "size=1m,mode=700") as state:
        LifeFile(str(state)).give(datetime.now(UTC), recorded=True)
        age(state)
        subprocess.run(["mount", "-o", "remount,ro", str(state)], check=True)

        assert LifeFile(str(state)).give(datetime.now(UTC), recorded=True) == "Read-only file system"
        assert not lives(state)
        assert read_signs(str(state)).trouble == "its file system is read-only"


def test_a_state_that_is_gone_is_no_reason_to_die(tmp_path: Path) -> None:
    assert LifeFile(str(tmp_path / "gone")).give(datetime.now(UTC), recorded=True) != ""
    assert LifeFile(str(tmp_path / "gone")).give(datetime.now(UTC), recorded=False) != ""


def test_a_state_that_others_may_change_takes_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert "mode 1777" in read_signs(str(tmp_path)).trouble
    tmp_path.chmod(0o700)
    assert read_signs(str(tmp_path)).trouble == ""
