"""Walking a tree where something cannot be looked at."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.sources.walk import Trouble, walk


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
