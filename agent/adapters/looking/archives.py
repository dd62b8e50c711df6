"""Reads archives to their end, extracting nothing, in the process that looks."""

import encodings.cp437  # noqa: F401 - names in zips need it, and later there is nothing to load it from
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from typing import IO, Any

from agent.adapters.looking.unpacking import CHUNK, Budget, Plain, TooMuch, Unpacked, decompressor

BLOCK = 512  # of a tar archive
TAIL = 4096  # bytes of the end that are told
MOST_ENDS = 1 << 20  # characters of the ends of dumps in one archive
ENDS_DUMPS = b" dump"  # in the first bytes of each that has an end of its own
COMMENT = b"-- "  # begins the lines by which such dumps begin and end
HOLLOW = "it holds no file with content"
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    struct.error,
)


def answer(question: dict[str, Any], handles: list[int]) -> dict[str, Any]:
    """Everything in it is read and compared with its checksums. Its kind is told by its content."""
    budget = Budget(question["bytes"], question["seconds"])
    try:
        with os.fdopen(os.dup(handles[0]), "rb") as file:
            ends = _read(file, budget)
    except TooMuch as much:
        return {"unread": str(much)}
    except (NotImplementedError, RuntimeError) as error:  # an odd method, encrypted
        return {"unread": "kind", "error": str(error)[:500]}
    except DAMAGE as error:
        return {"error": str(error)[:500] or "it ends too early"}
    return {"size": budget.most_bytes - budget.left, **ends}


def _read(file: IO[bytes], budget: Budget) -> dict[str, Any]:
    """How the only file in it begins and ends; of an archive of several, what may be dumps."""
    head = file.read(BLOCK)
    file.seek(0)
    if not head:
        raise EOFError("it is empty")
    maker = decompressor(head)
    if maker:
        return _read_stream(Unpacked(file, maker, budget), budget)
    if head[257:262] == b"ustar":
        return _read_tar(Unpacked(file, Plain, budget), budget)
    if head[:2] == b"PK" or zipfile.is_zipfile(file):
        file.seek(0)
        return _read_zip(file, budget)
    raise ValueError("it is no zip, tar, gzip, bzip2 or xz archive")


def _read_stream(unpacked: Unpacked, budget: Budget) -> dict[str, Any]:
    """A compressed file, and the tar archive in it when there is one."""
    head = unpacked.read(BLOCK)
    unpacked.give_back(head)
    if head[257:262] == b"ustar":
        return _read_tar(unpacked, budget)
    tail, holds = b"", False
    while chunk := unpacked.read(CHUNK):
        tail = (tail + chunk)[-TAIL:]
        holds = holds or chunk.count(0) < len(chunk)
    if not holds:  # a tar archive without a member consists of zeros as well
        raise ValueError(HOLLOW)
    return {"head": head.decode("latin-1"), "tail": tail.decode("latin-1")}


class _StrictEntry(tarfile.TarInfo):
    """tarfile takes a damaged or missing header for the end of the archive; here only the end mark is."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> "_StrictEntry":
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            if type(error).__name__ == "EOFHeaderError":
                raise
            raise tarfile.ReadError(f"an entry's header is damaged or missing: {error}") from error


class _Members:
    """What an archive of several holds: whether anything, and how the dumps in it begin and end."""

    def __init__(self) -> None:
        self._holds = False
        self._dumps: list[tuple[str, str, str]] = []
        self._left = MOST_ENDS
        self._more = 0

    def read(self, name: str, content: IO[bytes], budget: Budget | None = None) -> None:
        """One of them, to its end."""
        head = tail = b""
        while chunk := content.read(CHUNK):
            if budget:
                budget.spend(len(chunk))
            head = head or chunk[:BLOCK]
            tail = (tail + chunk)[-TAIL:]
        self._holds = self._holds or head != b""
        if ENDS_DUMPS in head:
            self._note((name[:BLOCK], _comments(head), _comments(tail)))

    def _note(self, dump: tuple[str, str, str]) -> None:
        self._left -= sum(map(len, dump))
        if self._left < 0:
            self._more += 1
        else:
            self._dumps.append(dump)

    def told(self) -> dict[str, Any]:
        if not self._holds:
            raise ValueError(HOLLOW)
        return {"dumps": self._dumps, "more": self._more}


def _comments(end: bytes) -> str:
    return b"\n".join(line for line in end.splitlines() if line.startswith(COMMENT)).decode("latin-1")


def _read_tar(unpacked: Unpacked, budget: Budget) -> dict[str, Any]:
    members = _Members()
    with tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_StrictEntry) as tar:
        while member := tar.next():
            if member.isreg() and (content := tar.extractfile(member)):
                # what is read has its price already; the holes of a sparse one are in no archive
                members.read(member.name, content, budget if member.issparse() else None)
            tar.members = []  # type: ignore[attr-defined]  # a million entries must not fill the memory
    while unpacked.read(CHUNK):
        continue
    return members.told()


def _read_zip(file: IO[bytes], budget: Budget) -> dict[str, Any]:
    members = _Members()
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as content:
                members.read(entry.filename, content, budget)
    return members.told()
