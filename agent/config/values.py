"""Single values: is it what its kind demands, and what does it become?

A check takes what TOML held and returns what the model holds, or raises `Wrong`.
"""

import math
import os
import posixpath
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from agent.config.keys import NAME_PATTERN, RANGES
from agent.config.wrong import Wrong, did_you_mean, shown
from agent.core.configuration.config import WeeklyMoment
from agent.core.configuration.location import REMOTE
from agent.core.text.durations import parse_duration
from agent.core.text.plain import printable

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DURATION_HINT = 'Write numbers with w, d, h, m or s and no spaces, such as "90s", "30m", "24h" or "1h30m".'
FEEDINGS = ("copy", "snapshot")
LONGEST_NAME = 60
LONGEST_PATH = 4095
CREDENTIAL = "credential:"
# where people who run it by hand find those of the service
SERVICE_CREDENTIALS = "/run/credentials/readiness.service"


def text(value: Any) -> str:
    """One line of text."""
    if not isinstance(value, str):
        raise Wrong(f"must be text in quotes, not {shown(value)}")
    if printable(value) != value:
        raise Wrong("must be one line without control characters", "Leave out line breaks and tabs.")
    return value.strip()


def title(value: Any) -> str:
    """One line that says something."""
    return _not_empty(text(value))


def output(value: Any) -> str:
    """Text of any number of lines."""
    if not isinstance(value, str):
        raise Wrong(f"must be text in quotes, not {shown(value)}")
    if "\0" in value:
        raise Wrong("must not contain a NUL character")
    return value


def query(value: Any) -> str:
    """SQL."""
    return _not_empty(output(value))


def _not_empty(value: str) -> str:
    if not value.strip():
        raise Wrong("must not be empty")
    return value


def duration(value: Any) -> int:
    """Seconds of "24h"."""
    if not isinstance(value, str):
        raise Wrong(f'must be a duration in quotes, such as "24h", not {shown(value)}', DURATION_HINT)
    try:
        return parse_duration(value)
    except ValueError as error:
        raise Wrong(f"{shown(value)} {error}", DURATION_HINT) from None


def _whole(kind: str) -> Callable[[Any], int]:
    low, high = RANGES[kind]

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"must be a whole number without quotes, not {shown(value)}")
        if not low <= value <= high:
            raise Wrong(f"must be between {low} and {high}, not {shown(value)}")
        return value

    return check


def money(value: Any) -> float:
    """An amount, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f"must be a number without quotes, not {shown(value)}", "Leave out the currency.")
    if not 0 <= value <= 10**12 or not math.isfinite(value):
        raise Wrong(f"must be between 0 and a million million, not {shown(value)}")
    return float(value)


def path(value: Any) -> str:
    """An absolute path, without "//" and a trailing "/"."""
    written = output(value)
    if not written.startswith("/"):
        hint = "Write it out from the root, such as /srv/orders."
        raise Wrong(f"must be an absolute path, not {shown(written)}", hint)
    if ".." in written.split("/"):
        raise Wrong(f'must not go through "..": {shown(written)}', "Write the path that is meant.")
    if len(written.encode()) > LONGEST_PATH:
        raise Wrong(f"is longer than the {LONGEST_PATH} bytes that Linux allows")
    return "/" + posixpath.normpath(written).strip("/")


def secret(value: Any) -> str:
    """The file of a secret: a path, or the credential of the service that "credential:NAME" stands for."""
    if not isinstance(value, str) or not value.startswith(CREDENTIAL):
        return path(value)
    directory = os.environ.get("CREDENTIALS_DIRECTORY") or SERVICE_CREDENTIALS
    return f"{directory}/readiness_{name(value.removeprefix(CREDENTIAL))}"


def pattern(value: Any) -> str:
    """An exclude pattern as restic understands it."""
    written = _not_empty(output(value))
    if written.startswith("!"):
        raise Wrong(
            f"{shown(written)} would take something in again, which is not supported here",
            "List only what is to be left out.",
        )
    if "[" in written or "\\" in written:
        _must_compile(written)
    return written


def _must_compile(written: str) -> None:
    from agent.core.configuration.exclude import compile_excludes  # noqa: PLC0415 - rarely needed

    try:
        compile_excludes((written,))
    except re.error:
        raise Wrong(f"{shown(written)} is not a pattern", "Check its brackets and backslashes.") from None


def name(value: Any) -> str:
    """The name of a process or repository: it becomes a tag and a directory."""
    written = text(value)
    if not re.fullmatch(NAME_PATTERN, written):
        raise Wrong(
            f"{shown(written)} cannot be a name",
            "Use lower-case letters, digits, - and _, beginning with a letter or digit.",
        )
    if len(written) > LONGEST_NAME:
        raise Wrong(f"{shown(written)} is longer than {LONGEST_NAME} characters", "Choose a shorter name.")
    return written


def host(value: Any) -> str:
    """A host name as restic files it."""
    written = title(value)
    if any(char.isspace() or char in ",/" for char in written):
        raise Wrong(f"{shown(written)} cannot be a host name", "Leave it out to use the machine's own.")
    return written


def program(value: Any) -> str:
    """A name to look up on PATH, or an absolute path."""
    written = title(value)
    return path(written) if "/" in written else written


def argument(value: Any) -> str:
    """One argument of a command; may be empty."""
    return output(value)


def url(value: Any) -> str:
    """A repository's address. It may hold a password, so no message repeats it."""
    written = title(value)
    scheme, colon, rest = written.partition(":")
    if written.startswith("/"):
        return path(written)
    if not colon or "/" in scheme:
        raise Wrong(
            "must be an absolute path or an address with a scheme",
            "Such as /srv/backup/restic, sftp:user@host:/path, rest:https://host/ or s3:https://host/bucket.",
        )
    if scheme == "local" and not rest.startswith("/"):
        raise Wrong("must be an absolute path behind local:", "Such as /srv/backup/restic.")
    if scheme in ("http", "https"):
        raise Wrong("needs the kind of server in front", f"Such as rest:{scheme}://... or s3:{scheme}://...")
    if scheme not in (*REMOTE, "local") or not rest:
        raise Wrong(
            "is no address that restic takes",
            f"It takes absolute paths and {', '.join(REMOTE)} with a colon.",
        )
    return written


