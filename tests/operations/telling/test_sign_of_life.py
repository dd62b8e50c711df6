"""The outside watcher hears how things stand, when that is due, and what came of it is noted."""

from datetime import timedelta
from typing import Any

import pytest

from agent.core.model.notices import PingRecord
from agent.core.model.records import Body
from agent.core.telling.heartbeat import Answer, Ping
from agent.core.verdict.judgement import Assessment
from agent.errors import StateError
from agent.operations.telling.sign_of_life import SignOfLife, Tools, announce, cry, give_sign
from support.builders.shop import NOW, assessed, config, copy, drill, snapshot
from support.doubles.fakes import FakeClock, FakeLedger

GOOD = assessed(copy(snapshot(), drill()), shop=config())
BAD = assessed(copy(snapshot(), drill(outcome="failed")), shop=config())
UNPROVEN = assessed(copy(snapshot()), shop=config())


class FakeWatcher:
    host = "hc.example"

    def __init__(self) -> None:
        self.answer = Answer(fate="accepted")
        self.heard: list[tuple[str, str]] = []

    def ping(self, word: Any, line: str) -> Answer:
        self.heard.append((word, line))
        return self.answer


class FakeMemory:
    def __init__(self) -> None:
        self.ping: Ping | None = None

    def last(self) -> Ping | None:
        return self.ping

    def remember(self, ping: Ping) -> None:
        self.ping = ping


class Broken(FakeLedger):
    def append(self, body: Body, at: Any) -> Any:
        raise StateError("The disk is full.")


class Outside:
    def __init__(self, ledger: FakeLedger | None = None) -> None:
        self.watcher, self.memory, self.clock = FakeWatcher(), FakeMemory(), FakeClock(NOW)
        self.ledger = ledger or FakeLedger()

    def give(self, assessment: Assessment) -> SignOfLife:
        return give_sign(
            assessment,
            Tools(watcher=self.watcher, memory=self.memory, ledger=self.ledger, clock=self.clock),
        )

    def noted(self) -> list[tuple[str, str]]:
        return [(one.word, one.fate) for one in reversed(self.ledger.newest(PingRecord, limit=9))]


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_what_is_proven_is_told_once_an_hour(outside: Outside) -> None:
    assert outside.give(GOOD).word == "success"
    outside.clock.time += timedelta(minutes=30)
    assert outside.give(GOOD) == SignOfLife(host="hc.example")
    outside.clock.time += timedelta(minutes=30)
    assert outside.give(GOOD).word == "success"
    assert [word for word, _ in outside.watcher.heard] == ["success", "success"]


def test_what_is_bad_is_told_at_once_with_the_reason(outside: Outside) -> None:
    outside.give(GOOD)
    assert outside.give(BAD).word == "fail"
    word, line = outside.watcher.heard[-1]
    assert word == "fail"
    assert line.startswith("NOT READY - orders (drill-failed")


def test_where_nothing_is_proven_nothing_is_said(outside: Outside) -> None:
    assert outside.give(UNPROVEN) == SignOfLife(host="hc.example")
    assert outside.watcher.heard == []


def test_a_sign_that_did_not_get_there_is_given_again_at_the_next_occasion(outside: Outside) -> None:
    outside.watcher.answer = Answer(fate="deferred", message="it does not answer")
    assert outside.give(GOOD).trouble == "it does not answer"
    assert outside.give(GOOD).fate == "deferred"
    assert len(outside.watcher.heard) == 2


def test_only_changes_are_noted(outside: Outside) -> None:
    for assessment in (GOOD, GOOD, BAD, GOOD):
        outside.memory.ping = None  # as if an hour had gone by
        outside.give(assessment)
    assert outside.noted() == [("success", "accepted"), ("fail", "accepted"), ("success", "accepted")]


def test_a_sign_that_cannot_be_noted_was_given_all_the_same() -> None:
    outside = Outside(Broken())
    sign = outside.give(GOOD)
    assert (sign.word, sign.fate, sign.trouble) == ("success", "accepted", "The disk is full.")


def test_that_a_drill_begins_is_told_and_remembered_whatever_comes_of_it(outside: Outside) -> None:
    outside.watcher.answer = Answer(fate="deferred")
    announce(outside.watcher, outside.memory, outside.clock)
    assert outside.watcher.heard == [("start", "")]
    assert outside.memory.ping == Ping(word="start", at=NOW, fate="deferred")


def test_a_ledger_that_cannot_be_used_is_cried_out_and_not_at_every_restart(outside: Outside) -> None:
    assert cry(outside.watcher, outside.memory, outside.clock).word == "fail"
    assert cry(outside.watcher, outside.memory, outside.clock) == SignOfLife(host="hc.example")
    assert outside.watcher.heard == [
        ("fail", "UNKNOWN - the record of what was proven cannot be used"),
    ]
