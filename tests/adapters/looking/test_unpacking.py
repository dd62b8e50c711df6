"""What is compressed is unpacked in pieces, one stream after the other, within its budget."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import pytest

from agent.adapters.looking import unpacking
from agent.adapters.looking.unpacking import Budget, Plain, TooMuch, Unpacked, decompressor

CONTENT = bytes(range(256)) * 5000
PACKS = [gzip.compress, bz2.compress, lzma.compress]


def unpacked(packed: bytes, most: int = 1 << 30) -> Unpacked:
    make = decompressor(packed[:512])
    assert make
    return Unpacked(io.BytesIO(packed), make, Budget(most, 60))


@pytest.mark.parametrize("pack", PACKS)
def test_streams_behind_one_another_are_one_file(pack: Callable[[bytes], bytes]) -> None:
    file = unpacked(pack(CONTENT) + pack(b"more"))
    assert file.read(10) == CONTENT[:10]
    file.give_back(CONTENT[:10])
    assert file.read(len(CONTENT) + 100) == CONTENT + b"more"
    assert file.read(1) == b""


@pytest.mark.parametrize("pack", PACKS)
def test_an_end_that_is_missing_and_a_budget_that_is_used_up_are_told(pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(EOFError):
        unpacked(pack(CONTENT)[:-1]).read(len(CONTENT) + 1)
    with pytest.raises(TooMuch, match="bytes"):
        unpacked(pack(CONTENT), 1000).read(len(CONTENT))


def test_what_is_not_compressed_is_read_as_it_is() -> None:
    assert decompressor(CONTENT[:512]) is None
    assert Unpacked(io.BytesIO(CONTENT), Plain, Budget(1 << 30, 60)).read(len(CONTENT)) == CONTENT


def test_an_xz_file_that_wants_more_memory_than_it_may_have_is_not_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unpacking, "XZ_MEMORY", 1 << 20)
    packed = lzma.compress(b"content")
    make = decompressor(packed)
    assert make
    with pytest.raises(MemoryError):
        Unpacked(io.BytesIO(packed), make, Budget(1 << 30, 60)).read(10)
