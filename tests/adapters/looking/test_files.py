"""What is no regular file is refused at once, and a copy takes what was there, no longer than it may."""

import os
import time
from pathlib import Path

import pytest

from agent.adapters.looking import files
from agent.adapters.looking.files import OutOfTime, copy_bytes, open_live, open_regular
from support.hostile.databases import BESIDE, make_beside


@pytest.mark.parametrize("kind", [kind for kind in BESIDE if kind != "sparse"])
def test_only_regular_files_are_opened_and_nothing_is_waited_for(tmp_path: Path, kind: str) -> None:
    make_beside(kind, tmp_path / "it")
    before = len(os.listdir("/proc/self/fd"))
    for opening in (open_regular, open_live):
        with pytest.raises(OSError, match=r"no regular file|symbolic links"):
            opening(tmp_path / "it")
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_link_on_the_way_leads_to_a_file_of_others(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "it").touch()
    (tmp_path / "link").symlink_to("real")
    os.close(open_live(tmp_path / "real" / "it"))
    os.close(open_regular(tmp_path / "link" / "it"))
    with pytest.raises(OSError, match="symbolic links"):
        open_live(tmp_path / "link" / "it")


@pytest.mark.parametrize("between", [True, False], ids=["by-the-kernel", "by-hand"])
def test_a_part_is_copied_to_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: bool
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(files._NOT_BETWEEN[0], "another file system")

    if not between:
        monkeypatch.setattr(os, "copy_file_range", refuse)
    monkeypatch.setattr(files, "STEP", 3)
    (tmp_path / "from").write_bytes(b"0123456789")
    source, target = open_regular(tmp_path / "from"), os.open(tmp_path / "to", os.O_RDWR | os.O_CREAT)
    copy_bytes(source, target, time.monotonic() + 60, 2, 7)
    assert (tmp_path / "to").read_bytes() == b"\0\0" + b"2345678"
    copy_bytes(source, target, time.monotonic() + 60)
    assert (tmp_path / "to").read_bytes() == b"0123456789"
    os.truncate(tmp_path / "from", 64 << 20)
    copy_bytes(source, target, time.monotonic() + 60)
    status = (tmp_path / "to").stat()
    assert (status.st_size, status.st_blocks < 100) == (64 << 20, True)
    with pytest.raises(OutOfTime):
        copy_bytes(source, target, time.monotonic() - 1)
    os.close(source)
    os.close(target)
