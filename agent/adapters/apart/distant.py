"""The ledger, the lock and the progress of a drill, as they are reached from the user that drills."""

import os
import select
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from agent.adapters.apart.desk import connect
from agent.adapters.apart.wire import (
    Answered,
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
    unpacked,
)
from agent.core.model.chain import canonical
from agent.core.model.records import KINDS, Body, Entry
from agent.core.text.plain import printable
from agent.errors import ReadinessError, StateError

B = TypeVar("B", bound=Body)
APART = 0.1  # seconds between two words about the progress


class Owner:
    """Whoever waits for this drill at the desk; `wish` says how to drill."""

    def __init__(self, line: Line[Answered]) -> None:
        self._line = line
        first = line.hear()
        if not isinstance(first, Wish):
            raise WireBroken("The desk does not say how to drill.")
        self.wish = first

    def asked(self, told: Told) -> list[Record]:
        """The records of an answer; StateError where it was refused."""
        self._line.say(told)
        records = []
        while not isinstance(heard := self._line.hear(), Done):
            match heard:
                case Record():
                    records.append(heard)
                case Refused():
                    raise StateError(heard.message, heard.hint, heard.code)
                case _:
                    raise WireBroken("The desk has closed before it answered.")
        return records

    def chosen(self) -> None:
        """New snapshots may be taken from now on."""
        self.asked(Chosen())

    def ended(self, kept: str) -> None:
        """The record is written; a kept tree lies there."""
        self._line.say(Ended(kept=kept))

    def refused(self, error: ReadinessError) -> None:
        """Why there is no record."""
        self._line.say(Refused(message=printable(error.message), hint=printable(error.hint), code=error.code))

    def moved(self, moved: Moved) -> None:
        """How far it is: said where it is heard, from whatever thread, and no reason to end."""
        with suppress(WireBroken):
            self._line.say(moved)


class DistantLedger:
    """The port `WorkLedger` over the wire."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def newest(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[B]:
        found = self.newest_entries(
            body, process=process, repository=repository, outcome=outcome, limit=limit
        )
        return [entry.body for entry in found if isinstance(entry.body, body)]

    def newest_entries(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[Entry]:
        ask = Ask(
            how="newest",
            kind=KINDS[body],
            process=process,
            repository=repository,
            outcome=outcome,
            limit=limit,
        )
        return self._entries(ask)

    def first(self, body: type[B], *, process: str = "") -> Entry | None:
        return next(iter(self._entries(Ask(how="first", kind=KINDS[body], process=process))), None)

    def search(
        self,
        body: type[B],
        texts: Sequence[str] = (),
        *,
        process: str = "",
        repository: str = "",
        after: int = 0,
    ) -> list[Entry]:
        ask = Ask(
            how="search",
            kind=KINDS[body],
            process=process,
            repository=repository,
            texts=tuple(texts),
            after=after,
        )
        return self._entries(ask)

    def append(self, body: Body, at: datetime) -> Entry:
        text = canonical(msgspec.to_builtins(body))
        return _entry(self._owner.asked(Note(kind=KINDS[type(body)], body=text, at=at))[0])

    def _entries(self, ask: Ask) -> list[Entry]:
        return [_entry(record) for record in self._owner.asked(ask)]


class DistantProgress:
    """The port `Progress` over the wire; at most ten times a second."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._told = 0.0  # on the monotonic clock

    def begin(self, title: str, total_bytes: int | None = None) -> None:
        self._owner.moved(Moved(step="begin", title=title, total=total_bytes))

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        now = time.monotonic()
        if now - self._told >= APART:
            self._told = now
            self._owner.moved(Moved(step="advance", done=done_bytes, files=files, total=total_bytes))

    def end(self) -> None:
        self._owner.moved(Moved(step="end"))


@contextmanager
def waiting_owner(state: Path, drill: tuple[str, str]) -> Iterator[Owner]:
    """Whoever waits for the drill of this process from this repository, and hears why it is refused."""
    line: Line[Answered] = Line(connect(state, drill), Answered)
    with closing(line), _ended_with(line):
        owner = Owner(line)
        try:
            yield owner
        except ReadinessError as error:
            owner.refused(error)
            raise


def interrupt() -> None:
    """End what we are at, as systemd would."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _ended_with(line: Line[Answered]) -> Iterator[None]:
    """Meanwhile we are interrupted when nobody waits any more: a restore may take hours."""
    done = os.eventfd(0, os.EFD_CLOEXEC)

    def watch() -> None:
        either = select.poll()
        either.register(line, select.POLLRDHUP)
        either.register(done, select.POLLIN)
        if done not in dict(either.poll()):
            interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        os.eventfd_write(done, 1)
        watcher.join()
        os.close(done)


def _entry(record: Record) -> Entry:
    return Entry(
        sequence=record.sequence, at=record.at, body=unpacked(record.kind, record.body), hash=record.hash
    )
