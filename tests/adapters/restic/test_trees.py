"""The inodes of saved files, as the trees of a snapshot have them in every version."""

import os
from pathlib import Path

import pytest

from agent.adapters.restic import trees as module
from agent.adapters.restic.repository import Restic
from agent.adapters.restic.trees import Trees
from agent.core.configuration.config import Repository
from agent.core.model.swapped import KeptFile
from agent.errors import ResticError
from support.builders.readiness_cli import Shop


def test_every_version_keeps_inodes_of_files_and_says_none_of_what_is_not_there(
    tmp_path: Path, restic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, restic).set_up()
    for name in ("a/b/one", "a/two ä"):
        (shop.source / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.source / name).write_text("content")
    shop.plain_restic("backup", shop.source)
    [snapshot] = shop.snapshot_ids()
    repository = Repository(name="p", url=str(shop.repository), password_file=str(shop.password))
    asked = Restic(str(restic), repository, str(tmp_path / "cache"), 20)
    [stored] = asked.start_listing("", os.uname().nodename).result()
    assert stored.id == snapshot
    names = ("a/b/one", "a/two ä", "a/none", "none/one", "a/two ä/below")
    files = [KeptFile(f"{shop.source}/{name}", (0, 0)) for name in names]
    there = [(shop.source / name).stat().st_ino for name in names[:2]]
    assert [file.inode for file in asked.with_inodes(stored.tree, files)] == [*there, 0, 0, 0]
    monkeypatch.setattr(module, "MOST_TREES", 2)
    assert Trees(asked, stored.tree, ()).inode(files[0].path) == 0


@pytest.mark.parametrize("answer", ["no tree", '{"nodes": [{"name": 1}]}', '{"nodes": [{"subtree": "--x"}]}'])
def test_an_answer_that_is_no_tree_is_refused(answer: str) -> None:
    class Calls:
        def answer(self, *_: object) -> bytes:
            return answer.encode()

    with pytest.raises(ResticError, match="cannot be understood"):
        Trees(Calls(), "ab" * 32, ()).inode("/srv/x")  # type: ignore[arg-type]
