"""The sign of life to an outside watcher: what it says, and when it is due.

Success means that restores are proven, never that a process is alive. Where neither good nor bad is known
nothing is said at all: the watcher speaks when it has heard nothing for too long. What is said names
processes and what befell them in words of our own, for it leaves the machine.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from agent.core.model.notices import Fate
from agent.core.model.records import Verdict
from agent.core.text.phrases import joined
from agent.core.verdict.doubt import is_proven
from agent.core.verdict.judgement import Assessment, Judgement

Word = Literal["success", "fail", "start"]

PAUSE = timedelta(hours=1)  # between two pings that say the same
SLACK = timedelta(minutes=1)  # a ping that is due within this is sent now, not at the next occasion
SILENT = ("agent-silent", "state-unwritable")  # of the whole business: nobody looks any more


class Beat(Struct, frozen=True):
    """What is to be told: a word, and one line why."""

    word: Word
    line: str


class Answer(Struct, frozen=True, kw_only=True):
    """What came of calling somebody outside; `message` names nothing of the address but its host."""

    fate: Fate
    code: int = 0  # of HTTP; 0 when there was no answer
    message: str = ""  # what went wrong; empty when it was accepted


class Ping(Struct, frozen=True, kw_only=True):
    """The last one, as it is remembered between two runs."""

    word: Word
    at: datetime
    fate: Fate


def beat(assessment: Assessment) -> Beat | None:
    """What the outside watcher is to hear; None while nothing is proven either way."""
    bad = [*_of_the_business(assessment), *(line for one in assessment.judgements for line in _bad(one))]
    if bad:
        return Beat("fail", f"{_word(assessment)} - {joined(bad, limit=8)}")
    proven = bool(assessment.judgements) and all(_proven(one, assessment) for one in assessment.judgements)
    if not proven or assessment.verdict in (Verdict.UNKNOWN, Verdict.NOT_READY):
        return None
    names = joined([one.process for one in assessment.judgements], limit=8)
    return Beat("success", f"{_word(assessment)} - restored and proven: {names}")


def is_due(said: Beat, last: Ping | None, now: datetime) -> bool:
    """At once when the answer is another or did not get there; otherwise every hour.

    After a "start" the next word is always another, as watchers wait for it.
    """
    if last is None or last.word != said.word or last.fate != "accepted":
        return True
    return not timedelta() <= now - last.at < PAUSE - SLACK


def _word(assessment: Assessment) -> str:
    return assessment.verdict.value.replace("_", " ")


def _of_the_business(assessment: Assessment) -> Iterator[str]:
    for reason in assessment.reasons:
        if reason.verdict == Verdict.NOT_READY or reason.code in SILENT:
            yield reason.code


def _bad(judgement: Judgement) -> Iterator[str]:
    """What was tested of a process and is bad, or was proven too long ago."""
    codes = [reason.code for reason in judgement.reasons if reason.verdict == Verdict.NOT_READY]
    codes += [reason.code for reason in judgement.reasons if reason.code == "proof-expired"]
    if codes:
        yield f"{judgement.process} ({', '.join(dict.fromkeys(codes))})"


def _proven(judgement: Judgement, assessment: Assessment) -> bool:
    return any(is_proven(judgement, one, assessment.evidence) for one in judgement.standings)
