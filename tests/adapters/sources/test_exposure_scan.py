"""Every file is looked at and compared with the witness of the last good snapshot."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.sources.exposure_scan import ExposureScan
from agent.adapters.sources.view import RECORDED
from agent.core.snapshot.changes import Changes
from support.builders.live_files import LiveFiles


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveFiles:
    """Five files, as they were in the last good snapshot."""
    monkeypatch.delenv(RECORDED, raising=False)
    found = LiveFiles(tmp_path)
    found.fill("a", 5)
    found.remember()
    return found


def test_without_a_change_nothing_would_be_lost(live: LiveFiles) -> None:
    look = live.look()
    assert (look.changed, look.new, look.gone, look.bytes, look.oldest_ns) == (0, 0, 0, 0, None)
    assert (look.scan.files, look.scan.size) == (5, sum(file.stat().st_size for file in live.files()))


def test_what_changed_came_and_went_is_counted_and_what_it_holds(live: LiveFiles) -> None:
    first, second, *_ = live.files()
    first.write_bytes(b"x" * 30)
    second.unlink()
    (live.root / "new").write_bytes(b"y" * 12)
    look = live.look()
    assert (look.changed, look.new, look.gone, look.bytes) == (1, 1, 1, 42)


def test_the_oldest_change_is_that_of_a_file_or_of_its_directory(live: LiveFiles) -> None:
    first, second, *_ = live.files()
    first.write_text("older")
    oldest = first.stat().st_ctime_ns
    second.write_text("younger")
    assert live.look().oldest_ns == oldest


def test_what_is_excluded_by_now_is_not_gone(live: LiveFiles) -> None:
    process = replace(live.process, exclude=("a",))
    with_exclude = ExposureScan(process, str(live._state))
    look = with_exclude.look(Changes())
    with_exclude.close()
    assert (look.gone, look.scan.files) == (0, 0)


def test_what_cannot_be_listed_is_named_and_not_gone(
    live: LiveFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    listdir = os.listdir

    def refuse(descriptor: int) -> list[str]:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "a":
            raise PermissionError(13, "Permission denied")
        return listdir(descriptor)

    monkeypatch.setattr("agent.adapters.sources.walk.os.listdir", refuse)
    look = live.look()
    assert look.gone == 0
    assert [path.rpartition(b"/")[2] for path, _ in look.scan.unreadable] == [b"a"]


def test_a_root_that_is_not_there_was_not_emptied(live: LiveFiles) -> None:
    live.root.rename(live.root.with_name("elsewhere"))
    look = live.look()
    assert look.comparison.changes.gone == 0
    with_scan = ExposureScan(live.process, str(live._state))
    assert [found.code for found in with_scan.roots()] == ["source-missing"]
    with_scan.close()
