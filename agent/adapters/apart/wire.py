"""What a drill and the desk of the ledger's owner say to each other: one JSON object a line.

Bodies of records travel as the canonical JSON in which the ledger keeps them, so that names which are no
text survive. Neither side believes the other more than it has to: lines are bounded, and so is every wait.
"""

import json
import select
import socket
import threading
import time
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from agent.core.model.chain import BODIES, canonical
from agent.core.model.records import KINDS, Body, Entry
from agent.errors import ReadinessError

LONGEST = 64 << 20  # bytes of a line: a record may name 10,000 files three times
PATIENCE = 60.0  # seconds for the other side to read or write a line that was begun
MOST, LONGEST_SECONDS = 1 << 64, 1e10  # of what is counted in a record, and of any fraction
YEARS = range(2, 9999)  # in every time zone

Moment = Annotated[datetime, Meta(tz=True)]


class WireBroken(ReadinessError):
    """The other side is gone, or says what nobody understands."""

    code = "not-tested"


class Wish(Struct, frozen=True, kw_only=True, tag="wish"):
    """The first line, from the desk: how to drill; the fields are those of `DrillTask`."""

    select: str = "latest"
    share: float = 1.0
    keep: bool = False
    instead_of: str = ""


class Ask(Struct, frozen=True, kw_only=True, tag="ask"):
    """A question to the ledger; answered by `Record`s, then `Done`. See `LedgerReader`."""

    how: Literal["newest", "first", "search"]
    kind: str
    process: str = ""
    repository: str = ""
    outcome: str = ""
    limit: int = 1
    texts: tuple[str, ...] = ()
    after: int = 0


class Note(Struct, frozen=True, kw_only=True, tag="note"):
    """A record to append; answered by the `Record` that it became, then `Done`."""

    kind: str
    body: str
    at: Moment


class Chosen(Struct, frozen=True, tag="chosen"):
    """It is known which snapshots are drilled; answered by `Done`."""


class Moved(Struct, frozen=True, kw_only=True, tag="moved"):
    """How far the work is; no answer. Of `total` None is not known."""

    step: Literal["begin", "advance", "end"]
    title: str = ""
    done: int = 0
    files: int | None = None
    total: int | None = None


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """The last line of a drill that left its record; `kept` is where its tree lies, or ""."""

    kept: str = ""


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """Why there is no answer, or why a drill ends without a record."""

    message: str
    hint: str = ""
    code: str = "not-tested"


class Record(Struct, frozen=True, kw_only=True, tag="record"):
    """One entry of the ledger."""

    sequence: int
    at: Moment
    kind: str
    body: str
    hash: str


class Done(Struct, frozen=True, tag="done"):
    """All of an answer was said."""


Told = Ask | Note | Chosen | Moved | Ended | Refused  # by a drill
Answered = Wish | Record | Done | Refused  # by the desk

T = TypeVar("T")


class Line(Generic[T]):
    """One end of the socket, which hears messages of type `T`."""

    def __init__(self, end: socket.socket, hears: object) -> None:
        self._end = end
        self._end.settimeout(PATIENCE)
        self._saying = threading.Lock()  # how far a restore is comes from another thread
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(hears)
        self._heard = bytearray()

    def fileno(self) -> int:
        return self._end.fileno()

    @property
    def waits(self) -> bool:
        """Whether a line that was begun, or more, was heard already."""
        return bool(self._heard)

    def say(self, message: Told | Answered) -> None:
        """Send one line; WireBroken where nobody reads it."""
        line = msgspec.json.encode(message) + b"\n"
        try:
            with self._saying:
                self._end.sendall(line)
        except OSError as error:
            raise WireBroken(f"The other side of the drill is gone ({error}).") from error

    def hear(self) -> T | None:
        """The next line; None where the other side has closed. WireBroken where it is silent for too long."""
        searched, until = 0, time.monotonic() + PATIENCE
        while (end := self._heard.find(b"\n", searched)) < 0:
            searched = len(self._heard)
            if searched > LONGEST:
                raise WireBroken("The other side of the drill sends a line without end.")
            chunk = self._part(until)
            if not chunk:
                return None
            self._heard += chunk
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        try:
            return self._decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise WireBroken(f"The other side of the drill is not understood ({error}).") from error

    def _part(self, until: float) -> bytes:
        """What comes next of a line, which has to be whole by then: piece by piece it could last for ever."""
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        try:
            if waiting.poll(max(0.0, until - time.monotonic()) * 1000):
                return self._end.recv(1 << 16)
        except OSError as error:
            raise WireBroken(f"The other side of the drill says nothing more ({error}).") from error
        raise WireBroken("The other side of the drill says nothing more, or not in time.")

    def close(self) -> None:
        self._end.close()


def packed(entry: Entry) -> Record:
    """An entry as it travels."""
    body = canonical(msgspec.to_builtins(entry.body))
    return Record(
        sequence=entry.sequence, at=entry.at, kind=KINDS[type(entry.body)], body=body, hash=entry.hash
    )


def unpacked(kind: str, body: str) -> Body:
    """The body of a record that came over the wire.

    WireBroken for one that is none, or that nobody could reckon with: it would stay in the ledger, and every
    report would stumble over it.
    """
    try:
        found: Body = msgspec.convert(json.loads(body), BODIES[kind])
    except (KeyError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise WireBroken(f"The other side of the drill sends a record that is none ({error}).") from error
    if not _sensible(msgspec.to_builtins(found, builtin_types=(datetime,))):
        raise WireBroken("The other side of the drill sends a record with a number or a time beyond measure.")
    return found


def _sensible(value: Any) -> bool:
    match value:
        case dict():
            return all(map(_sensible, value.values()))
        case list() | tuple():
            return all(map(_sensible, value))
        case datetime():
            return value.tzinfo is not None and value.year in YEARS
        case int():
            return abs(value) < MOST
        case float():
            return abs(value) < LONGEST_SECONDS  # which NaN is not
    return True
