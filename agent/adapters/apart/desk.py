"""The desk at which the ledger's owner serves one drill: it answers, and writes down what a drill may say."""

import os
import pwd
import select
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from agent.adapters.apart.wire import (
    Ask,
    Chosen,
    Done,
    Ended,
    Line,
    Moved,
    Note,
    Record,
    Refused,
    Told,
    WireBroken,
    Wish,
    packed,
    unpacked,
)
from agent.adapters.host.interrupts import held_off
from agent.adapters.host.state import prepare, translated
from agent.adapters.ledger.ledger import SqliteLedger
from agent.core.model.chain import BODIES
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body, Entry, ListingRecord, RepositoryRecord
from agent.core.model.sights import SightRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.plain import printable
from agent.errors import ReadinessError

# what a drill writes: its result, what it saw of the repository, and snapshots that it met there
WRITABLE: tuple[type[Body], ...] = (
    DrillRecord,
    SightRecord,
    RepositoryRecord,
    ListingRecord,
    SnapshotRecord,
)
EPOCH = datetime.fromtimestamp(0, UTC)  # where the clock of a machine without one begins
AHEAD = timedelta(days=1)  # that a drill may be before our clock, which may have been set meanwhile


class Shown(Protocol):
    """Where the person who waits sees how far the drill is."""

    def begin(self, title: str, total_bytes: int | None = None) -> None: ...

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None: ...

    def end(self) -> None: ...


class Desk:
    """Serves the drill of one process from one repository; make it with `open_desk`."""

    def __init__(
        self,
        listener: socket.socket,
        drill: tuple[str, str],
        wish: Wish,
        ledger: SqliteLedger,
        progress: Shown,
        user: int,
    ) -> None:
        """`drill` names process and repository; nobody but `user` is served."""
        self._listener = listener
        self._process, self._repository = drill
        self._wish = wish
        self._ledger = ledger
        self._progress = progress
        self._line: Line[Told] | None = None
        self._user: int | None = user  # None once it was there
        self.chosen: Callable[[], None] = lambda: None
        self.written: list[DrillRecord] = []
        self.unwritten: tuple[DrillRecord, ReadinessError] | None = None  # what could not be, and why
        self.kept = ""
        self.refused: Refused | None = None
        self.broken: WireBroken | None = None

    def attend(self, seconds: float) -> bool:
        """Wait at most so long for the drill to say something, and answer that; whether it said anything."""
        line = self._line
        waiting = select.poll()
        waiting.register(line or self._listener, select.POLLIN)
        if not (line and line.waits) and not waiting.poll(seconds * 1000):
            return False
        try:
            with held_off():  # an answer torn in two would end the drill as well
                self._serve(line)
        except WireBroken as broken:
            self.broken = broken
            self._leave()
        return True

    def hear_out(self) -> None:
        """Take the last words of a drill that has ended."""
        while self._user is not None and self.attend(0):
            continue

    def _serve(self, line: Line[Told] | None) -> None:
        if line is None:
            self._welcome()
        elif told := line.hear():
            self._take(line, told)
        else:
            self._leave()

    def close(self) -> None:
        self._leave()
        self._listener.close()

    def _welcome(self) -> None:
        """The first who comes and is the user that drills; anybody else is sent away."""
        end, _ = self._listener.accept()
        _, user, _ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if user != self._user:
            end.close()
            return
        self._line = Line(end, Told)
        self._line.say(self._wish)

    def _leave(self) -> None:
        """The drill is gone, or no longer listened to."""
        if self._line:
            self._line.close()
            self._line = None
            self._user = None  # it does not come again

    def _take(self, line: Line[Told], told: Told) -> None:
        match told:
            case Moved():
                self._show(told)
                return
            case Ended():
                self.kept = told.kept
                return
            case Refused():
                self.refused = told
                return
        try:
            answer = self._answer(told)
        except WireBroken:
            raise
        except ReadinessError as error:
            line.say(Refused(message=printable(error.message), hint=printable(error.hint), code=error.code))
            return
        for record in answer:
            line.say(record)
        line.say(Done())

    def _answer(self, told: Ask | Note | Chosen) -> list[Record]:
        match told:
            case Chosen():
                self.chosen()
                return []
            case Note():
                return [packed(self._note(told))]
            case Ask():
                return [packed(entry) for entry in self._found(told)]

    def _note(self, told: Note) -> Entry:
        """Append what this drill may say: of its own process, of its own repository."""
        body = unpacked(told.kind, told.body)
        of = getattr(body, "process", self._process), getattr(body, "repository", "")
        if not isinstance(body, WRITABLE) or of != (self._process, self._repository):
            raise WireBroken(f"A drill of {self._process} wants to write a record that is not its own.")
        latest = max(told.at, getattr(body, "started", told.at))
        if told.at < EPOCH or latest > datetime.now(UTC) + AHEAD:
            raise WireBroken(f"A drill of {self._process} wants to write a record of another time than now.")
        try:
            entry = self._ledger.append(body, told.at)
        except ReadinessError as error:
            if isinstance(body, DrillRecord):
                self.unwritten = body, error
            raise
        if isinstance(body, DrillRecord):
            self.written.append(body)
        return entry

    def _found(self, ask: Ask) -> list[Entry]:
        body = BODIES.get(ask.kind)
        if body is None:
            raise WireBroken(f"There is no record of the kind {printable(ask.kind)}.")
        if ask.how == "newest":
            return self._ledger.newest_entries(
                body,
                process=ask.process,
                repository=ask.repository,
                outcome=ask.outcome,
                limit=ask.limit,
            )
        if ask.how == "first":
            first = self._ledger.first(body, process=ask.process)
            return [first] if first else []
        return self._ledger.search(
            body, ask.texts, process=ask.process, repository=ask.repository, after=ask.after
        )

    def _show(self, moved: Moved) -> None:
        match moved.step:
            case "begin":
                self._progress.begin(printable(moved.title), moved.total)
            case "advance":
                self._progress.advance(moved.done, moved.files, moved.total)
            case "end":
                self._progress.end()


