"""A dump that was cut is told, plain or packed; what cannot be told is not said to be cut."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.adapters.sources import dump_ends
from agent.adapters.sources.dump_parts import is_cut_dump

BEGIN, END = b"--\n-- PostgreSQL database dump\n--\n", b"--\n-- PostgreSQL database dump complete\n--\n\n"
ROWS = b"".join(b"%d\tten pieces\n" % number for number in range(300_000))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_dump_without_its_end_is_cut(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    dump = tmp_path / "orders.sql"
    dump.write_bytes(pack(BEGIN + ROWS + END))
    assert not is_cut_dump(dump)
    dump.write_bytes(pack(BEGIN + ROWS))  # pg_dump was killed, and what packs it ended well
    assert is_cut_dump(dump)
    dump.write_bytes(pack(b""))
    assert is_cut_dump(dump)
    dump.write_bytes(pack(BEGIN + ROWS + END)[:-3000])
    assert is_cut_dump(dump)


def test_what_cannot_be_told_is_not_said_to_be_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = tmp_path / "orders.sql.zst"
    dump.write_bytes(b"\x28\xb5\x2f\xfd" + os.urandom(99))
    assert not is_cut_dump(dump)
    assert not is_cut_dump(tmp_path / "none")
    dump.write_bytes(gzip.compress(BEGIN))
    monkeypatch.setattr(dump_ends, "MOST_PACKED", 10)
    assert not is_cut_dump(dump)
