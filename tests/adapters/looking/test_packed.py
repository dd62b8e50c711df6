"""Packed files are unpacked elsewhere: what takes too much is given up, in time, and others are looked at."""

import bz2
import contextlib
import gzip
import lzma
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from agent.adapters.looking import packed
from agent.adapters.looking.packed import LEAST_LOST, MOST_LOST, Packed
from agent.adapters.looking.session import MOST_HANDLES, Answer, Look, TookTooLong
from agent.adapters.looking.starting import NotLooked

GOOD = gzip.compress(b"good")


@contextlib.contextmanager
def opened(place: Path, *contents: bytes) -> Iterator[list[int]]:
    handles = []
    for number, content in enumerate(contents):
        (place / str(number)).write_bytes(content)
        handles.append(os.open(place / str(number), os.O_RDONLY))
    try:
        yield handles
    finally:
        for handle in handles:
            os.close(handle)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "LEAST_SECONDS", 0.3)
    monkeypatch.setattr(packed, "BYTES_A_SECOND", 1 << 40)
    monkeypatch.setattr(packed, "LATE", 0.3)


def test_a_terabyte_and_a_gigabyte_of_memory_are_given_up_and_others_are_read(
    tmp_path: Path, look: Look, impatient: None
) -> None:
    terabyte = bz2.compress(bytes(64 << 20)) * (1 << 14)  # of zeros, in little more than a megabyte
    wants = lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    looks = Packed(look)
    with opened(tmp_path, terabyte, wants, GOOD, b"\x1f\x8bno") as handles:
        begun = time.monotonic()
        with pytest.raises(NotLooked, match="not unpacked to its end within"):
            looks.content(handles[:1])
        with pytest.raises(NotLooked, match="more memory"):
            looks.content(handles[1:2])
        assert looks.content(handles[2:3]).head == b"good"
        assert looks.content(handles[3:]).is_damaged
        assert looks.content(handles[:1], first=10).head == bytes(10)
        assert time.monotonic() - begun < 10


def test_one_that_does_not_look_at_its_clock_is_ended_and_another_goes_on(
    tmp_path: Path, look: Look, impatient: None
) -> None:
    looks = Packed(look)
    with opened(tmp_path, GOOD) as handles:
        assert looks.content(handles).tail == b"good"
        os.kill(look._looker._program.pid, signal.SIGSTOP)
        with pytest.raises(NotLooked, match="longer than"):
            looks.content(handles)
        assert looks.content(handles).tail == b"good"


def test_hundreds_of_pieces_are_one_file(tmp_path: Path, look: Look) -> None:
    content = os.urandom(5000)
    whole = gzip.compress(content)
    step = len(whole) // (MOST_HANDLES + 50)
    pieces = [whole[here : here + step] for here in range(0, len(whole), step)]
    assert len(pieces) > MOST_HANDLES
    with opened(tmp_path, *pieces) as handles:
        assert Packed(look).content(handles).tail == content[-4096:]


class Looking:
    """A `Look` that is late, or worse, with some."""

    def __init__(self, look: Look | None, error: NotLooked, bad: bytes = b"") -> None:
        self.asked = 0
        self._look, self._error, self._bad = look, error, bad

    def ask(self, question: Mapping[str, object], seconds: float, handles: Sequence[int]) -> Answer:
        self.asked += 1
        if self._bad in os.pread(handles[0], 1 << 20, 0):
            raise self._error
        assert self._look
        return self._look.ask(question, seconds, handles)


def test_a_beginning_that_takes_for_ever_costs_no_other(look: Look) -> None:
    late = Looking(look, TookTooLong("it takes longer"), bad := gzip.compress(b"a word that lasts"))
    heads = [gzip.compress(b"word %d" % number) for number in range(20)]
    seen = Packed(late).heads([*heads, bad, *heads], [b"word"])  # type: ignore[arg-type]
    words = [b"word %d" % number for number in range(20)]
    assert (seen[:20], seen[21:]) == (words, words)
    assert isinstance(seen[20], NotLooked)


def test_files_that_cost_too_much_are_the_last_that_are_looked_at(tmp_path: Path) -> None:
    late = Looking(None, TookTooLong("it takes longer"))
    looks = Packed(late)  # type: ignore[arg-type]
    with opened(tmp_path, GOOD) as handles:
        for _ in range(30):
            with pytest.raises(NotLooked) as told:
                looks.content(handles)
    assert late.asked == MOST_LOST / LEAST_LOST
    assert "others have taken all of the time" in told.value.message


def test_where_nobody_is_to_be_had_that_is_asked_once(tmp_path: Path) -> None:
    nobody = Looking(None, NotLooked("there is nobody", "Run: this"))
    looks = Packed(nobody)  # type: ignore[arg-type]
    assert [head.hint for head in looks.heads([GOOD] * 3, [b"good"])] == ["Run: this"] * 3
    with opened(tmp_path, GOOD) as handles, pytest.raises(NotLooked, match="nobody"):
        looks.content(handles)
    assert nobody.asked == 1
    with opened(tmp_path, GOOD) as handles, pytest.raises(NotLooked, match="nobody to look"):
        Packed(None).content(handles)
