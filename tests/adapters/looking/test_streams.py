"""What is packed is told by its ends, in pieces or whole; of many beginnings those with a word in them."""

import bz2
import gzip
import hashlib
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.adapters.looking.archives import TAIL
from agent.adapters.looking.streams import HEAD, MOST_OF_A_HEAD, answer

CONTENT = b"head" + os.urandom(90_000) + b"tail"
PACKS = [gzip.compress, bz2.compress, lzma.compress]


def asked(place: Path, *pieces: bytes, first: int = 0, **wishes: float) -> dict[str, object]:
    handles = []
    for number, piece in enumerate(pieces):
        (place / str(number)).write_bytes(piece)
        handles.append(os.open(place / str(number), os.O_RDONLY))
        os.lseek(handles[-1], 3, os.SEEK_SET)  # wherever others read it
    try:
        return answer({"packed": True, "bytes": 1 << 20, "seconds": 60, "first": first, **wishes}, handles)
    finally:
        for handle in handles:
            os.close(handle)


@pytest.mark.parametrize("pack", PACKS)
def test_pieces_are_one_file_and_its_ends_are_told(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(CONTENT)
    ends = {"head": CONTENT[:HEAD].decode("latin-1"), "tail": CONTENT[-TAIL:].decode("latin-1")}
    assert asked(tmp_path, packed[:999], packed[999:1000], b"", packed[1000:]) == ends
    assert asked(tmp_path, packed[:-9])["ends_early"]
    damaged = asked(tmp_path, packed[:1000] + b"damaged" + packed[1007:])
    assert damaged["error"] and "ends_early" not in damaged
    assert asked(tmp_path, pack(b"")) == {"head": "", "tail": ""}


def test_of_the_first_bytes_the_sum_is_told_and_the_rest_is_not_read(tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT)
    for first in (5, 70_000):
        seen = asked(tmp_path, packed[:-5000], first=first)
        assert seen["value"] == hashlib.sha256(CONTENT[:first]).hexdigest()
    assert asked(tmp_path, packed, first=99_999)["value"] == hashlib.sha256(CONTENT).hexdigest()


def test_too_much_is_told_from_damage(tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT)
    assert asked(tmp_path, packed, bytes=1000) == {"unread": "bytes"}
    assert asked(tmp_path, packed, seconds=-1) == {"unread": "seconds"}
    assert asked(tmp_path, b"plain")["error"] == "it is packed in no way that is known"
    with pytest.raises(MemoryError):
        wants = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
        asked(tmp_path, lzma.compress(b"x", filters=wants))


def test_of_many_beginnings_those_with_a_word_are_told(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(MOST_OF_A_HEAD) + b"a word" + bytes(1 << 24))
    heads = [gzip.compress(b"a word \xff"), gzip.compress(b"a sentence"), b"a word", b"\x1f\x8bdamage", bomb]
    heads = [head[:HEAD] for head in heads]
    (tmp_path / "heads").write_bytes(b"".join(heads))
    handle = os.open(tmp_path / "heads", os.O_RDONLY)
    try:
        told = answer({"heads": [len(head) for head in heads], "words": ["word", "\xfe"]}, [handle])
    finally:
        os.close(handle)
    assert told == {"heads": {"0": "a word \xff"}}
