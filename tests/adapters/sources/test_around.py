"""What lies around the files: beside them, in their place before, mounted over them, and left out."""

import gzip
import lzma
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.looking.session import Look
from agent.adapters.sources.around import (
    MOST_LOOKED_AT,
    LeftOut,
    beside,
    blank,
    held_before,
    mount_points,
    still_named,
    turns,
)
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.scan import Scanner
from agent.core.snapshot.extent import VitalPlace
from agent.core.snapshot.shrinkage import Names
from support.builders.live_files import LiveFiles

KIB = 1024


@pytest.fixture
def base() -> Iterator[int]:
    handle = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    yield handle
    os.close(handle)


def raw(path: Path) -> bytes:
    return os.fsencode(path)[1:]


def test_the_regular_files_beside_a_place_are_told_by_name(tmp_path: Path, base: int) -> None:
    (tmp_path / "orders.log").write_bytes(b"")
    (tmp_path / "orders.log.1").write_bytes(b"yesterday")
    (tmp_path / "orders.log.d").mkdir()
    (tmp_path / "orders.log.link").symlink_to("orders.log.1")
    (tmp_path / "other").write_bytes(b"x")
    place = raw(tmp_path / "orders.log")
    found = {each.name: each.size for each in beside(base, place, lambda name: name.startswith("orders"))}
    assert found == {"orders.log": 0, "orders.log.1": 9}
    assert beside(base, raw(tmp_path / "none" / "a"), lambda name: True) == []


def test_white_space_and_zeros_are_no_content(tmp_path: Path, base: int) -> None:
    contents = [b"\n", bytes(70_000) + b"\r\n\t ", b"", b"x\n", bytes(70_000) + b"x"]
    files = [tmp_path / str(number) for number in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    places = [raw(file) for file in (*files, tmp_path, tmp_path / "none")]
    assert blank(base, places) == {raw(file) for file in files[:3]}


def test_what_lay_in_a_place_before_is_in_the_last_good_witness(tmp_path: Path) -> None:
    live = LiveFiles(tmp_path)
    live.fill("mail", 4)
    live.fill("mail-old", 3)
    (live.root / "mail" / "a.db-wal").write_bytes(b"passes away")
    live.remember()
    mail, one = live.root / "mail", live.root / "mail" / "0" / "file-0001.txt"
    assert held_before(live._state / "exposure" / "orders.witness", [raw(mail), raw(one), b"srv/none"]) == {
        raw(mail): (4, 7960),
        raw(one): (1, 2000),
        b"srv/none": (0, 0),
    }
    assert held_before(tmp_path / "none", [raw(mail)]) == {raw(mail): (0, 0)}


@pytest.mark.parametrize("dated", [False, True])
def test_of_the_files_of_before_those_are_counted_whose_name_is_still_there(
    tmp_path: Path, dated: bool
) -> None:
    live = LiveFiles(tmp_path)
    for name in ("a.txt", "b.txt", "db-20261129.sql", "empty", "a.db-wal"):
        (live.root / name).write_bytes(b"" if name == "empty" else b"x" * 10)
    live.remember()
    for name in ("b.txt", "db-20261129.sql"):
        (live.root / name).unlink()
    for name in ("c.txt", "db-20261130.sql"):
        (live.root / name).write_bytes(b"y")
    with closing(Scanner(live._carried, live.process.paths, (), ())) as scanner:
        scanner.scan(0, lambda files, size: None)
        left = still_named(
            live._state / "exposure" / "orders.witness",
            live._carried / "witness.new",
            {raw(live.root): dated},
        )
        scanner.drop()
    assert left == {raw(live.root): Names(3, 30, 2, 20) if dated else Names(3, 30, 1, 10)}


@pytest.mark.parametrize("known", [True, False])
def test_turns_are_known_by_what_they_hold(tmp_path: Path, base: int, look: Look, known: bool) -> None:
    live = LiveFiles(tmp_path)
    content = os.urandom(5000)
    log, olddir = live.root / "orders.log", live.root / "old"
    olddir.mkdir()
    log.write_bytes(content)
    (live.root / "orders.log.9").write_bytes(b"long ago")
    live.remember()
    good = live._state / "exposure" / "orders.witness"
    (live.root / "orders.log.1").write_bytes(content)
    (live.root / "orders.log.2").write_bytes(content + b"and more")
    (live.root / "orders.log.3").write_bytes(os.urandom(5000))
    (live.root / "orders.log.4").write_bytes(content[:4000])
    (olddir / "orders.log.5.gz").write_bytes(gzip.compress(content + b"and more"))
    (olddir / "orders.log.6.xz").write_bytes(lzma.compress(content[:4000]))
    (olddir / "orders.log.7.gz").write_bytes(b"no packed file at all")
    (olddir / "orders.log.8.zst").write_bytes(b"\x28\xb5\x2f\xfd" + content)
    with closing(Scanner(live._carried, live.process.paths, (), ())) as scanner:
        scanner.scan(0, lambda files, size: None)
        scanner.keep(unchanged=False)
    was = raw(log) if known else raw(live.root / "other.log")
    now, wanted = live._carried / "witness", lambda name: name.startswith("orders.log.")
    found = turns(base, good, now, was, wanted, Dumps(look))
    holds = {
        each.place.rpartition(b"/")[2][len("orders.log.") :].decode(): each.holds() for each in found.now
    }
    wrong = {"3", "4", "6.xz", "7.gz", "9"}
    expected = {name: None if name == "8.zst" or not known else name not in wrong for name in holds}
    assert len(holds) == 9 and holds == expected
    nobody = turns(base, good, now, was, wanted, Dumps())
    unknown = {each.place[-4:] for each in nobody.now if each.holds() is None}
    assert not known or unknown == {b"5.gz", b"6.xz", b".zst"}
    assert found.before == {raw(live.root / "orders.log.9")}


def test_a_bind_mount_below_a_root_is_known(tmp_path: Path, as_root: None) -> None:
    over, empty = tmp_path / "srv" / "a b", tmp_path / "empty"
    over.mkdir(parents=True)
    empty.mkdir()
    assert mount_points([raw(tmp_path / "srv")]) == frozenset()
    subprocess.run(["mount", "--bind", empty, over], check=True)
    try:
        assert mount_points([raw(tmp_path / "srv")]) == {raw(over)}
        assert mount_points([raw(over), raw(tmp_path / "sr")]) == frozenset()
    finally:
        subprocess.run(["umount", over], check=True)


# ---- what excludes leave out


def left_out(base: int, top: Path, *names: str, kept: int = 0) -> int:
    vital = VitalPlace("as configured", raw(top), is_file=False)
    out = LeftOut(base, [vital.place])
    for name in names:
        out.note(raw(top / name))
    [measured] = out.measured([vital], {vital.place: (1, kept)})
    return measured.left_out


@pytest.fixture
def data(tmp_path: Path) -> Path:
    top = tmp_path / "db"
    for name, size in (("a.dat", 5 * KIB), ("deep/b.dat", 7 * KIB), ("deep/er/c.dat", KIB), ("x.tmp", 99)):
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))
    (top / "empty").touch()
    return top


