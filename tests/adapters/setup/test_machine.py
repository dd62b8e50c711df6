"""The answers about the real machine that `readiness validate` builds on."""

import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.adapters.host import identity
from agent.adapters.host.identity import is_for_service
from agent.adapters.setup import machine as module
from agent.adapters.setup.machine import LocalMachine
from agent.core.configuration.config import Repository
from agent.core.configuration.location import Extent, FileFacts
from agent.errors import ResticError

NOBODY = 65534
NOGROUP = pwd.getpwnam("nobody").pw_gid


@contextmanager
def somebody_else() -> Iterator[None]:
    """Root may do everything; become nobody for a moment where the tests run as root."""
    user = os.geteuid()
    os.seteuid(NOBODY if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def machine() -> LocalMachine:
    return LocalMachine()


def test_facts_tell_files_directories_links_and_the_rest(machine: LocalMachine, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "directory").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    os.link(tmp_path / "file", tmp_path / "same")
    is_it = ((status := (tmp_path / "file").stat()).st_dev, status.st_ino)
    for name in ("file", "same"):
        assert machine.facts(str(tmp_path / name)) == FileFacts("file", 0o640, os.geteuid(), 5, is_it)
    assert machine.facts(str(tmp_path / "directory")) == FileFacts("directory", 0o700, os.geteuid())
    kinds = [getattr(machine.facts(str(tmp_path / name)), "kind", None) for name in ("link", "fifo", "none")]
    assert kinds == ["link", "other", None]


def test_a_file_for_the_service_is_roots_or_its_own_and_of_its_own_group(
    machine: LocalMachine, tmp_path: Path, as_root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "SERVICE_USER", "nobody")
    file = tmp_path / "password"
    file.touch()
    seen = []
    for user, group in ((0, NOGROUP), (NOBODY, NOGROUP), (1, NOGROUP), (0, 1), (NOBODY, 0)):
        os.chown(file, user, group)
        facts = machine.facts(str(file))
        assert facts
        seen.append(facts.of_service)
    assert seen == [True, True, False, False, False]
    monkeypatch.setattr(identity, "SERVICE_USER", "nobody-is-called-so")
    assert not is_for_service(file.stat())


def test_what_lies_below_a_file_is_not_there(machine: LocalMachine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert machine.facts(str(tmp_path / "file" / "x")) is None


def test_what_lies_behind_a_closed_door_is_hidden_and_not_missing(
    machine: LocalMachine, tmp_path: Path
) -> None:
    (tmp_path / "closed" / "x").mkdir(parents=True)
    (tmp_path / "closed").chmod(0)
    with somebody_else():
        facts = machine.facts(str(tmp_path / "closed" / "x"))
    (tmp_path / "closed").chmod(0o700)
    assert facts == FileFacts("hidden")


def test_a_file_of_mode_zero_can_be_neither_read_nor_written(machine: LocalMachine, tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0)
    with somebody_else():
        assert not machine.can_read(str(tmp_path / "file"))
        assert not machine.can_write(str(tmp_path / "file"))


def test_what_does_not_exist_can_be_written_where_its_parent_can(
    machine: LocalMachine, tmp_path: Path
) -> None:
    assert machine.can_write(str(tmp_path / "a" / "b"))
    (tmp_path / "closed").mkdir(mode=0o500)
    with somebody_else():
        assert not machine.can_write(str(tmp_path / "closed" / "a" / "b"))


def test_a_repository_lies_where_its_parents_lie(machine: LocalMachine, tmp_path: Path) -> None:
    def place(url: str, *options: str) -> str:
        repository = Repository(name="primary", url=url, password_file="/p", options=options)
        return machine.place_of(repository, [str(tmp_path)], []).place

    assert place(str(tmp_path / "not" / "yet")) == "same-disk"
    assert place("/proc/self") == "not-known"
    assert place("sftp:nas:/r", "sftp.command=ssh root@localhost -s sftp") == "same-machine"


def test_room_is_what_the_file_system_has_for_us(machine: LocalMachine, tmp_path: Path) -> None:
    free, files = machine.room(str(tmp_path / "not" / "yet"))
    assert free > 0
    assert files > 0


def test_the_extent_counts_what_is_allocated_and_leaves_out_what_is_excluded(
    machine: LocalMachine, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "caf\udce9").write_bytes(b"x" * 100_000)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "big").write_bytes(b"x" * 1_000_000)
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 40)
    extent = machine.extent([str(tmp_path)], ["cache"], 60)
    assert (extent.files, extent.whole) == (4, True)
    assert 100_000 <= extent.bytes < 500_000


def test_the_extent_survives_links_in_a_circle_and_odd_entries(machine: LocalMachine, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        directory = os.open(tmp_path, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
        assert machine.extent([str(tmp_path)], [], 60).files == 4


def test_an_extent_without_time_says_that_it_is_not_whole(machine: LocalMachine, tmp_path: Path) -> None:
    assert machine.extent([str(tmp_path)], [], -1) == Extent(0, 0, whole=False)


def test_the_extent_of_what_is_not_there_is_nothing(machine: LocalMachine, tmp_path: Path) -> None:
    assert machine.extent([str(tmp_path / "none")], [], 60) == Extent(0, 0)


def test_a_restic_that_is_missing_or_too_old_is_refused(machine: LocalMachine, tmp_path: Path) -> None:
    old = tmp_path / "restic"
    old.write_text("#!/bin/sh\necho 'restic 0.13.1 compiled with go1.18 on linux/amd64'\n")
    old.chmod(0o755)
    with pytest.raises(ResticError) as too_old:
        machine.restic_version(str(old))
    with pytest.raises(ResticError) as missing:
        machine.restic_version(str(tmp_path / "none"))
    assert (too_old.value.code, missing.value.code) == ("restic-too-old", "restic-missing")


def test_drills_of_the_service_restore_where_their_user_and_their_unit_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = LocalMachine()
    assert machine.can_restore_to(str(tmp_path))
    monkeypatch.setattr(module, "drills_apart", lambda: True)
    monkeypatch.setattr(module, "may_write", lambda _: [str(tmp_path)])
    assert machine.can_restore_to("/var/lib/readiness-drill/work/scratch")
    assert not machine.can_restore_to(str(tmp_path)), "it is not theirs"
    monkeypatch.setattr(module, "owned_by_drills", lambda _: True)
    assert machine.can_restore_to(str(tmp_path))
    assert not machine.can_restore_to(str(tmp_path / "below")), "their unit does not let them"
