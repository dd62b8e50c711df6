"""A restored tree is given to the user that the proofs run as, and nothing outside of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.adapters.sandbox import owner
from agent.adapters.sandbox.owner import USERS, hand_over, has_name, unused_user
from support.servers.walled_machine import Machine, walled_machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with walled_machine(tmp_path) as made:
        yield made


@pytest.mark.usefixtures("as_root")
def test_files_of_other_owners_and_modes_can_be_read_and_written(machine: Machine) -> None:
    closed = machine.restored / "closed"
    closed.mkdir()
    (closed / "mail").write_text("a letter")
    (closed / "mail").chmod(0o400)
    os.chown(closed / "mail", 1234, 1234)
    closed.chmod(0o000)
    where = str(closed.relative_to(machine.tree))
    assert machine.shell(f"cat {where}/mail && echo more >> {where}/mail").stdout == "a letter"


@pytest.mark.usefixtures("as_root")
def test_handing_over_follows_no_link_and_leaves_device_nodes_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(outside)
    (tree / "setuid").write_text("")
    (tree / "setuid").chmod(0o4755)
    os.mknod(tree / "null", 0o020666, os.makedev(1, 3))
    hand_over(tree, 61234)
    assert outside.stat().st_uid == 0
    assert (tree / "null").stat().st_uid == 0
    assert ((tree / "link").lstat().st_uid, tree.stat().st_uid) == (61234, 61234)
    assert (tree / "setuid").stat().st_mode & 0o7000 == 0


def test_the_user_of_a_proof_has_no_name_and_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first = unused_user()
    assert first in USERS
    monkeypatch.setattr(owner, "has_name", lambda user: user == first)
    second = unused_user()
    assert second in USERS
    assert second != first
    running = SimpleNamespace(info={"uids": SimpleNamespace(real=second)})
    monkeypatch.setattr(owner.psutil, "process_iter", lambda _: [running])
    assert unused_user() not in (first, second)


def test_a_user_with_a_name_is_known() -> None:
    assert has_name(os.getuid())
