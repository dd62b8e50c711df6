"""The silence that speaks: a service that is dead, stopped, dying, or cannot write anything down."""

from datetime import datetime
from typing import Literal

import pytest

from agent.core.evidence.evidence import Evidence
from agent.core.model.life import Life, Signs, Turn
from agent.core.model.records import Verdict
from agent.core.model.runs import AgentRecord
from agent.core.report.metrics import metrics
from agent.core.report.report import build
from agent.core.report.status import status_result
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.verdict import assess
from agent.operations.reading.assess import assess_now
from support.builders.shop import NOW, ago, config, copy, drill, snapshot
from support.doubles.fakes import FakeClock, FakeLedger

WELL = Signs(alive=ago(0.05), wrote=ago(0.05))
Event = Literal["started", "stopped"]


def turns(*events: tuple[Event, float]) -> tuple[Turn, ...]:
    """Newest first, each so many hours ago."""
    return tuple(Turn(event, ago(hours)) for event, hours in events)


def judged(signs: Signs, *events: tuple[Event, float], now: datetime = NOW) -> Assessment:
    life = Life(signs=signs, turns=turns(*events))
    return assess(config(), Evidence(copies=(copy(snapshot(1), drill(0.5)),), life=life), now)


def codes(signs: Signs, *events: tuple[Event, float]) -> list[str]:
    return [reason.code for reason in judged(signs, *events).reasons]


def test_a_service_that_gives_signs_is_ready() -> None:
    assert judged(WELL, ("started", 99)).verdict == Verdict.READY


def test_where_it_never_ran_nothing_is_missed() -> None:
    assert codes(Signs()) == []


def test_a_silent_service_makes_everything_unknown_and_says_since_when() -> None:
    silent = judged(Signs(alive=ago(35), wrote=ago(35)), ("started", 99))

    [reason] = silent.reasons
    assert (silent.verdict, reason.code) == (Verdict.UNKNOWN, "agent-silent")
    assert "since Tuesday 02:00 (35 h)" in reason.sentence
    assert reason.hint.startswith("Run: systemctl restart readiness")


def test_everything_that_is_made_from_the_answer_says_so() -> None:
    silent = judged(Signs(alive=ago(3), wrote=ago(3)), ("started", 99))

    assert status_result(silent)["verdict"] == "UNKNOWN"
    assert status_result(silent)["reasons"][0]["code"] == "agent-silent"
    assert 'readiness_verdict{verdict="UNKNOWN"} 1' in metrics(silent, [])
    for audience in ("owner", "admin", "auditor"):
        assert "no sign of life" in str(build(silent, audience))  # type: ignore[arg-type]


def test_a_process_that_was_tested_and_is_bad_outweighs_the_silence() -> None:
    life = Life(signs=Signs(alive=ago(3)), turns=turns(("started", 99)))
    copies = (copy(snapshot(1), drill(0.5, "failed")),)

    assert assess(config(), Evidence(copies=copies, life=life), NOW).verdict == Verdict.NOT_READY


@pytest.mark.parametrize(("minutes", "silent"), [(29, False), (31, True)])
def test_half_an_hour_of_silence_is_too_long(minutes: float, silent: bool) -> None:
    signs = Signs(alive=ago(minutes / 60), wrote=ago(minutes / 60))
    assert (codes(signs, ("started", 99)) == ["agent-silent"]) == silent


@pytest.mark.parametrize(("awake", "silent"), [(20, False), (1799, False), (1801, True)])
def test_the_sleep_of_a_machine_is_no_silence(awake: float, silent: bool) -> None:
    signs = Signs(alive=ago(9), wrote=ago(9), awake=awake)
    assert (codes(signs, ("started", 99)) == ["agent-silent"]) == silent


def test_a_service_that_never_left_a_sign_is_silent_since_it_started() -> None:
    assert codes(Signs(), ("started", 1)) == ["agent-silent"]
    assert codes(Signs(), ("started", 0.1)) == []


@pytest.mark.parametrize("event", ["started", "stopped"])
def test_right_after_the_machine_was_started_nothing_is_missed_yet(event: Event) -> None:
    assert codes(Signs(alive=ago(12), wrote=ago(12), up=120), (event, 12)) == []
    assert codes(Signs(alive=ago(12), wrote=ago(12), up=1000), (event, 12)) != []


