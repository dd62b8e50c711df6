"""A proof command is watched from outside: its output, its memory, and the disk that it fills."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.adapters.sandbox import watch as module
from agent.adapters.sandbox.walled import Sandbox
from agent.adapters.sandbox.walls import Limits
from agent.adapters.sandbox.watch import (
    Stopped,
    free_files,
    free_space,
    look_at_disk,
    threads_of,
    usual_limits,
)
from support.servers.walled_machine import Machine, walled_machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with walled_machine(tmp_path) as made:
        yield made


def test_endless_output_is_cut_off(machine: Machine) -> None:
    run = machine.run("yes", "0123456789" * 100)
    assert run.trouble == "it printed more than 64.0 MiB"
    assert len(run.stdout) <= 1 << 16


def test_endless_complaints_are_cut_off(machine: Machine) -> None:
    run = machine.shell("yes 0123456789012345678901234567890 >&2")
    assert run.trouble == "it printed more than 64.0 MiB"
    assert len(run.stderr) <= 1 << 16


def test_many_processes_together_may_not_use_more_memory_than_one(machine: Machine) -> None:
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        hog = os.urandom(1 << 20) * 60
        time.sleep(60)
time.sleep(60)
"""
    assert machine.python(code).trouble == "it used more than 200.0 MiB of memory"


def test_a_single_hog_is_ended(machine: Machine) -> None:
    hog = "import os, time; hog = os.urandom(1 << 20) * 400; time.sleep(60)"
    assert machine.python(hog).trouble == "it used more than 200.0 MiB of memory"


def test_memory_that_processes_share_counts_once(machine: Machine) -> None:
    code = """
import os, time
shared = os.urandom(1 << 20) * 60
for _ in range(8):
    if os.fork() == 0:
        time.sleep(1)
        os._exit(0)
time.sleep(1)
"""
    run = machine.python(code)
    assert (run.status, run.trouble) == (0, "")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.usefixtures("as_root")
def test_a_command_that_fills_the_disk_is_ended(small_disk: Path) -> None:
    (small_disk / "tree").mkdir()
    limits = Limits(memory=1 << 30, file_size=8 << 20, free_space=20 << 20)
    sandbox = Sandbox(small_disk / "tree", [], [], limits)
    run = sandbox.run(("sh", "-c", "n=0; while n=$((n+1)); do head -c 999999 /dev/zero > $n; done"), 60)
    assert run.trouble.startswith("it filled the disk")
    assert os.listdir(small_disk) == ["tree"]


@pytest.fixture
def few_files(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "few"
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256m,nr_inodes=200000", "none", str(place)], check=True
    )
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.usefixtures("as_root")
def test_a_command_that_makes_too_many_files_is_ended(few_files: Path) -> None:
    (few_files / "tree").mkdir()
    limits = Limits(memory=1 << 30, file_size=8 << 20, free_space=0, free_files=150_000)
    sandbox = Sandbox(few_files / "tree", [], [], limits)
    run = sandbox.run(("sh", "-c", "n=0; while n=$((n+1)); do : >$n; done; sleep 9"), 60)
    assert run.trouble == "it made too many files: the disk must be able to hold 150000 more"


def test_where_a_disk_does_not_count_its_files_none_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uncounted = SimpleNamespace(f_favail=0, f_files=0, f_bavail=1 << 20, f_frsize=4096)
    monkeypatch.setattr(module.os, "statvfs", lambda _: uncounted)
    look_at_disk(tmp_path, usual_limits(tmp_path))


def test_the_last_tenth_of_the_files_of_a_disk_stays_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "free_files", lambda _: 1000)
    limits = usual_limits(tmp_path)
    assert limits.free_files == 100
    monkeypatch.setattr(module, "free_files", lambda _: 99)
    with pytest.raises(Stopped, match="too many files"):
        look_at_disk(tmp_path, limits)


def test_how_many_files_may_still_be_made_is_what_the_disk_says(tmp_path: Path) -> None:
    assert abs(free_files(tmp_path) - os.statvfs(tmp_path).f_favail) < 100_000


@pytest.mark.parametrize(
    ("available", "memory"), [(100 << 20, 256 << 20), (2 << 30, 1 << 30), (64 << 30, 4 << 30)]
)
def test_half_of_the_memory_that_is_free_may_be_used_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int, memory: int
) -> None:
    monkeypatch.setattr(module.psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    assert usual_limits(tmp_path).memory == memory


def test_the_last_tenth_of_the_disk_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_space", lambda _: 1000 << 20)
    limits = usual_limits(tmp_path)
    assert (limits.file_size, limits.free_space) == (500 << 20, 100 << 20)


def test_what_we_may_still_write_is_what_is_free_on_that_disk(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    assert abs(free_space(tmp_path) - found.f_bavail * found.f_frsize) < 1 << 30


def test_the_threads_of_a_user_are_counted_and_not_only_its_processes() -> None:
    before = threads_of(os.getuid())
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    after = threads_of(os.getuid())
    waiting.set()
    thread.join()
    assert before >= 1
    assert after >= 2
