"""Files that processes write through memory show no sign in their times, and are known all the same."""

import mmap
import os
from pathlib import Path

import pytest

from agent.adapters.sources.mappings import mapped_for_writing


@pytest.mark.parametrize(
    ("flags", "access", "known"),
    [
        (mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, True),
        (mmap.MAP_SHARED, mmap.PROT_READ, False),
        (mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE, False),
    ],
    ids=["shared", "only read", "private"],
)
def test_only_what_is_shared_and_writable_counts(
    tmp_path: Path, flags: int, access: int, known: bool
) -> None:
    (tmp_path / "file").write_bytes(bytes(4096))
    with (tmp_path / "file").open("r+b") as file, mmap.mmap(file.fileno(), 4096, flags, access):
        status = (tmp_path / "file").stat()
        assert ((status.st_dev, status.st_ino) in mapped_for_writing()) is known


def test_a_process_that_ends_while_it_is_looked_at_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, reads = os.stat, Path.read_bytes

    def stat(path: object, *more: object, **options: object) -> os.stat_result:
        if str(path).startswith("/proc/") and str(path).endswith("/maps"):
            raise ProcessLookupError
        return really(path, *more, **options)  # type: ignore[arg-type, call-overload]

    def read(path: Path) -> bytes:
        if path == Path("/proc/1/maps"):
            raise ProcessLookupError
        return reads(path)

    (tmp_path / "file").write_bytes(bytes(4096))
    with (tmp_path / "file").open("r+b") as file, mmap.mmap(file.fileno(), 4096):
        status = (tmp_path / "file").stat()
        monkeypatch.setattr(os, "stat", stat)
        monkeypatch.setattr(Path, "read_bytes", read)
        assert (status.st_dev, status.st_ino) in mapped_for_writing()
