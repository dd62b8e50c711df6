"""Files that processes write through memory show no sign in their times, and are known all the same."""

import mmap
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
