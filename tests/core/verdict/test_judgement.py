"""What a verdict consists of: an order of badness, reasons of one process, moments with their age."""

from zoneinfo import ZoneInfo

from agent.core.forecast.recovery_time import RecoveryTime
from agent.core.forecast.timetable import Return
from agent.core.model.records import Verdict
from agent.core.verdict.judgement import Case, Reason, RecoveryPoint, badness, worst
from support.builders.shop import NOW, ago, process

CASE = Case(
    process=process("orders"),
    standings=(),
    rpo=RecoveryPoint(objective_s=1),
    rto=RecoveryTime(objective_s=1),
    line=Return(
        process="orders",
        starts=None,
        back=None,
        machine_s=None,
        steps_s=0,
        due=NOW,
        in_time=None,
        before_opening=None,
    ),
    now=NOW,
    zone=ZoneInfo("Europe/Berlin"),
)


def of(*verdicts: Verdict) -> Verdict:
    return worst(tuple(Reason(code="x", verdict=verdict, sentence="So.") for verdict in verdicts))


def test_what_was_tested_and_is_bad_outweighs_what_is_not_known_and_that_what_is_slipping() -> None:
    assert sorted(Verdict, key=badness, reverse=True) == [
        Verdict.NOT_READY,
        Verdict.UNKNOWN,
        Verdict.AT_RISK,
        Verdict.READY,
    ]


def test_the_worst_of_several_reasons_is_the_verdict() -> None:
    assert of(Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN) == Verdict.NOT_READY
    assert of(Verdict.AT_RISK, Verdict.UNKNOWN) == Verdict.UNKNOWN
    assert of(Verdict.READY, Verdict.AT_RISK) == Verdict.AT_RISK


def test_notes_and_no_reasons_at_all_are_ready() -> None:
    assert (of(Verdict.READY), of()) == (Verdict.READY, Verdict.READY)


def test_a_reason_of_a_case_names_its_process() -> None:
    reason = CASE.reason("growth", Verdict.AT_RISK, "It grows.", "Move it.", "planb")

    assert (reason.process, reason.repository) == ("orders", "planb")
    assert (reason.code, reason.verdict, reason.sentence, reason.hint) == (
        "growth",
        Verdict.AT_RISK,
        "It grows.",
        "Move it.",
    )


def test_a_moment_is_told_with_its_age() -> None:
    assert CASE.when(ago(2)) == "Wednesday 11:00, 2 h ago"


def test_a_moment_of_the_future_is_not_told_to_be_a_negative_time_ago() -> None:
    assert CASE.when(ago(-0.5)) == "Wednesday 13:30, 0.0 s ago"
