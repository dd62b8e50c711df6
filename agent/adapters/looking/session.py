"""Has files of others looked into, by one process a run: questions go out with a deadline, answers come back.

Whatever the file does to that process, we wait no longer than the deadline, hold nothing of it in memory, and
ask another process the next question.
"""

import errno
import json
import os
import select
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from agent.adapters.looking.files import RESERVE, copy_bytes, require_room
from agent.adapters.looking.starting import Looker, NotLooked, peer_of, start

START_SECONDS = 60.0  # on a machine with other things to do
TICK = 100  # milliseconds between two looks at the clock
LONGEST_ANSWER = 16 << 20
MOST_ENDED = 20  # processes that files of one run may cost us
COPY_SECONDS = 600.0
MOST_HANDLES = 250  # that go with one part of a question
# what files can hold; more than that nobody downstream could reckon with
Number = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_READABLE, _WRITABLE = stat.S_IROTH, stat.S_IROTH | stat.S_IWOTH


class Answer(Struct, frozen=True):
    """What was seen, as the process said it: foreign words."""

    faults: tuple[str, ...] = ()
    orphans: tuple[tuple[Number | None, str, str], ...] = ()
    rows: dict[str, Count] | None = None
    value: str | Number | float | None = None
    size: Count = 0  # of all that an archive holds
    head: str = ""  # of the one file in it, its bytes as characters
    tail: str = ""
    # in an archive of several: the name of each, and the comments at its beginning and its end
    dumps: tuple[tuple[str, str, str], ...] = ()
    more: Count = 0  # dumps in it, of which no more is told
    heads: dict[str, str] = {}  # of those of many files that hold what was looked for, by their numbers
    unread: str = ""  # what an archive, or a packed file, has too much of
    error: str = ""
    ends_early: bool = False
    code: int = 0  # of SQLite
    is_foreign: bool = False  # the error: it needs what only its application brings along
    untested: tuple[str, ...] = ()  # tables that need that


class TookTooLong(NotLooked):
    """It was ended at the deadline."""

    is_late = True


