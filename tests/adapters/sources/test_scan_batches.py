"""Changed files are read in batches and written in the order of the walk, whatever becomes of them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.adapters.sources import scan_batches as module
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.hashing import Digest
from agent.adapters.sources.scan_batches import LISTED, Batches, Line, Tally
from agent.adapters.sources.walk import Visit
from agent.adapters.sources.witness_files import WitnessLines

FIELDS = b"f\t644\t0\t0\t5\t1\t2\t3\t4\t1\t"


class Writer:
    """Keeps the lines that were written, by path and flags."""

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, str]] = []

    def write(self, line: bytes, sha256: bytes, path: bytes) -> None:
        self.lines.append((path, line.split(b"\t")[12].decode() if line else ""))


def line(path: bytes, to_read: bool = True, **changes: object) -> Line:
    return Line(path, FIELDS, size=5, blocks=8, to_read=to_read, **changes)  # type: ignore[arg-type]


def passed_through(
    monkeypatch: pytest.MonkeyPatch, reads: dict[bytes, Digest], *lines: Line, tally: Tally | None = None
) -> tuple[Tally, list[tuple[bytes, str]]]:
    monkeypatch.setattr(module, "digest", lambda _, path, *__: reads.get(path, Digest(b"ab" * 32, 5)))
    found, writer = tally or Tally(lambda *_: None), Writer()
    with ThreadPoolExecutor(2) as readers:
        batches = Batches(readers, 0, writer, found, Dumps())  # type: ignore[arg-type]
        for each in lines:
            batches.add(each)
        batches.finish()
    return found, writer.lines


def test_lines_keep_the_order_of_the_walk_whoever_is_ready_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_ENTRIES", 2)
    lines = [
        line(b"%03d" % number, to_read=number % 3 == 0, text=FIELDS + b"8\t-\t-\t-\t-\tx\n")
        for number in range(50)
    ]
    _, written = passed_through(monkeypatch, {}, *lines)
    assert [path for path, _ in written] == [b"%03d" % number for number in range(50)]


def test_what_became_of_a_file_is_in_its_line_and_in_the_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = {
        b"gone": Digest(b"", error="No such file or directory", moved=True),
        b"closed": Digest(b"", error="Permission denied"),
        b"busy": Digest(b"cd" * 32, 5, moved=True),
        b"zeros": Digest(b"ef" * 32, 5, zeros=True),
        b"wiped": Digest(b"ef" * 32, 5, zeros=True),
    }
    lines = [*map(line, (b"good", b"gone", b"closed", b"busy", b"zeros")), line(b"wiped", had_content=True)]
    tally, written = passed_through(monkeypatch, reads, *lines)
    assert written == [(b"good", "-"), (b"closed", "u"), (b"busy", "m"), (b"zeros", "z"), (b"wiped", "w")]
    assert (tally.files, tally.size, tally.allocated) == (5, 25, 5 * 8 * 512)
    assert tally.unreadable == [(b"closed", "Permission denied")]
    assert (tally.moving, tally.zeroed) == ([b"busy"], [b"wiped"])


def test_once_a_file_is_larger_than_its_disk_nothing_more_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(lambda *_: None)
    tally.oversize.append((b"monster", 1 << 60))
    found, _ = passed_through(monkeypatch, {}, line(b"a", text=FIELDS + b"8\t-\t-\t-\t-\ta\n"), tally=tally)
    assert found.read == 0


@pytest.mark.parametrize(
    ("size", "blocks", "listed"), [(1 << 60, 8, True), (1 << 60, 1 << 52, False), (1 << 20, 0, False)]
)
def test_only_a_sparse_file_that_claims_more_than_its_disk_holds_is_oversize(
    tmp_path: Path, size: int, blocks: int, listed: bool
) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    status = SimpleNamespace(st_mode=0o100644, st_size=size, st_blocks=blocks)
    tally = Tally(lambda *_: None)
    tally.look(Visit(b"file", status, directory, b"file"), directory)  # type: ignore[arg-type]
    os.close(directory)
    assert bool(tally.oversize) is listed


def test_of_what_is_excluded_only_so_much_is_listed(tmp_path: Path) -> None:
    tally = Tally(lambda *_: None)
    note = tally.exclude(WitnessLines(tmp_path / "none"))
    for number in range(LISTED + 5):
        note(b"%05d" % number)
    assert (len(tally.excluded), tally.excluded_held) == (LISTED, [])
