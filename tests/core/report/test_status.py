"""The answer as scripts read it: stable keys, times with offset, null for what is not known."""

import json
from datetime import datetime
from typing import Any

import pytest

from agent.core.configuration.config import Step
from agent.core.model.records import Verdict
from agent.core.report.status import EXITS, forecast_result, status_result
from agent.errors import Exit
from support.builders.shop import HOUR, assessed, config, copy, drill, process, snapshot

SHOP = config(
    process(steps=(Step("printer", 30),)),
    process("mail", tier=2, rpo=HOUR),
    repositories=("primary", "planb"),
)
FOUND = assessed(copy(snapshot(same_device=True), drill()), copy(snapshot(2), repository="planb"), shop=SHOP)
STATUS = status_result(FOUND)
ORDERS, MAIL = STATUS["processes"]


def test_the_keys_that_were_promised_are_there() -> None:
    assert {"verdict", "deadline", "probability", "processes"} <= STATUS.keys()
    for row in STATUS["processes"]:
        assert {"process", "verdict", "reasons", "rpo", "rto"} <= row.keys()
        assert {"last_snapshot_at", "last_proven_at", "findings"} <= row.keys()
        assert {"objective_s", "actual_s", "met"} <= row["rpo"].keys() & row["rto"].keys()


def test_what_was_measured_stands_beside_what_was_promised_in_seconds() -> None:
    assert ORDERS["rpo"] == {"objective_s": 2 * HOUR, "actual_s": HOUR, "met": True}
    assert (ORDERS["rto"]["machine_s"], ORDERS["rto"]["steps_s"], ORDERS["rto"]["actual_s"]) == (
        600,
        1800,
        2400,
    )


def test_what_is_not_known_is_none_and_not_zero() -> None:
    assert MAIL["rpo"] == {"objective_s": HOUR, "actual_s": None, "met": None}
    assert (MAIL["rto"]["actual_s"], MAIL["rto"]["met"], MAIL["last_proven_at"]) == (None, None, None)
    assert (MAIL["back_at"], STATUS["all_back_at"], STATUS["probability"]) == (None, None, None)


def test_moments_have_the_offset_of_the_business() -> None:
    assert (STATUS["deadline"], STATUS["window"]["closes"]) == (
        "2026-11-30T08:00:00+01:00",
        "2026-11-27T17:00:00+01:00",
    )
    assert ORDERS["last_snapshot_at"] == "2026-11-25T12:00:00+01:00"
    assert ORDERS["back_at"] == "2026-11-27T17:40:00+01:00"


def test_a_reason_carries_its_code_its_own_verdict_and_what_to_do() -> None:
    (slipping,) = [reason for reason in ORDERS["reasons"] if reason["code"] == "no-sound-copy"]

    assert (slipping["verdict"], slipping["repository"]) == ("AT_RISK", "planb")
    assert slipping["message"]
    assert slipping["hint"].startswith("Run: ")
    assert [reason["repository"] for reason in MAIL["reasons"]] == [None, None]


def test_how_far_plan_b_is_behind_is_told_for_each_process() -> None:
    assert ORDERS["plan_b"] == [{"repository": "planb", "lag_s": HOUR}]
    assert MAIL["plan_b"] == []


def test_where_each_copy_lies_is_told_and_old_records_claim_nothing() -> None:
    here = copy(snapshot(place="same-disk", same_device=True), drill())
    far = copy(snapshot(2, place="not-known", place_reason="why"), repository="planb")
    found = status_result(assessed(here, far, shop=SHOP))["processes"][0]["copies"]
    assert [tuple(one.values()) for one in found] == [
        ("primary", "same-disk", ""),
        ("planb", "not-known", "why"),
    ]
    old = status_result(assessed(copy(snapshot()), copy(repository="planb"), shop=SHOP))
    assert [one["place"] for one in old["processes"][0]["copies"]] == ["not-known", None]


def test_the_forecast_is_in_the_order_of_recovery_and_says_what_fits() -> None:
    found = forecast_result(FOUND)
    first: dict[str, Any] = found["processes"][0]

    assert [row["process"] for row in found["processes"]] == [one.process for one in FOUND.timetable.returns]
    assert (found["fits"], found["deadline"]) == (None, STATUS["deadline"])
    assert (datetime.fromisoformat(first["due_at"]) - datetime.fromisoformat(first["starts_at"])).days == 1
    assert found["notice"] == {"tests": 0, "unseen": 0, "median_s": None}


def test_everything_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(STATUS))["verdict"] == "UNKNOWN"
    assert json.loads(json.dumps(forecast_result(FOUND)))["fits"] is None


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.READY, Exit.GOOD),
        (Verdict.NOT_READY, Exit.BAD),
        (Verdict.UNKNOWN, Exit.NOT_TESTED),
        (Verdict.AT_RISK, Exit.AT_RISK),
    ],
)
def test_every_verdict_has_the_exit_status_that_scripts_rely_on(verdict: Verdict, status: Exit) -> None:
    assert EXITS[verdict] == status
