"""Unpacks what is packed, in the process that looks: tells how it begins and how it ends."""

import hashlib
import os
from typing import Any

from agent.adapters.looking.archives import DAMAGE, TAIL
from agent.adapters.looking.unpacking import CHUNK, Budget, TooMuch, Unpacked, decompressor

HEAD = 512  # unpacked bytes of the beginning that are told
MOST_OF_A_HEAD = 4096  # unpacked bytes of which a word is looked for


def answer(question: dict[str, Any], handles: list[int]) -> dict[str, Any]:
    """What is asked of many beginnings, in the first descriptor, or of one file, in pieces or whole."""
    if "heads" in question:
        return {"heads": _heads(handles[0], question["heads"], question["words"])}
    budget = Budget(question["bytes"], question["seconds"])
    try:
        return _ends(handles, budget, question["first"])
    except TooMuch as much:
        return {"unread": str(much)}
    except EOFError:
        return {"error": "it ends too early", "ends_early": True}
    except DAMAGE as error:
        return {"error": str(error)[:500] or "it is damaged"}


def _heads(handle: int, lengths: list[int], words: list[str]) -> dict[str, str]:
    """The beginnings, by their numbers, in which there is any of the words once they are unpacked."""
    content, found, here = os.pread(handle, sum(lengths), 0), {}, 0
    wanted = [word.encode("latin-1") for word in words]
    for number, length in enumerate(lengths):
        head = _head(content[here : here + length])
        here += length
        if any(word in head for word in wanted):
            found[str(number)] = head.decode("latin-1")
    return found


def _head(packed: bytes) -> bytes:
    make = decompressor(packed)
    try:
        return make().decompress(packed, MOST_OF_A_HEAD) if make else b""
    except DAMAGE:
        return b""


class _Joined:
    """Several files as one, wherever others who have them open read."""

    def __init__(self, handles: list[int]) -> None:
        self._handles = handles
        self._here = 0

    def read(self, count: int) -> bytes:
        """At most so many bytes; none at the end of the last."""
        while self._handles:
            if content := os.pread(self._handles[0], count, self._here):
                self._here += len(content)
                return content
            self._handles, self._here = self._handles[1:], 0
        return b""


def _ends(handles: list[int], budget: Budget, first: int) -> dict[str, Any]:
    """Of all that is in it, or of the `first` bytes alone, unless that is 0."""
    make = decompressor(os.pread(handles[0], HEAD, 0))
    if make is None:
        raise ValueError("it is packed in no way that is known")
    unpacked = Unpacked(_Joined(handles), make, budget)
    digest, head, tail, left = hashlib.sha256(), b"", b"", first
    while chunk := unpacked.read(min(CHUNK, left) if first else CHUNK):
        head = head or chunk[:HEAD]
        tail = (tail + chunk)[-TAIL:]
        if first:
            digest.update(chunk)
            left -= len(chunk)
            if not left:
                break
    told = {"head": head.decode("latin-1"), "tail": tail.decode("latin-1")}
    return told | ({"value": digest.hexdigest()} if first else {})
