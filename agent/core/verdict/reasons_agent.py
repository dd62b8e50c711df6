"""The rules on the service itself: dead, stopped, dying again and again, or unable to write anything down.

A clock may have been set since a sign of life was left, so one far ahead counts as little as one far
behind: a service that lives leaves another one at once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from agent.core.model.life import Life, Turn
from agent.core.model.notices import PingRecord
from agent.core.model.records import Verdict
from agent.core.text.phrases import moment, span
from agent.core.text.plain import count
from agent.core.verdict.judgement import Reason

SILENCE = timedelta(minutes=30)  # six signs that did not come
STOPPED = timedelta(hours=1)  # in which a person who stopped it may be at work on the machine
BOOTING = 900.0  # seconds after the machine was started in which the service may not be up yet
DYING, DEATHS = timedelta(hours=1), 3  # within which time how many deaths are no accident


def agent_reasons(life: Life, state: str, now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    """What is wrong with the service whose state directory is `state`; nothing where it never ran."""
    unwritable = list(_unwritable(life, state, now, zone))
    yield from unwritable
    if not life.turns:
        return
    newest = life.turns[0]
    if unwritable or life.signs.up < BOOTING:  # what cannot write cannot give a sign either
        pass
    elif newest.event == "stopped":
        yield from _stopped(newest, now, zone)
    else:
        yield from _silent(life, now, zone)
    yield from _dying(life.turns, now)


def _unwritable(life: Life, state: str, now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    signs, since = life.signs, ""
    if not signs.trouble:
        runs = bool(life.turns) and life.turns[0].event == "started"
        if not runs or not _fresh(signs.alive, now) or _fresh(signs.wrote, now):
            return
        since = _since(signs.wrote, now, zone) if signs.wrote else ""
    why = signs.trouble or "the service lives, but what it records does not get there"
    yield _reason(
        "state-unwritable",
        Verdict.UNKNOWN,
        f"Nothing can be recorded in {state}{since}: {why}. Nobody would know what fails now.",
        f"Mend that: ls -ld {state}; df -h {state}; journalctl -u readiness -p err",
    )


def _stopped(newest: Turn, now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    if abs(now - newest.at) > STOPPED:
        yield _reason(
            "agent-stopped",
            Verdict.AT_RISK,
            f"The service was stopped{_since(newest.at, now, zone)}: nothing is saved or proven by itself.",
            "Run: systemctl start readiness",
        )


def _silent(life: Life, now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    last = life.signs.alive or life.turns[0].at
    # out of a machine's sleep, or after its clock was set, the service needs a moment to give the next sign
    if not _fresh(last, now) and life.signs.awake > SILENCE.total_seconds():
        yield _reason(
            "agent-silent",
            Verdict.UNKNOWN,
            f"The service has given no sign of life{_since(last, now, zone)}: nothing is saved, "
            "nothing is proven, and nobody is told.",
            "Run: systemctl restart readiness (journalctl -u readiness tells why it fell silent)",
        )


def _dying(turns: Sequence[Turn], now: datetime) -> Iterator[Reason]:
    """A start that follows another start: in between the service ended without a word."""
    deaths = [
        turn
        for turn, before in pairwise(turns)
        if turn.event == before.event == "started" and abs(now - turn.at) <= DYING
    ]
    if len(deaths) >= DEATHS:
        yield _reason(
            "agent-dying",
            Verdict.AT_RISK,
            f"The service ended without a word {count(len(deaths), 'time')} within the last hour.",
            "See why: journalctl -u readiness",
        )


def ping_failing(pings: Sequence[PingRecord], now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    """A note: the outside watcher was not told what is so, and will speak up for that alone."""
    for ping in pings[:1]:
        if ping.fate != "accepted":
            yield _reason(
                "ping-failing",
                Verdict.READY,
                f"The outside watcher has not been told{_since(ping.started, now, zone)}: {ping.trouble}",
                "Look at ping in [alarm], and at the way to that host.",
            )


def _fresh(sign: datetime | None, now: datetime) -> bool:
    return sign is not None and abs(now - sign) <= SILENCE


def _since(when: datetime, now: datetime, zone: ZoneInfo) -> str:
    if when > now:
        return " since the clock was set back"
    return f" since {moment(when, zone, now)} ({span((now - when).total_seconds())})"


def _reason(code: str, verdict: Verdict, sentence: str, hint: str) -> Reason:
    return Reason(code=code, verdict=verdict, sentence=sentence, hint=hint)