class Look:
    """Looks into files, in a room below `place`, which is ours alone and removed with all that lies there."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._room = place / "room"
        self._looker: Looker | None = None
        self._walled = False
        self._ended = 0
        shutil.rmtree(place, ignore_errors=True)  # of one that was killed

    def begin(self) -> None:
        """Start the process, without waiting for it: the first question is answered sooner."""
        with suppress(NotLooked, OSError):
            self._started()

    def close(self) -> None:
        """End it and leave nothing."""
        if self._looker:
            self._looker.end()
            self._looker = None
        shutil.rmtree(self.place, ignore_errors=True)

    def ask(self, question: Mapping[str, object], seconds: float, handles: Sequence[int] = ()) -> Answer:
        """The answer. NotLooked when there is none; TookTooLong when there was none within `seconds`."""
        if self._ended >= MOST_ENDED:
            raise NotLooked(f"{MOST_ENDED} processes that looked into other files were ended already")
        try:
            looker = self._started()
            if not self._walled:
                _, peer = _exchange(looker.line, None, (), START_SECONDS, self._room)
                looker.require_walls(peer)
                self._walled = True
            said, _ = _exchange(looker.line, question, handles, seconds, self._room)
            return msgspec.convert(said, Answer)
        except (EOFError, OSError):
            how = self._looker.how_it_ended() if self._looker else "it did not start"
            self._drop()
            raise NotLooked(f"the process that looked into it is gone: {how}") from None
        except ValueError:
            self._drop()
            raise NotLooked("the process that looked into it gave no sensible answer") from None
        except BaseException:
            self._drop()
            raise

    def private(self) -> Path:
        """The directory beside the room that only we can reach."""
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.place

    @contextmanager
    def lent(
        self,
        files: Mapping[str, int],
        *,
        ours: bool,
        writable: bool = False,
        seconds: float = COPY_SECONDS,
    ) -> Iterator[None]:
        """Meanwhile these files are in the room, each under its name; then nothing is.

        What is `ours` is there itself, to be read or, where that is wanted, to be changed; where it lies on
        another disk, and what is others', is there as a copy. OSError where that has no room, OutOfTime where
        it takes longer than `seconds`.
        """
        until = time.monotonic() + seconds
        room = os.open(self._made_room(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        modes: dict[int, int] = {}
        try:
            for name, handle in files.items():
                mode = stat.S_IMODE(os.fstat(handle).st_mode)
                if ours and _shared(handle, mode | (_WRITABLE if writable else _READABLE), room, name):
                    modes[handle] = mode
                elif writable:  # a copy would be changed, and not what is ours
                    raise OSError(errno.EOPNOTSUPP, f"{self.place} has to lie where files may have two names")
                else:
                    _copied(handle, room, name, until)
            yield
        finally:
            for handle, mode in modes.items():
                os.fchmod(handle, mode)
            _cleared(room)
            os.close(room)

    def _made_room(self) -> Path:
        self.private()
        self._room.mkdir(exist_ok=True)
        self._room.chmod(0o777)  # others get no further than to what is ours alone
        return self._room

    def _started(self) -> Looker:
        if self._looker is None:
            room = os.open(self._made_room(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                self._looker, wishes = start()
                self._walled = False
                disk = os.fstatvfs(room)
                _tell(
                    self._looker.line,
                    {**wishes, "bytes": disk.f_bavail * disk.f_frsize},
                    [room, self._looker.held],
                )
            finally:
                os.close(room)
        return self._looker

    def _drop(self) -> None:
        self._ended += 1
        looker, self._looker = self._looker, None
        if looker:
            looker.end()
        shutil.rmtree(self._room, ignore_errors=True)


def _exchange(
    line: socket.socket,
    question: Mapping[str, object] | None,
    handles: Sequence[int],
    seconds: float,
    room: Path,
) -> tuple[object, int | None]:
    """What is said next, and by which user. EOFError when nobody is there any more."""
    until, free = time.monotonic() + seconds, _free(room)
    if question is not None:
        _tell(line, question, handles)
    heard, peer = bytearray(), None
    watch = select.poll()
    watch.register(line, select.POLLIN)
    while not heard.endswith(b"\n"):
        if time.monotonic() > until:
            raise TookTooLong(f"it takes longer than {seconds:.0f} s to look into it")
        if _free(room) < min(RESERVE, free // 8):  # no limit of the kernel's is on all its files together
            raise NotLooked("the process that looks into it fills the disk")
        if not watch.poll(TICK):
            continue
        part, ancillary, _, _ = line.recvmsg(1 << 16, 1 << 10)
        _close_any(ancillary)
        peer = peer_of(ancillary) if peer is None else peer
        if not part:
            raise EOFError
        heard += part
        if len(heard) > LONGEST_ANSWER:
            raise ValueError
    try:
        return json.loads(heard), peer
    except RecursionError:
        raise ValueError from None


def _free(room: Path) -> int:
    disk = os.statvfs(room)
    return disk.f_bavail * disk.f_frsize


def _tell(line: socket.socket, question: Mapping[str, object], handles: Sequence[int]) -> None:
    said = json.dumps(question).encode() + b"\n"
    while len(handles) > MOST_HANDLES:
        socket.send_fds(line, [b" "], handles[:MOST_HANDLES])
        handles = handles[MOST_HANDLES:]
    sent = socket.send_fds(line, [said], handles)
    if rest := said[sent:]:
        line.sendall(rest)


def _close_any(ancillary: Sequence[tuple[int, int, bytes]]) -> None:
    """Descriptors that were sent to us, which nobody asked for."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            for start_at in range(0, len(data) - 3, 4):
                os.close(int.from_bytes(data[start_at : start_at + 4], sys.byteorder))


def _shared(handle: int, mode: int, room: int, name: str) -> bool:
    """Whether the file itself could be put into the room."""
    try:
        os.link(f"/proc/self/fd/{handle}", name, dst_dir_fd=room, follow_symlinks=True)
    except OSError:
        return False
    try:
        os.fchmod(handle, mode)
    except OSError:
        os.unlink(name, dir_fd=room)
        return False
    return True


def _copied(handle: int, room: int, name: str, until: float) -> None:
    require_room(room, os.fstat(handle).st_size)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    target = os.open(name, flags, 0o600, dir_fd=room)
    try:
        copy_bytes(handle, target, until)
        os.fchmod(target, 0o604)
    finally:
        os.close(target)


def _cleared(room: int) -> None:
    """Nothing may be in the way of the next file, whatever was made of the room."""
    for name in os.listdir(room):
        try:
            os.unlink(name, dir_fd=room)
        except OSError:
            shutil.rmtree(name, ignore_errors=True, dir_fd=room)
