"""`[alarm]`: quiet hours, whom to call, the outside watcher, the second channel."""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from agent.config.reading import Notes, read_table
from agent.config.rhythms import DAY, read_rhythm
from agent.config.values import text
from agent.config.wrong import Wrong, shown
from agent.core.configuration.config import Alarm, QuietHours, Rhythm
from agent.core.configuration.location import is_loopback
from agent.core.configuration.problem import At

V = TypeVar("V")

HERE: At = ("alarm",)
MONTHLY = Rhythm(every=30 * DAY)
QUIET = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) ?- ?([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
QUIET_HINT = 'Such as "22:00-07:00", local time; "" for none.'
ADDRESS_HINT = "Such as https://hc-ping.com/ and the check's own ID."
LONGEST_ADDRESS = 2000


def read_alarm(raw: Any, notes: Notes) -> Alarm:
    """The table, with the usual value wherever something is wrong and was noted."""
    values = read_table("alarm", {} if raw is None else raw, HERE, notes)
    usual, test = Alarm(), values["test"]
    return Alarm(
        quiet=_checked("quiet", quiet_hours, values["quiet"], usual.quiet, notes),
        contact=values["contact"],
        ping=_address("ping", values["ping"], notes),
        webhook=_address("webhook", values["webhook"], notes),
        test=None if test is None else read_rhythm("alarm.test", test, (*HERE, "test"), notes, MONTHLY),
    )


def quiet_hours(value: Any) -> QuietHours | None:
    """From when until when of "22:00-07:00"; None for ""."""
    written = text(value)
    if not written:
        return None
    found = QUIET.fullmatch(written)
    if not found:
        raise Wrong(f"{shown(written)} is not a time from one hour to another", QUIET_HINT)
    first, first_minute, last, last_minute = map(int, found.groups())
    hours = QuietHours(first * 60 + first_minute, last * 60 + last_minute)
    if hours.start == hours.end:
        raise Wrong(f"{shown(written)} begins when it ends", QUIET_HINT)
    return hours


def address(value: Any) -> str:
    """An address of the web. What comes after the host may be a secret, so no message repeats it."""
    if not isinstance(value, str):
        raise Wrong("must be an address in quotes", ADDRESS_HINT)
    written = value.strip()
    if not written:
        return ""
    if not (written.isascii() and written.isprintable()) or " " in written or "\\" in written:
        raise Wrong("holds characters that no address has", "Percent-encode them, such as %20 for a space.")
    if len(written) > LONGEST_ADDRESS:
        raise Wrong(f"is longer than {LONGEST_ADDRESS:,} characters")
    parts = _split(written)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong("must begin with https:// or http:// and a host", ADDRESS_HINT)
    if "@" in parts.netloc:
        raise Wrong("must not hold a user or password in front of the host", "Use a token in the path.")
    if parts.fragment:
        raise Wrong("must not have a part behind #, which no server ever sees", "Take that out.")
    return written


def _split(written: str) -> SplitResult:
    """Its parts, with a port that is one."""
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise Wrong("is not an address", ADDRESS_HINT) from None
    if port == 0:
        raise Wrong("names port 0", "Take the port out.")
    return parts


def _address(key: str, value: Any, notes: Notes) -> str:
    written = _checked(key, address, value, "", notes)
    parts = urlsplit(written)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        message = "goes over the net in the clear: whoever sees it can use the address"
        notes.warning((*HERE, key), message, "Write https:// where the server has it.")
    return written


def _checked(key: str, check: Callable[[Any], V], value: Any, usual: V, notes: Notes) -> V:
    try:
        return check(value)
    except Wrong as wrong:
        notes.error((*HERE, key), wrong.message, wrong.hint)
        return usual
