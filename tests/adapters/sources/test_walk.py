"""Walking a tree where something cannot be looked at, or is moved, or deep."""

import errno
import gc
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.sandbox.owner import hand_over
from agent.adapters.sources.walk import KEPT_OPEN, Trouble, walk
from support.builders.live_files import LiveFiles


def seen(tree: Path) -> list[tuple[bytes, bool]]:
    """The names below `tree`, each with whether there was trouble."""
    base = os.open(tree.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        met = list(walk(base, os.fsencode(tree.name)))
    finally:
        os.close(base)
    return [(one.path.rpartition(b"/")[2], isinstance(one, Trouble)) for one in met]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a", "b", "c"):
        (tree / name).touch()
    return tree


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let nobody look at "b"."""
    look = os.stat

    def stat(path: Any, **how: Any) -> os.stat_result:
        if path == b"b":
            raise OSError(number, os.strerror(number))
        return look(path, **how)

    monkeypatch.setattr("agent.adapters.sources.walk.os.stat", stat)


def test_everything_is_visited(tree: Path) -> None:
    assert seen(tree) == [(b"tree", False), (b"a", False), (b"b", False), (b"c", False)]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.ENOTCONN, errno.ESTALE])
def test_what_may_not_be_looked_at_is_named_and_the_rest_visited(
    tree: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, number)
    assert seen(tree) == [(b"tree", False), (b"a", False), (b"b", True), (b"c", False)]


def test_what_vanishes_is_passed_over(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, errno.ENOENT)
    assert seen(tree) == [(b"tree", False), (b"a", False), (b"c", False)]


def test_a_disk_that_fails_is_an_error_and_no_trouble_with_an_entry(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        seen(tree)


# ---- depth ------------------------------------------------------------------------------------


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """As many as are open, and a few more than a walk may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + KEPT_OPEN + 16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def deepen(top: Path, levels: int) -> None:
    """Directories in each other, and a file beside each of them that is visited after it."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.close(os.open("file", os.O_CREAT, dir_fd=here))
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    top = tmp_path / "deep"
    top.mkdir()
    deepen(top, 3000)
    yield top
    subprocess.run(["rm", "-rf", top], check=True)


def test_depth_is_no_limit(deep: Path, few_descriptors: None) -> None:
    gc.collect()  # what earlier tests left goes now
    before = os.listdir("/proc/self/fd")
    met = seen(deep)
    assert [name for name, _ in met[1:]] == [b"d"] * 3000 + [b"file"] * 3000
    assert not any(trouble for _, trouble in met)
    assert os.listdir("/proc/self/fd") == before


def test_a_witness_is_written_compared_and_handed_over_at_any_depth(
    tmp_path: Path, few_descriptors: None
) -> None:
    files = LiveFiles(tmp_path)
    deepen(files.root, 1200)
    try:
        files.remember()
        look = files.look()
        assert (look.scan.files, look.new, look.changed, look.gone) == (1200, 0, 0, 0)
        assert not look.scan.unreadable
        hand_over(files.root, os.geteuid())
    finally:
        subprocess.run(["rm", "-rf", files.root], check=True)


def middle(top: Path, level: int) -> Path:
    return top.joinpath(*["d"] * level)


def test_what_is_moved_in_the_middle_of_a_deep_walk_is_read_to_its_end(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    deepen(top, 200)
    base = os.open(tmp_path, os.O_RDONLY)
    met = walk(base, b"top")
    for _ in range(150):
        next(met)
    middle(top, 20).rename(tmp_path / "elsewhere")
    rest = list(met)
    os.close(base)
    assert not [one for one in rest if isinstance(one, Trouble)]
    assert sum(one.path.endswith(b"/file") for one in rest) == 200


def test_a_directory_to_which_nothing_leads_any_more_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    deepen(top, 200)
    base = os.open(tmp_path, os.O_RDONLY)
    before = len(os.listdir("/proc/self/fd"))
    met = walk(base, b"top")
    for _ in range(150):
        next(met)
    middle(top, 20).rename(tmp_path / "elsewhere")
    middle(top, 10).rename(tmp_path / "another")
    middle(top, 10).symlink_to(tmp_path / "another")
    rest = list(met)
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(base)
    lost = [one.path.count(b"/d") for one in rest if isinstance(one, Trouble)]
    assert lost == list(range(19, 9, -1))
    assert sum(one.path.endswith(b"/file") for one in rest) == 200 - len(lost)


def test_a_directory_that_became_a_link_is_passed_over(tree: Path) -> None:
    """As what vanished; where the link leads belongs to nobody's witness."""
    (tree / "b").unlink()
    (tree / "b").mkdir()
    base = os.open(tree.parent, os.O_RDONLY | os.O_DIRECTORY)
    names = []
    for one in walk(base, b"tree"):
        names.append(one.path)
        if one.path == b"tree/b":
            (tree / "b").rmdir()
            (tree / "b").symlink_to("/etc")
    os.close(base)
    assert names == [b"tree", b"tree/a", b"tree/b", b"tree/c"]


def test_a_link_on_the_way_to_the_top_is_not_followed(tree: Path) -> None:
    (tree.parent / "way").symlink_to(".")
    base = os.open(tree.parent, os.O_RDONLY | os.O_DIRECTORY)
    met = list(walk(base, b"way/tree"))
    os.close(base)
    assert met == [Trouble(b"way/tree", "a symbolic link lies on the way to it")]
