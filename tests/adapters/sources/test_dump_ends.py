"""A dump that was cut is told, plain or packed; what cannot be told is not said to be cut."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.adapters.sources import dump_ends
from agent.adapters.sources.dump_ends import dump_kind, is_no_dump, is_shown_whole
from agent.adapters.sources.dump_parts import is_cut_dump
from agent.core.kinds.kinds import CUT, DUMP, KNOWN, NAMED

BEGIN, END = b"--\n-- PostgreSQL database dump\n--\n", b"--\n-- PostgreSQL database dump complete\n--\n\n"
ROWS = b"".join(b"%d\tten pieces\n" % number for number in range(90_000))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_dump_without_its_end_is_cut(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    dump = tmp_path / "orders.sql"
    dump.write_bytes(pack(BEGIN + ROWS + END))
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (False, True)
    dump.write_bytes(pack(BEGIN + ROWS))  # pg_dump was killed, and what packs it ended well
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (True, False)
    dump.write_bytes(pack(b""))
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (True, False)
    dump.write_bytes(pack(BEGIN + ROWS + END)[:-3000])
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (True, False)


def test_what_cannot_be_told_is_neither_said_to_be_cut_nor_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = tmp_path / "orders.sql.zst"
    dump.write_bytes(b"\x28\xb5\x2f\xfd" + os.urandom(99))
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (False, False)
    assert not is_cut_dump(tmp_path / "none")
    dump.write_bytes(gzip.compress(b"a tape archive"))
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (False, False)
    dump.write_bytes(gzip.compress(BEGIN + END))
    monkeypatch.setattr(dump_ends, "MOST_PACKED", 10)
    assert (is_cut_dump(dump), is_shown_whole(dump)) == (False, False)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_the_content_tells_the_kind_and_the_name_alone_does_not(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    base = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    dump = tmp_path / "orders.sql.gz"

    def kind(content: bytes) -> tuple[str, bool]:
        dump.write_bytes(content)
        return dump_kind(base, b"orders.sql.gz"), is_no_dump(dump, known=True)

    try:
        assert kind(pack(BEGIN + ROWS[:9000] + END)) == (KNOWN, False)
        assert kind(pack(b"PGDMP\x01\x0e")) == (KNOWN, False)
        assert kind(pack(b"pg_dump: error: connection to server failed")) == (NAMED, True)
        assert kind(pack(BEGIN + ROWS[:9000]))[0] == CUT
        assert kind(b"\x28\xb5\x2f\xfd" + os.urandom(99)) == (DUMP, False)
        assert not is_no_dump(dump, known=False)
    finally:
        os.close(base)
    assert dump_kind(base, b"orders.sql.gz") == DUMP
