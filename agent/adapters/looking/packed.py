"""Has packed files of others unpacked by the process that looks: beginnings many at a time, files one by one.

What takes too much is given up, by the clock here as well as by the one there, and so are all others once
such files have cost a run too much.
"""

import os
import time
from collections.abc import Mapping, Sequence

from msgspec import Struct

from agent.adapters.looking.session import Answer, Look
from agent.adapters.looking.starting import NotLooked
from agent.core.text.plain import duration, size

GZIP = b"\x1f\x8b"
BEGINNINGS = (GZIP, b"BZh", b"\xfd7zXZ\x00")
MOST_BYTES = 1 << 40  # unpacked
LEAST_SECONDS, LONGEST = 120.0, 600.0
BYTES_A_SECOND = 1 << 18  # packed ones, that a slow machine unpacks beside its work
LATE = 20.0  # seconds more, for one that does not look at its clock
HEADS_SECONDS = 20.0
MOST_LOST = 600.0  # seconds that files may take of one run and come to nothing
LEAST_LOST = 60.0  # what each process counts that was ended
NO_MEMORY = 7
HINT = "Find out what it holds, and who may write there; if nobody needs it, delete it or exclude it."


class Content(Struct, frozen=True):
    """How what is in a file begins and ends; foreign words."""

    head: bytes = b""
    tail: bytes = b""
    sha256: str = ""  # of as many of its first bytes as were asked for
    is_damaged: bool = False
    ends_early: bool = False  # likewise damaged


def is_packed(head: bytes) -> bool:
    """Whether a file that begins like this can be unpacked."""
    return head.startswith(BEGINNINGS)


class Packed:
    """Asks `look`, which may be told to begin before; without one nobody looks."""

    def __init__(self, look: Look | None) -> None:
        self._look = look
        self._lost = 0.0
        self._begun = False
        self._nobody: NotLooked | None = None

    def begin(self) -> None:
        """Something to unpack is coming: start who does it, without waiting."""
        if self._look and not self._begun:
            self._begun = True
            self._look.begin()

    def heads(self, packed: Sequence[bytes], words: Sequence[bytes]) -> list[bytes | NotLooked]:
        """The beginnings as they are unpacked, empty where there is none of the words in it."""
        try:
            return list(self._heads(packed, words))
        except NotLooked as none:
            if len(packed) == 1 or self._nobody:
                return [none] * len(packed)
        return [head for one in packed for head in self.heads([one], words)]

    def _heads(self, packed: Sequence[bytes], words: Sequence[bytes]) -> list[bytes]:
        question = {
            "heads": [len(head) for head in packed],
            "words": [word.decode("latin-1") for word in words],
        }
        handle = os.memfd_create("heads", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(b"".join(packed))
            told = self._asked(question, HEADS_SECONDS, [handle]).heads
        finally:
            os.close(handle)
        return [_bytes(told.get(str(number), "")) for number in range(len(packed))]

    def content(self, handles: Sequence[int], first: int = 0) -> Content:
        """What the files hold that make one; only the `first` unpacked bytes are read, unless that is 0.

        NotLooked where that takes too much, or nobody looks.
        """
        length = sum(os.fstat(handle).st_size for handle in handles)
        seconds = min(LONGEST, LEAST_SECONDS + length / BYTES_A_SECOND)
        question = {"packed": True, "bytes": MOST_BYTES, "seconds": seconds, "first": first}
        begun = time.monotonic()
        answer = self._asked(question, seconds + LATE, handles)
        limits = {
            "bytes": f"it unpacks to more than {size(MOST_BYTES)}",
            "seconds": f"it was not unpacked to its end within {duration(seconds)}",
        }
        if answer.unread or answer.code == NO_MEMORY:
            self._lost += time.monotonic() - begun
            raise NotLooked(limits.get(answer.unread, "it takes more memory than anything may"), HINT)
        return Content(
            head=_bytes(answer.head),
            tail=_bytes(answer.tail),
            sha256=str(answer.value or ""),
            is_damaged=bool(answer.error),
            ends_early=answer.ends_early,
        )

    def _asked(self, question: Mapping[str, object], seconds: float, handles: Sequence[int]) -> Answer:
        if self._look is None or self._nobody:
            raise self._nobody or NotLooked("there is nobody to look into it")
        if self._lost >= MOST_LOST:
            raise NotLooked("others have taken all of the time that there is for that", HINT)
        begun = time.monotonic()
        try:
            return self._look.ask(question, seconds, handles)
        except NotLooked as none:
            if none.hint:  # there is no such process at all
                self._nobody = none
                raise
            self._lost += max(time.monotonic() - begun, LEAST_LOST)
            raise NotLooked(none.message, HINT) from None


def _bytes(characters: str) -> bytes:
    return characters.encode("latin-1", "replace")
