"""Files that are still being written are waited for, and what only grew is known by its beginning."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sources import settling
from agent.adapters.sources.scan import Scanner
from agent.adapters.sources.settling import settled
from agent.adapters.sources.witness_files import WITNESS


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(settling, "STILL", 0.2)
    monkeypatch.setattr(settling, "LOOKS", 0.02)
    number = os.open(tmp_path, os.O_RDONLY)
    yield number
    os.close(number)


def test_what_has_long_been_still_is_not_waited_for(tmp_path: Path, base: int) -> None:
    (tmp_path / "dump").write_text("whole")
    time.sleep(0.25)
    begun = time.monotonic()
    assert settled(base, [b"dump"], 5)
    assert time.monotonic() - begun < 0.1


def test_a_file_is_still_when_its_writer_is_done(tmp_path: Path, base: int) -> None:
    def write() -> None:
        for _ in range(5):
            with (tmp_path / "dump").open("a") as file:
                file.write("a row")
            time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    assert settled(base, [b"dump"], 5)
    assert (tmp_path / "dump").read_text() == "a row" * 5
    writer.join()


def test_what_is_away_is_not_still(tmp_path: Path, base: int) -> None:
    (tmp_path / "other").touch()
    begun = time.monotonic()
    assert not settled(base, [b"other", b"dump"], 0.4)
    assert time.monotonic() - begun < 2


def test_a_file_whose_clock_is_ahead_is_still_when_nothing_changes(
    tmp_path: Path, base: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dump").touch()
    monkeypatch.setattr(settling.time, "time_ns", lambda: 0)
    assert settled(base, [b"dump"], 5)


def test_a_log_begins_with_what_was_good_and_a_new_dump_does_not(tmp_path: Path) -> None:
    log, carried = tmp_path / "srv" / "log", tmp_path / "carried"
    log.parent.mkdir()
    carried.mkdir()
    log.write_text("one\n")
    (log.parent / "empty").touch()
    with closing(Scanner(carried, [str(log.parent)], (), ())) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)

        def grew(file: Path) -> bool:
            return scanner.only_grew(os.fsencode(str(file).lstrip("/")), carried / WITNESS)

        assert grew(log)
        log.write_text("one\ntwo\n")
        assert grew(log)
        log.write_text("two\nthree\n")
        assert not grew(log)
        log.write_text("one")
        assert not grew(log)
        (log.parent / "empty").write_text("new")
        (log.parent / "unknown").write_text("new")
        assert not any(map(grew, [log.parent / "empty", log.parent / "unknown", log.parent / "gone"]))