def moment(value: Any) -> WeeklyMoment:
    """A moment of the week, such as "Fri 17:00"."""
    hint = 'Write a day (Mon to Sun) and a time of 24 hours, such as "Fri 17:00".'
    if not isinstance(value, str):
        raise Wrong(f"must be a moment of the week in quotes, not {shown(value)}", hint)
    day, _, clock = value.partition(" ")
    hour, _, minute = clock.partition(":")
    digits = (hour + minute).isascii() and (hour + minute).isdigit()
    if day not in WEEKDAYS or not digits or len(hour) > 2 or len(minute) != 2:
        raise Wrong(f"{shown(value)} is not a moment of the week", hint)
    if not hour or int(hour) > 23 or int(minute) > 59:
        raise Wrong(f"{shown(value)} is not a time of day", hint)
    return WeeklyMoment(WEEKDAYS.index(day), int(hour), int(minute))


def day(value: Any) -> date:
    """A date, with or without quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Wrong(f"{shown(value)} is not a date", 'Write year-month-day, such as "2026-12-25".')


def zone(value: Any) -> str:
    """The name of a time zone that this machine knows."""
    import zoneinfo  # noqa: PLC0415 - not needed where the zone is left out

    written = title(value)
    try:
        zoneinfo.ZoneInfo(written)
    except (ValueError, OSError, KeyError):  # a path, a directory, no such zone
        hint = _zone_hint(written, sorted(zoneinfo.available_timezones()))
        raise Wrong(f"{shown(written)} is not a time zone that this machine knows", hint) from None
    return written


def _zone_hint(written: str, known: list[str]) -> str:
    if not known:
        return "This machine knows no time zones at all: install the package tzdata."
    return did_you_mean(written, known) or "Write area and city, such as Europe/Berlin or America/New_York."


def cron(value: Any) -> str:
    """A cron expression of five fields that comes round."""
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - rarely needed

    written = title(value)
    hint = 'Write minute, hour, day, month and weekday, such as "30 2 * * *" for 02:30 every day.'
    if len(written.split()) != 5:
        raise Wrong(f"{shown(written)} is not a cron expression of five fields", hint)
    try:
        next(CronSim(written, datetime(2026, 1, 1)))
    except (CronSimError, StopIteration):
        raise Wrong(f"{shown(written)} is not a cron expression that ever comes round", hint) from None
    return written


def option(value: Any) -> str:
    """A NAME=value for restic's -o."""
    written = title(value)
    if not re.match(r"[a-z0-9-]+\.[a-z0-9-]+=", written):
        hint = "Such as sftp.args=-p 2222; restic options lists them."
        raise Wrong(f"{shown(written)} is not an option of restic's -o", hint)
    return written


def feeding(value: Any) -> str:
    """How a second repository is fed."""
    if value not in FEEDINGS:
        raise Wrong(f"must be {' or '.join(FEEDINGS)}, not {shown(value)}")
    return str(value)


CHECKS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "title": title,
    "output": output,
    "query": query,
    "duration": duration,
    "money": money,
    "path": path,
    "secret": secret,
    "glob": path,
    "pattern": pattern,
    "name": name,
    "host": host,
    "program": program,
    "argument": argument,
    "url": url,
    "moment": moment,
    "date": day,
    "zone": zone,
    "cron": cron,
    "option": option,
    "feeding": feeding,
    **{kind: _whole(kind) for kind in RANGES},
}
