"""A restic that waits at a FIFO, which was a file when it looked, is ended soon and told where it stood."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.adapters.restic import fifo as module
from agent.adapters.restic.fifo import FifoWatch, waits_at
from agent.adapters.restic.repository import Restic
from agent.core.configuration.config import Repository
from agent.errors import ResticError
from support.builders.readiness_cli import Shop
from support.doubles.swapping_shop import SHOP
from support.places import DOUBLES
from support.waiting import until


@contextmanager
def opening(place: Path) -> Iterator[int]:
    """Who opens it to read, in a process of its own."""
    program = "import os, sys; os.open(sys.argv[1], os.O_RDONLY); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program, place], stdin=subprocess.PIPE) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_who_waits_for_a_writer_is_seen_and_where(tmp_path: Path) -> None:
    place = tmp_path / "a\udcff\x1b"
    os.mkfifo(place)
    with opening(place) as pid:
        until(lambda: waits_at(pid) is not None)
        assert waits_at(pid) == f"{tmp_path}/a\\xff\\x1b"
        os.close(os.open(place, os.O_WRONLY))
        until(lambda: waits_at(pid) is None)
    assert waits_at(os.getpid()) is None
    assert waits_at(4_194_304) is None


def test_where_nobody_tells_at_which_there_is_none_to_name() -> None:
    for call in ([], [b"running"], [b"257", b"0x1", b"0xffffffffffffffff"]):
        assert module._opening(os.getpid(), call) == ""


def test_it_is_patient_for_some_looks_also_when_one_is_released_and_the_next_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    found = {101: "/a", 103: "/b", 104: None, 105: ""}
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "waits_at", lambda _: found.get(int(now[0])))
    watch = FifoWatch(1)
    for tenth in range(1, 50):
        now[0] = 100 + tenth / 10
        watch()
    now[0] = 105.0
    with pytest.raises(ResticError, match=r"restic waited for somebody to write into a FIFO"):
        watch()


@pytest.mark.timeout(120)
def test_a_file_that_becomes_a_fifo_ends_the_backup_in_seconds_and_not_in_minutes(
    tmp_path: Path, newest_restic: Path, as_root: None
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    for number in range(40):
        (shop.source / f"order-{number:03}").write_text(f"order {number}")
    os.chown(shop.source, SHOP, SHOP)
    repository = Repository(name="p", url=str(shop.repository), password_file=str(shop.password))
    asked = Restic(str(newest_restic), repository, str(tmp_path / "cache"), 600)
    command = [sys.executable, DOUBLES / "swapping_shop.py", "files_and_fifos", shop.source]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:
        try:
            assert swapping.stdout and swapping.stdout.readline() == b"at it\n"
            ended, seconds = first_refusal(asked, shop.source)
            assert swapping.poll() is None
        finally:
            swapping.kill()
    assert f"restic waited at {shop.source}/" in ended.message
    assert ended.code == "file-unreadable"
    assert seconds < 12
    assert shop.plain_restic("list", "locks") == b""


def first_refusal(restic: Restic, source: Path) -> tuple[ResticError, float]:
    for _ in range(100):
        begun = time.monotonic()
        backup = restic.start_backup([str(source)], [], "orders", "shop")
        try:
            backup.finish(lambda *_: None)
        except ResticError as error:
            return error, time.monotonic() - begun
        finally:
            backup.stop()
    raise AssertionError("the attack did not come to anything")