def test_the_bytes_below_what_is_left_out_are_counted_as_far_as_they_decide(data: Path, base: int) -> None:
    assert left_out(base, data, "deep", kept=100 * KIB) == 8 * KIB
    assert left_out(base, data, "a.dat", "deep", kept=100 * KIB) == 13 * KIB
    assert left_out(base, data, "a.dat", "deep", kept=1) == 5 * KIB, "enough is known by then"
    assert left_out(base, data, "a.dat", "deep") == 5 * KIB
    assert left_out(base, data, "empty", "x.tmp", "none", kept=0) == 0
    assert left_out(base, data) == 0


def test_what_is_left_out_elsewhere_is_no_matter(data: Path, base: int) -> None:
    out = LeftOut(base, [raw(data / "deep")])
    out.note(raw(data / "a.dat"))
    out.note(raw(data / "deeper" / "a.dat"))
    vital = VitalPlace("as configured", raw(data / "deep"), is_file=False)
    assert out.measured([vital], {}) == (vital,)


def test_only_a_short_look_is_taken(data: Path, base: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_LOOKED_AT >= 1000
    monkeypatch.setattr("agent.adapters.sources.around.MOST_LOOKED_AT", 1)
    assert left_out(base, data, "a.dat", "deep", kept=1 << 40) == 5 * KIB


def test_what_is_mounted_there_is_not_looked_into(data: Path, base: int, as_root: None) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", data / "deep"], check=True)
    try:
        (data / "deep" / "far").write_bytes(bytes(9 * KIB))
        assert left_out(base, data, "deep") == 0
        assert left_out(base, data, "deep/far") == 9 * KIB
    finally:
        subprocess.run(["umount", data / "deep"], check=True)
