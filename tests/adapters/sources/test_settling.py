"""Files that are still being written are waited for, and what only grew is known by its beginning."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.sources import settling
from agent.adapters.sources.scan import Scanner
from agent.adapters.sources.settling import settled, unlisted
from agent.adapters.sources.witness_files import WITNESS
from agent.core.model.swapped import KeptFile, Swaps


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


def swaps_after(tmp_path: Path, do: Callable[[Path], None]) -> Swaps:
    """What a scanner of tmp_path/above/root says when this was done between its walks."""
    root = tmp_path / "above/root"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file").touch(mode=0o640)
    (root / "open").touch(mode=0o644)
    for directory in (root, root / "a", root / "a/b"):  # root's own are in nobody's hand
        directory.chmod(0o775)
    (tmp_path / "carried").mkdir()
    with closing(Scanner(tmp_path / "carried", [str(root)], [], [])) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        time.sleep(0.02)
        do(root)
        return scanner.moved().swaps


def places(tmp_path: Path, do: Callable[[Path], None]) -> tuple[list[str], list[str], list[str]]:
    """Below the root: stirred, steady, and those in doubt with all below them."""
    root, swaps = f"{tmp_path}/above/root", swaps_after(tmp_path, do)
    stirred, steady, whole = (
        [place.removeprefix(root) for place in found] for found in (swaps.stirred, swaps.steady, swaps.whole)
    )
    return stirred, steady, whole


def swap(place: Path) -> None:
    place.rename(place.with_name("aside"))
    place.symlink_to("/etc")
    place.unlink()
    place.with_name("aside").rename(place)


def test_where_no_name_came_or_went_nothing_is_in_doubt(tmp_path: Path) -> None:
    def write(root: Path) -> None:
        (root / "open").write_text("more")
        (root / "a/b/file").chmod(0o600)

    assert places(tmp_path, write) == ([], [], [])


def test_where_a_name_came_those_directories_are_steady_that_nobody_moved(tmp_path: Path) -> None:
    assert places(tmp_path, lambda root: (root / "new").touch()) == ([""], ["/a"], [])


@pytest.mark.parametrize(
    ("name", "known"), [("a", (["", "/a"], ["/a/b"], [])), ("a/b", (["/a", "/a/b"], [], []))]
)
def test_a_directory_that_was_away_and_is_back_is_not(
    tmp_path: Path, name: str, known: tuple[list[str], list[str], list[str]]
) -> None:
    assert places(tmp_path, lambda root: swap(root / name)) == known


def test_where_only_root_may_rename_nobody_did(tmp_path: Path, as_root: None) -> None:
    def deploy(root: Path) -> None:
        for directory in (root, root / "a", root / "a/b"):
            directory.chmod(0o755)
        swap(root / "a")

    assert places(tmp_path, deploy) == ([], [], [])


def test_so_is_what_lies_below_a_directory_that_others_may_rename(tmp_path: Path) -> None:
    (tmp_path / "above").mkdir()
    (tmp_path / "above").chmod(0o777)
    assert places(tmp_path, swap) == ([""], ["/a"], [""])


def test_but_not_when_others_come_and_go_beside_it(tmp_path: Path) -> None:
    (tmp_path / "above").mkdir()
    (tmp_path / "above").chmod(0o777)
    assert places(tmp_path, lambda root: (root.parent / "beside").mkdir()) == ([], [], [])


def test_a_directory_above_that_was_away_is_seen_although_nothing_in_it_changed(
    tmp_path: Path, as_root: None
) -> None:
    os.chown(tmp_path, 65534, -1)
    assert places(tmp_path, lambda root: swap(root.parent)) == ([], [], [""])


def test_of_very_many_all_is_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stir(root: Path) -> None:
        (root / "new").touch()
        (root / "a/new").touch()

    monkeypatch.setattr(settling, "MOST_PLACES", 1)
    assert places(tmp_path, stir)[::2] == ([], [""])


def test_who_alone_may_rename_is_known_by_that(tmp_path: Path, as_root: None) -> None:
    def stir(root: Path) -> None:
        for place, owner in ((root / "a", 33), (root / "a/b", owners[1])):
            os.chown(place, owner, -1)
            place.chmod(mode)
            (place / "new").touch()

    renamers = []
    for owners, mode in (((33, 33), 0o755), ((33, 34), 0o755), ((33, 33), 0o775)):
        below = tmp_path / f"{owners[1]}-{mode}"
        below.mkdir()
        renamers.append(swaps_after(below, stir).renamer)
    assert renamers == [33, -1, -1]


def test_the_owners_of_what_is_not_for_all_are_noted_and_what_is_new(tmp_path: Path) -> None:
    def renew(root: Path) -> None:
        (root / "a/new").touch(mode=0o600)
        gone.append((root / "open").stat().st_ino)
        (root / "open").unlink()

    gone: list[int] = []
    swaps = swaps_after(tmp_path, renew)
    status = (tmp_path / "above/root/a/new").stat()
    assert swaps.owners == {f"{tmp_path}/above/root": {(os.geteuid(), status.st_gid)}}
    assert swaps.inodes == {status.st_ino, *gone}
    assert swaps.states == {(status.st_ctime_ns // 1000, status.st_uid, status.st_gid, 0o600)}


def test_a_file_that_a_walk_met_is_listed_wherever_it_lay(tmp_path: Path) -> None:
    swaps_after(tmp_path, lambda root: None)
    status = (tmp_path / "above/root/a/b/file").stat()
    known = KeptFile("/x", (status.st_uid, status.st_gid), 0o640, status.st_ctime_ns // 1000)
    others = [replace(known, mode=0o600), replace(known, changed_us=1), replace(known, owner=(5, 5))]
    assert unlisted(tmp_path / "carried" / WITNESS, [known, *others]) == others
    assert unlisted(tmp_path / "none", []) == []
