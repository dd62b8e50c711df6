"""Tell the outside watcher how things stand, and note what came of it."""

from msgspec import Struct

from agent.core.model.notices import Fate, PingRecord
from agent.core.telling.heartbeat import Beat, Ping, Word, beat, is_due
from agent.core.verdict.judgement import Assessment
from agent.errors import ReadinessError
from agent.operations.ports.alarm import PingMemory, Watcher
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger


class SignOfLife(Struct, frozen=True, kw_only=True):
    """What the outside watcher was told; `word` is None when nothing was to be told, or not yet."""

    host: str = ""  # empty where none is configured
    word: Word | None = None
    fate: Fate | None = None
    trouble: str = ""  # what went wrong


class Tools(Struct, frozen=True, kw_only=True):
    """The watcher, what it was told last, and where changes are noted."""

    watcher: Watcher
    memory: PingMemory
    ledger: Ledger
    clock: Clock


def give_sign(assessment: Assessment, tools: Tools) -> SignOfLife:
    """Decide, ping, remember. A ping that does not get there is noted; nothing else comes of it."""
    said = beat(assessment)
    if said is None or not is_due(said, tools.memory.last(), tools.clock.now()):
        return SignOfLife(host=tools.watcher.host)
    return _tell(said, tools)


def _tell(said: Beat, tools: Tools) -> SignOfLife:
    host = tools.watcher.host
    answer = tools.watcher.ping(said.word, said.line)
    now = tools.clock.now()
    tools.memory.remember(Ping(word=said.word, at=now, fate=answer.fate))
    record = PingRecord(host=host, word=said.word, started=now, fate=answer.fate, trouble=answer.message)
    unnoted = _noted(record, tools.ledger)
    return SignOfLife(host=host, word=said.word, fate=answer.fate, trouble=answer.message or unnoted)


def _noted(record: PingRecord, ledger: Ledger) -> str:
    """Changes only: the same word with the same fate is no news. Returns why it could not be noted."""
    try:
        for last in ledger.newest(PingRecord):
            if (last.host, last.word, last.fate) == (record.host, record.word, record.fate):
                return ""
        ledger.append(record, record.started)
    except ReadinessError as error:
        return error.message
    return ""


def announce(watcher: Watcher, memory: PingMemory, clock: Clock) -> None:
    """Tell the watcher that a drill begins; whether it heard of that matters to nobody."""
    answer = watcher.ping("start", "")
    memory.remember(Ping(word="start", at=clock.now(), fate=answer.fate))


def cry(watcher: Watcher, memory: PingMemory, clock: Clock) -> SignOfLife:
    """Tell the watcher that the ledger cannot be used, so that nothing can be proven, where that is due: a
    service that dies again and again would tell it each time."""
    said = Beat("fail", "UNKNOWN - the record of what was proven cannot be used")
    if not is_due(said, memory.last(), clock.now()):
        return SignOfLife(host=watcher.host)
    answer = watcher.ping(said.word, said.line)
    memory.remember(Ping(word=said.word, at=clock.now(), fate=answer.fate))
    return SignOfLife(host=watcher.host, word=said.word, fate=answer.fate, trouble=answer.message)