@contextmanager
def open_desk(
    state: Path, drill: tuple[str, str], wish: Wish, ledger: SqliteLedger, progress: Shown, user: str
) -> Iterator[Desk]:
    """A desk for the drill of this process from this repository, which `user` makes."""
    prepare(state)
    with translated(state):
        listener = _listen(state / "desks", _name(drill))
    desk = Desk(listener, drill, wish, ledger, progress, pwd.getpwnam(user).pw_uid)
    try:
        yield desk
    finally:
        desk.close()


def connect(state: Path, drill: tuple[str, str]) -> socket.socket:
    """To the desk where somebody waits for this drill; WireBroken where nobody does."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        directory = os.open(state / "desks", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            end.connect(f"/proc/self/fd/{directory}/{_name(drill)}")
        finally:
            os.close(directory)
    except OSError as error:
        end.close()
        raise WireBroken(
            f"Nobody waits for a drill of {drill[0]} from {drill[1]} ({error.strerror}).",
            "systemd starts this by itself; by hand run readiness drill.",
        ) from error
    return end


def _listen(desks: Path, name: str) -> socket.socket:
    """By the directory's descriptor: the path of a socket has an end at 107 bytes, a state has none."""
    desks.mkdir(mode=0o700, exist_ok=True)
    (desks / name).unlink(missing_ok=True)  # of one that was killed: the lock of the drill is ours
    directory = os.open(desks, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(f"/proc/self/fd/{directory}/{name}")
        listener.listen(1)
    finally:
        os.close(directory)
    return listener


def _name(drill: tuple[str, str]) -> str:
    return sha256(":".join(drill).encode()).hexdigest()[:16]
