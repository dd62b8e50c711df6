"""A dump that was cut is told, plain or packed; what cannot be told is not said to be cut."""

import bz2
import gzip
import lzma
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.looking.session import Look
from agent.adapters.sources import dump_ends
from agent.adapters.sources.dump_ends import Dumps, plain_kind
from agent.adapters.sources.dump_parts import is_cut_dump
from agent.adapters.sources.scan import Scanner
from agent.core.kinds.kinds import CUT, DUMP, KNOWN, NAMED
from agent.core.snapshot.extent import Scan

BEGIN, END = b"--\n-- PostgreSQL database dump\n--\n", b"--\n-- PostgreSQL database dump complete\n--\n\n"
ROWS = b"".join(b"%d\tten pieces\n" % number for number in range(90_000))


def seen(dump: Path, look: Look) -> tuple[bool, bool]:
    """Whether it is cut, and whether it is shown to be whole."""
    dumps = Dumps(look)
    return is_cut_dump(dump, dumps), dumps.is_shown_whole(dump)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_dump_without_its_end_is_cut(tmp_path: Path, look: Look, pack: Callable[[bytes], bytes]) -> None:
    dump = tmp_path / "orders.sql"
    dump.write_bytes(pack(BEGIN + ROWS + END))
    assert seen(dump, look) == (False, True)
    dump.write_bytes(pack(BEGIN + ROWS))  # pg_dump was killed, and what packs it ended well
    assert seen(dump, look) == (True, False)
    dump.write_bytes(pack(b""))
    assert seen(dump, look) == (True, False)
    dump.write_bytes(pack(BEGIN + ROWS + END)[:-3000])
    assert seen(dump, look) == (True, False)


def test_what_cannot_be_told_is_neither_said_to_be_cut_nor_whole(
    tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = tmp_path / "orders.sql.zst"
    dump.write_bytes(b"\x28\xb5\x2f\xfd" + os.urandom(99))
    assert seen(dump, look) == (False, False)
    assert not is_cut_dump(tmp_path / "none", Dumps(look))
    dump.write_bytes(gzip.compress(b"a tape archive"))
    assert seen(dump, look) == (False, False)
    dump.write_bytes(gzip.compress(BEGIN + END))
    monkeypatch.setattr(dump_ends, "MOST_PACKED", 10)
    assert seen(dump, look) == (False, False)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_the_content_tells_the_kind_and_the_name_alone_does_not(
    tmp_path: Path, look: Look, pack: Callable[[bytes], bytes]
) -> None:
    base = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    dump, dumps = tmp_path / "orders.sql.gz", Dumps(look)

    def kind(content: bytes) -> tuple[str, bool]:
        dump.write_bytes(content)
        return dumps.kind(base, b"orders.sql.gz"), dumps.is_no_dump(dump, known=True)

    try:
        assert kind(pack(BEGIN + ROWS[:9000] + END)) == (KNOWN, False)
        assert kind(pack(b"PGDMP\x01\x0e")) == (KNOWN, False)
        assert kind(pack(b"pg_dump: error: connection to server failed")) == (NAMED, True)
        assert kind(pack(BEGIN + ROWS[:9000]))[0] == CUT
        assert kind(b"\x28\xb5\x2f\xfd" + os.urandom(99)) == (DUMP, False)
        assert not dumps.is_no_dump(dump, known=False)
    finally:
        os.close(base)
    assert dumps.kind(base, b"orders.sql.gz") == DUMP
    assert dumps.unseen == []


def scanned(base: Path, dumps: Dumps) -> Scan:
    (base / "carried").mkdir(exist_ok=True)
    with closing(Scanner(base / "carried", [str(base / "srv")], (), (), dumps=dumps)) as scanner:
        found = scanner.scan(time.time_ns() + 10**12, lambda *_: None)
        scanner.keep(unchanged=False)
    return found


def test_what_nobody_could_look_into_is_looked_into_with_the_next_scan(tmp_path: Path, look: Look) -> None:
    """And what was a dump stays one meanwhile: it is not gone."""
    (tmp_path / "srv").mkdir()
    for name in ("a.sql.gz", "c", "log.gz"):
        content = BEGIN + END if name != "log.gz" else b"GET /"
        (tmp_path / "srv" / name).write_bytes(gzip.compress(content))
    (tmp_path / "srv" / "plain.sql").write_bytes(BEGIN + END)

    def seen(dumps: Dumps) -> tuple[dict[str, bool | None], dict[str, bool]]:
        found = scanned(tmp_path, dumps)
        known = {Path(os.fsdecode(dump.path)).name: dump.known for dump in found.dumps}
        return known, {Path(each.path).name: each.is_dump for each in found.unseen}

    first = {"a.sql.gz": None, "plain.sql": True}
    assert seen(Dumps()) == (first, {"a.sql.gz": True, "c": False, "log.gz": False})
    assert seen(Dumps()) == (first, {"a.sql.gz": True, "c": False, "log.gz": False})
    whole = {"a.sql.gz": True, "c": True, "plain.sql": True}
    assert seen(Dumps(look)) == (whole, {})
    assert seen(Dumps()) == (whole, {}), "they stand still: nobody has to look"
    os.utime(tmp_path / "srv" / "c")
    assert seen(Dumps()) == (whole | {"c": None}, {"c": True})


class Idle:
    """A `Look` that nobody may ask."""

    def begin(self) -> None:
        raise AssertionError("a process was started")

    ask = begin


def test_where_nothing_is_packed_nobody_is_started_to_look(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    for name, content in (("a.sql", BEGIN + END), ("b.sql.zst", b"\x28\xb5\x2f\xfdx"), ("c.sql.xz", b"no")):
        (tmp_path / "srv" / name).write_bytes(content)
    idle = Idle()
    with pytest.raises(AssertionError, match="started"):
        scanned(tmp_path, Dumps(idle))  # type: ignore[arg-type] - its name says that it is packed
    (tmp_path / "srv" / "c.sql.xz").unlink()
    assert len(scanned(tmp_path, Dumps(idle)).dumps) == 2  # type: ignore[arg-type]


def test_what_became_a_fifo_is_neither_waited_for_nor_read(tmp_path: Path) -> None:
    """Between the walk and this; somebody holds it open and says nothing."""
    os.mkfifo(tmp_path / "a.sql")
    base = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    writer = os.open(tmp_path / "a.sql", os.O_RDWR)
    try:
        assert plain_kind(base, b"a.sql") == Dumps().kind(base, b"a.sql") == DUMP
        assert not Dumps().is_cut(base, b"a.sql")
    finally:
        os.close(writer)
        os.close(base)