def test_a_service_that_a_person_stopped_is_at_risk_after_an_hour() -> None:
    stopped = judged(Signs(alive=ago(2)), ("stopped", 2), ("started", 99))

    assert (stopped.verdict, stopped.reasons[0].code) == (Verdict.AT_RISK, "agent-stopped")
    assert codes(Signs(alive=ago(0.9)), ("stopped", 0.9), ("started", 99)) == []


def test_a_clock_that_was_set_back_since_the_last_sign_hides_no_dead_service() -> None:
    [reason] = judged(Signs(alive=ago(-5000), wrote=ago(-5000)), ("started", -4000)).reasons

    assert reason.code == "agent-silent"
    assert "since the clock was set back" in reason.sentence


def test_a_clock_that_was_set_back_since_it_was_stopped_hides_nothing_either() -> None:
    assert codes(Signs(), ("stopped", -5000)) == ["agent-stopped"]


def test_one_sign_on_the_clock_as_it_is_now_is_enough_after_a_jump() -> None:
    assert codes(WELL, ("started", -5000)) == []
    assert codes(WELL, ("started", 90_000)) == []


def test_a_state_that_takes_nothing_is_unknown_even_without_a_service() -> None:
    full = judged(Signs(trouble="its disk is full"))

    [reason] = full.reasons
    assert (full.verdict, reason.code) == (Verdict.UNKNOWN, "state-unwritable")
    assert "/var/lib/readiness: its disk is full" in reason.sentence


def test_of_a_read_only_state_the_silence_is_only_a_consequence() -> None:
    signs = Signs(alive=ago(9), wrote=ago(9), trouble="its file system is read-only")
    assert codes(signs, ("started", 99)) == ["state-unwritable"]


def test_a_service_that_lives_and_cannot_write_does_not_look_healthy() -> None:
    [reason] = judged(Signs(alive=ago(0.05), wrote=ago(5)), ("started", 99)).reasons

    assert reason.code == "state-unwritable"
    assert "since Wednesday 08:00 (5 h)" in reason.sentence


def test_a_service_that_never_could_write_does_not_look_healthy_either() -> None:
    assert codes(Signs(alive=ago(0.05)), ("started", 99)) == ["state-unwritable"]


@pytest.mark.parametrize("event", ["started", "stopped"])
def test_a_dead_service_is_not_blamed_for_what_it_does_not_write(event: Event) -> None:
    assert "state-unwritable" not in codes(Signs(alive=ago(9), wrote=ago(9)), (event, 9))


def test_a_service_that_dies_again_and_again_is_at_risk() -> None:
    events: list[tuple[Event, float]] = [("started", hours) for hours in (0.1, 0.2, 0.3, 5)]
    dying = judged(WELL, *events)

    assert (dying.verdict, dying.reasons[0].code) == (Verdict.AT_RISK, "agent-dying")
    assert "3 times" in dying.reasons[0].sentence


def test_a_service_that_people_restart_is_not_dying() -> None:
    pairs: list[tuple[Event, float]] = [
        pair for hours in (0.1, 0.2, 0.3, 0.4) for pair in (("started", hours), ("stopped", hours + 0.01))
    ]  # type: ignore[misc]
    assert codes(WELL, *pairs) == []


def test_deaths_of_long_ago_are_forgotten() -> None:
    events: list[tuple[Event, float]] = [("started", hours) for hours in (0.1, 0.2, 1.3, 1.4, 1.5)]
    assert codes(WELL, *events) == []


def test_the_turns_are_found_behind_jumps_of_the_clock() -> None:
    ledger = FakeLedger(snapshot(1), drill(0.5))
    ledger.append(AgentRecord(event="started"), ago(9))
    for _ in range(5):
        ledger.append(AgentRecord(event="clock-jumped", jump=900), ago(8))
    found = assess_now(config(), ledger, FakeClock(NOW), Signs(alive=ago(3), wrote=ago(3)))

    assert [reason.code for reason in found.reasons] == ["agent-silent"]


def test_of_a_moment_that_is_past_nothing_is_said_of_the_service() -> None:
    ledger = FakeLedger(snapshot(1), drill(0.5))
    ledger.append(AgentRecord(event="started"), ago(9))

    assert assess_now(config(), ledger, FakeClock(NOW)).verdict == Verdict.READY
    assert assess_now(config(), ledger, FakeClock(NOW), Signs()).verdict == Verdict.UNKNOWN
