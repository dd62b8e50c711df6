"""What a record of the ledger holds: every kind has one stable name, and nothing noted claims nothing."""

from typing import get_args

from agent.core.model.records import KINDS, Body, Verdict


def test_every_body_that_the_ledger_takes_has_a_kind_and_no_two_the_same() -> None:
    assert set(KINDS) == set(get_args(Body))
    assert len(set(KINDS.values())) == len(KINDS)


def test_the_kinds_that_old_ledgers_hold_keep_their_names() -> None:
    assert set(KINDS.values()) == {
        *(
            "snapshot",
            "drill",
            "repository",
            "sight",
            "copy",
            "check",
            "retention",
            "listing",
            "prune",
            "watch",
        ),
        *("agent", "config", "incident", "message", "delivery", "acknowledgement", "alarm-test", "ping"),
        *("run-snapshot", "run-copy", "run-drill", "run-retain", "run-check", "run-prune", "run-report"),
    }


def test_a_verdict_is_written_as_scripts_read_it() -> None:
    assert [str(verdict) for verdict in Verdict] == ["READY", "AT_RISK", "NOT_READY", "UNKNOWN"]
