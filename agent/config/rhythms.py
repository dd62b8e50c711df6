"""When the service does something: `snapshot = { every = "1h" }`, `keep = { daily = 14, ... }`."""

from typing import Any

from msgspec.structs import replace

from agent.config.reading import Notes, read_table
from agent.core.configuration.config import Keep, Rhythm
from agent.core.configuration.problem import At

DAY = 24 * 3600
WEEK = 7 * DAY
SHORTEST = 60  # seconds between two runs of the same task
THURSDAY = Rhythm(cron="0 15 * * 4")
RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly", "within")


def read_rhythm(table: str, raw: Any, at: At, notes: Notes, usual: Rhythm) -> Rhythm:
    """The rhythm of a table with `every` or `cron`; `usual` where the file has none."""
    return usual if raw is None else _rhythm(read_table(table, raw, at, notes), at, notes, usual)


def read_check(raw: Any, at: At, notes: Notes) -> tuple[Rhythm, int]:
    """The rhythm of checks and the number of parts."""
    values = read_table("repository.NAME.check", {} if raw is None else raw, at, notes)
    return _rhythm(values, at, notes, Rhythm(every=DAY)), values["parts"]


def read_keep(raw: Any, at: At, notes: Notes) -> Keep | None:
    """The retention policy; None where the file has none, and where it would keep nothing."""
    if raw is None:
        return None
    before = len(notes.noted)
    values = read_table("process.NAME.keep", raw, at, notes)
    rules = {name: values[name] or 0 for name in RULES}
    if len(notes.noted) > before:
        return None
    if not any(rules.values()):
        hint = "Such as keep = { daily = 14, monthly = 12 }; without keep nothing is removed."
        notes.error(at, "names no snapshots to keep", hint)
        return None
    return Keep(rhythm=_rhythm(values, at, notes, Rhythm(every=DAY)), at_most=values["at_most"], **rules)


def half(seconds: int) -> Rhythm:
    """Twice in this time, so that one failure does not matter."""
    return Rhythm(every=max(SHORTEST, seconds // 2))


def _rhythm(values: dict[str, Any], at: At, notes: Notes, usual: Rhythm) -> Rhythm:
    every, cron = values["every"], values["cron"]
    if every is None and cron is None:
        return usual
    if every is not None and cron is not None:
        notes.error((*at, "cron"), "stands beside every, so that it is not clear which counts", "Keep one.")
    elif every is not None and every < SHORTEST:
        notes.error((*at, "every"), "is shorter than a minute", 'The shortest is "1m".')
        return replace(usual)
    return Rhythm(every=every, cron="") if every is not None else Rhythm(cron=cron)
