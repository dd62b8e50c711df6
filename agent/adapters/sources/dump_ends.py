"""Whether a dump ends as its kind does: plain ones by their last bytes, packed ones as who looks reads them.

One in several pieces is read as the one file that they make.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from agent.adapters.looking.files import open_below
from agent.adapters.looking.packed import BEGINNINGS, GZIP, HINT, Packed, is_packed
from agent.adapters.looking.session import Look
from agent.adapters.looking.starting import NotLooked
from agent.core.configuration.exclude import os_text
from agent.core.kinds.kinds import CUT, DUMP, HEAD, KNOWN, NAMED, UNSEEN, UNSEEN_HEAD, Unseen
from agent.core.snapshot.dumps import MARKS, TAIL, is_dump, is_known, is_whole, last_line

MOST_CONTENTS = 1 << 28  # bytes of tables of contents, which are read with each snapshot
MOST_PACKED = 1 << 30  # bytes; of larger ones an archive proof reads every byte
_ZSTD = b"\x28\xb5\x2f\xfd"
_LZ4 = b"\x04\x22\x4d\x18"
PACKED_HEADS = (*BEGINNINGS, _ZSTD)
_ENDINGS = (b".gz", b".sql.bz2", b".sql.xz")  # of what is most likely to be unpacked


class Met(Struct, frozen=True):
    """A file that was read, as far as it matters here."""

    path: bytes
    head: bytes
    was_dump: bool  # as the last witness knows


def open_file(base: int, path: bytes) -> BinaryIO:
    """A regular file below the directory descriptor `base`; OSError where it is not there."""
    return os.fdopen(open_below(base, path), "rb")


def is_for_looking(path: bytes) -> bool:
    """Whether a file of this name is most likely one that has to be unpacked."""
    return path.endswith(_ENDINGS)


def plain_kind(base: int, path: bytes) -> str:
    """The flag of a dump below `base` that nobody here can unpack, or need not."""
    try:
        with open_file(base, path) as file:
            head = file.read(HEAD)
            if is_packed(head) or head.startswith(_ZSTD):
                return DUMP
            return _flag(_ends_plainly([file], head), head)
    except OSError:
        return DUMP


def _flag(is_whole: bool | None, head: bytes) -> str:
    """`head`: what it holds begins so; empty where that is not known."""
    if is_whole is False:
        return CUT
    return DUMP if not head else KNOWN if is_known(head) else NAMED


class Dumps:
    """Tells the dumps of one run; what nobody could look into is noted in `unseen`."""

    def __init__(self, look: Look | None = None) -> None:
        """Without who looks, each packed file is one that nobody could look into."""
        self.packed = Packed(look)
        self.unseen: list[Unseen] = []
        self._contents = 0

    def count_contents(self, size: int) -> None:
        """So many bytes of a table of contents are to be read; NotLooked once it is enough."""
        self._contents += size
        if self._contents > MOST_CONTENTS:
            raise NotLooked(
                "tables of contents before it had all of the reading that there is for them", HINT
            )

    def kinds(self, base: int, met: Sequence[Met]) -> list[str]:
        """The flags of packed files below the directory descriptor `base`; "" for what is no dump."""
        named = [is_dump(each.path, b"") for each in met]
        asked = [
            number
            for number, each in enumerate(met)
            if not named[number] and each.head.startswith(GZIP)  # others are known by their names alone
        ]
        heads = self.packed.heads([met[number].head for number in asked], MARKS) if asked else []
        said = dict(zip(asked, heads, strict=True))
        return [self._kind(base, each, said.get(number, b"")) for number, each in enumerate(met)]

    def _kind(self, base: int, met: Met, head: bytes | NotLooked) -> str:
        if isinstance(head, NotLooked):
            self.note(met.path, head, is_dump=met.was_dump)
            return UNSEEN if met.was_dump else UNSEEN_HEAD
        return self.kind(base, met.path) if is_dump(met.path, head) else ""

    def kind(self, base: int, path: bytes) -> str:
        """The flag of a dump below the directory descriptor `base`."""
        try:
            with open_file(base, path) as file:
                return _flag(*self._seen([file], file.read(HEAD)))
        except OSError:
            return DUMP
        except NotLooked as none:
            self.note(path, none)
            return UNSEEN

    def note(self, path: bytes, none: NotLooked, *, is_dump: bool = True) -> None:
        """Nobody could look into it."""
        self.unseen.append(Unseen(f"/{os_text(path)}", none.message, none.hint, is_dump))

    def is_dump(self, path: bytes, head: bytes) -> bool:
        """Whether a file is a dump, by its first bytes; NotLooked."""
        return is_dump(path, b"") or is_known(self._unpacked(head))

    def _unpacked(self, head: bytes) -> bytes:
        if not head.startswith(GZIP):
            return head
        [unpacked] = self.packed.heads([head], MARKS)
        if isinstance(unpacked, NotLooked):
            raise unpacked
        return unpacked

    def is_cut(self, base: int, *pieces: bytes) -> bool:
        """Whether the dump that these files below `base` make is not whole; what is not known is no.

        NotLooked where it is packed, and nobody could look into it.
        """
        with ExitStack() as opened:
            try:
                files = [opened.enter_context(open_file(base, path)) for path in pieces]
                head = files[0].read(HEAD)
            except OSError:
                return False
            return self._seen(files, head)[0] is False

    def is_shown_whole(self, file: Path) -> bool:
        """Whether a dump is of a kind that has an end, and ends so: half of it would not. NotLooked."""
        with file.open("rb") as content:
            return self._seen([content], content.read(HEAD))[0] is True

    def is_no_dump(self, file: Path, known: bool) -> bool:
        """Whether a file does not even begin as a dump; `known`: the name of a packed one is not enough."""
        with file.open("rb") as content:
            head = content.read(HEAD)
            if not self.is_dump(os.fsencode(file), head):
                return True
            if is_packed(head):
                head = self.packed.content([content.fileno()], first=HEAD).head
        return known and not head.startswith(_ZSTD) and _flag(None, head) == NAMED

    def begins_with(self, base: int, path: bytes, size: int, sha256: bytes) -> bool | None:
        """Whether what is packed in a file begins with `size` bytes of this digest; None: nobody can tell."""
        try:
            with open_file(base, path) as file:
                head = file.read(HEAD)
                if not is_packed(head) or size > MOST_PACKED:
                    return None if head.startswith((_ZSTD, _LZ4)) or is_packed(head) else False
                content = self.packed.content([file.fileno()], first=size)
        except OSError:
            return False
        except NotLooked:
            return None
        return not content.is_damaged and content.sha256.encode() == sha256

    def _seen(self, files: Sequence[BinaryIO], head: bytes) -> tuple[bool | None, bytes]:
        """Whether it ends well, None where its end says nothing; and how what it holds begins, if known."""
        if head.startswith(_ZSTD):
            return None, b""
        if not is_packed(head):
            return _ends_plainly(files, head), head
        handles = [file.fileno() for file in files]
        if sum(os.fstat(handle).st_size for handle in handles) > MOST_PACKED:
            return None, self.packed.content(handles[:1], first=HEAD).head
        content = self.packed.content(handles)
        if content.is_damaged:
            return False, b""
        return _shown(content.head, content.tail), content.head


def _ends_plainly(files: Sequence[BinaryIO], head: bytes) -> bool | None:
    tail = b""
    for file in reversed(files):
        length = os.fstat(file.fileno()).st_size
        wanted = min(length, TAIL - len(tail))
        file.seek(length - wanted)
        tail = file.read(wanted) + tail
    return _shown(head, tail)


def _shown(head: bytes, tail: bytes) -> bool | None:
    """None where its end says nothing."""
    if not is_whole(head, tail):
        return False
    return True if last_line(head) else None
