"""What the last look found, and what the watcher misses, for those who read it later."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.adapters.sources.exposure_file import TROUBLES, ExposureFiles
from agent.core.snapshot.exposed import Exposure
from support.builders.shop import wrong

LOOK = Exposure(
    process="orders", at=datetime(2026, 11, 25, 12, tzinfo=UTC), since=None, rpo=7200, files=3, bytes=9
)
NONSENSE = [b"", b"{}", b"\xff", b"[" * 99_999, b'{"process": 5}']


def test_the_last_look_is_found_again_by_its_process(tmp_path: Path) -> None:
    ExposureFiles(str(tmp_path)).write(LOOK)
    assert ExposureFiles(str(tmp_path)).read("orders") == LOOK
    assert ExposureFiles(str(tmp_path)).read("mail") is None


@pytest.mark.parametrize("content", NONSENSE)
def test_a_look_that_cannot_be_understood_is_none(tmp_path: Path, content: bytes) -> None:
    files = ExposureFiles(str(tmp_path))
    files.write(LOOK)
    (tmp_path / "exposure" / "orders.json").write_bytes(content)
    assert files.read("orders") is None


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    ExposureFiles(str(tmp_path)).write(LOOK)
    directory = tmp_path / "exposure"
    assert (directory.stat().st_mode | (directory / "orders.json").stat().st_mode) & 0o077 == 0


def test_troubles_of_watching_are_told_to_the_process_that_has_them(tmp_path: Path) -> None:
    files = ExposureFiles(str(tmp_path))
    files.write_troubles([wrong("watch-limit", "orders"), wrong("no-events", "mail")])
    assert [found.code for found in files.troubles("mail")] == ["no-events"]
    files.write_troubles([])
    assert files.troubles("mail") == []


@pytest.mark.parametrize("content", NONSENSE)
def test_troubles_that_cannot_be_understood_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TROUBLES).write_bytes(content)
    assert ExposureFiles(str(tmp_path)).troubles("orders") == []
