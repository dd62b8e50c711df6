"""The judgement of one drill: its findings, its outcome, how strong the evidence is, and what it supports."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import FileCountProof
from agent.core.drill.drilled import (
    age_findings,
    complaint_findings,
    loss_findings,
    nothing_compared,
    outcome_of,
    proof_findings,
    rung_of,
    shows_nothing,
    sparse_findings,
    statement,
)
from agent.core.drill.sampling import Part
from agent.core.drill.verification import Verification
from agent.core.model.drills import ProofResult
from agent.core.model.findings import Finding
from agent.core.model.repository import RestoreReport
from support.builders.shop import HOUR, NOW, process, wrong

ORDERS = process(rpo=2 * HOUR)
GOOD = ProofResult(name="sound", outcome="passed", seconds=1)
BAD = ProofResult(name="sound", outcome="failed", seconds=1, message="the database is damaged.")
UNRUN = ProofResult(name="sound", outcome="not_tested", seconds=0, message="there is no sqlite3.")


def verified(**changes: Any) -> Verification:
    return Verification(**({"expected": 100, "restored": 100, "verified": 100} | changes))


def with_content(compared: int, moving: int) -> Verification:
    found = verified()
    if compared:
        found.content.compared(b"srv/a", compared)
    if moving:
        found.content.left(b"srv/log", moving, "moving")
    return found


def codes(findings: list[Finding]) -> list[str]:
    return [found.code for found in findings]


def aged(seconds: float, must_be_fresh: bool = True) -> list[str]:
    return codes(age_findings(ORDERS, NOW - timedelta(seconds=seconds), NOW, must_be_fresh))


# ---- how old it is --------------------------------------------------------------------------


def test_a_snapshot_exactly_as_old_as_may_be_lost_is_fresh() -> None:
    assert (aged(2 * HOUR), aged(2 * HOUR + 1)) == ([], ["snapshot-stale"])


def test_in_plan_b_it_may_be_older_and_the_commands_that_renew_it_are_told() -> None:
    taken = NOW - timedelta(hours=9)
    assert age_findings(ORDERS, taken, NOW, True, oldest=10 * HOUR, renew="copy") == []
    [old] = age_findings(ORDERS, taken, NOW, True, oldest=8 * HOUR, renew="readiness copy orders --to planb")
    assert old.hint == "Bring it up to date: readiness copy orders --to planb"


def test_an_older_snapshot_that_was_asked_for_is_not_called_too_old() -> None:
    assert aged(9 * HOUR, must_be_fresh=False) == []


def test_two_clocks_may_differ_by_five_minutes_and_no_more() -> None:
    assert (aged(-300), aged(-301)) == ([], ["snapshot-in-future"])


# ---- what did not come back -----------------------------------------------------------------


def test_every_lost_file_is_named_with_how_many_came_back() -> None:
    result = verified(verified=98, missing=1, damaged=1, missing_paths=[b"srv/a"], damaged_paths=[b"srv/b"])
    found = loss_findings("orders", result, "")

    assert [(one.code, one.path) for one in found] == [("file-missing", "/srv/a"), ("file-damaged", "/srv/b")]
    assert {one.hint for one in found} == {"98 of 100 entries came back whole."}


def test_of_many_lost_files_twenty_are_named_and_the_others_counted() -> None:
    paths = [b"srv/%d" % number for number in range(25)]
    found = loss_findings("orders", verified(missing=25, missing_paths=paths), "")

    assert codes(found) == ["file-missing"] * 21
    assert found[-1].message.startswith("5 more: ")


def test_the_lists_of_what_was_lost_are_pointed_at_where_there_are_any() -> None:
    lost = verified(verified=99, missing=1, missing_paths=[b"srv/a"])

    (found,) = loss_findings("orders", lost, "/var/lib/readiness/lost")
    assert found.hint.endswith("; /var/lib/readiness/lost names the lost and the surviving files.")


def test_a_name_that_is_no_text_is_named_all_the_same() -> None:
    (found,) = loss_findings("orders", verified(missing=1, missing_paths=[b"srv/\xff"]), "")

    assert found.path == "/srv/\udcff"


# ---- complaints and proofs ------------------------------------------------------------------


def test_a_complaint_of_restic_is_a_warning_while_nothing_is_lost() -> None:
    report = RestoreReport(seconds=1, complaint="restic said: oh.")

    assert codes(complaint_findings("orders", report, verified())) == ["restic-complained"]
    assert complaint_findings("orders", report, verified(missing=1)) == []
    assert complaint_findings("orders", RestoreReport(seconds=1), verified()) == []


def test_a_complaint_weighs_more_while_content_was_left_uncompared() -> None:
    report = RestoreReport(seconds=1, complaint="restic said: oh.")

    assert codes(complaint_findings("orders", report, with_content(7, 0))) == ["restic-complained"]
    (found,) = complaint_findings("orders", report, with_content(7, 20))
    assert found.code == "complaint-unexplained"
    assert "1 file with 20 B could not be compared" in found.message


def test_nothing_compared_names_what_there_was_unless_losses_say_it_all() -> None:
    (found,) = nothing_compared(ORDERS, with_content(0, 20), [])
    assert (found.code, "/srv/log" in found.message) == ("nothing-compared", True)
    assert nothing_compared(ORDERS, with_content(0, 20), [GOOD]) == []
    names = replace(ORDERS, proofs=(FileCountProof(name="sound", path="/srv", at_least=1),))
    assert codes(nothing_compared(names, with_content(0, 20), [GOOD])) == ["nothing-compared"]
    lost = with_content(0, 20)
    lost.missing = 1
    assert nothing_compared(ORDERS, lost, []) == []
    assert nothing_compared(ORDERS, with_content(1, 20), []) == []


def test_paths_too_long_for_the_scratch_are_told_instead_of_the_complaint_about_them() -> None:
    report = RestoreReport(seconds=1, complaint="File name too long")

    assert codes(complaint_findings("orders", report, verified(too_long=2))) == ["path-too-long"]


def test_sparse_files_are_told_of_from_64_mib_on() -> None:
    assert sparse_findings("orders", verified(expanded=(64 << 20) - 1)) == []
    assert codes(sparse_findings("orders", verified(expanded=64 << 20))) == ["sparse-expanded"]


def test_a_proof_that_failed_and_one_that_did_not_run_are_two_findings() -> None:
    found = proof_findings("orders", [GOOD, BAD, UNRUN])

    assert codes(found) == ["proof-failed", "proof-not-run"]
    assert found[0].message == "sound: the database is damaged."


# ---- the outcome ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "proofs", "outcome"),
    [
        ([], [GOOD], "passed"),
        ([wrong("restic-complained")], [GOOD], "passed"),  # a warning
        ([wrong("file-missing")], [GOOD], "failed"),
        ([wrong("file-missing")], [UNRUN], "failed"),
        ([], [GOOD, UNRUN], "not_tested"),
        ([wrong("path-too-long")], [GOOD], "not_tested"),
        ([wrong("nothing-compared")], [], "not_tested"),
        ([wrong("complaint-unexplained")], [GOOD], "not_tested"),
    ],
)
def test_bad_outweighs_what_could_not_be_tested(
    findings: list[Finding], proofs: list[ProofResult], outcome: str
) -> None:
    assert outcome_of(findings, proofs) == outcome


@pytest.mark.parametrize(
    ("result", "proofs", "rung"),
    [
        (verified(), [GOOD], "L5"),
        (verified(), [GOOD, UNRUN], "L4"),
        (verified(), [], "L4"),
        (verified(missing=1), [GOOD], "L1"),
        (verified(unexpected=1), [GOOD], "L1"),
        (verified(verified=0), [GOOD], "L1"),
        (with_content(0, 20), [], "L1"),
        (with_content(1, 20), [], "L4"),
    ],
)
def test_the_rung_is_no_higher_than_what_was_shown(
    result: Verification, proofs: list[ProofResult], rung: str
) -> None:
    assert rung_of(result, proofs) == rung


def test_where_nothing_was_compared_and_no_proof_passed_there_is_nothing_to_conclude_from() -> None:
    assert shows_nothing(verified(verified=0), [UNRUN])
    assert shows_nothing(with_content(0, 20), []), "a directory came back, which is no content"
    assert not shows_nothing(with_content(0, 20), [GOOD])
    assert not shows_nothing(with_content(1, 20), [])
    assert not shows_nothing(verified(), [])
    assert not shows_nothing(Verification(), []), "an empty process is compared at once"


def test_where_all_that_came_back_is_live_databases_their_copies_are_what_was_compared() -> None:
    result = verified(verified=0)
    result.content.left(b"srv/orders.db", 4000, "moving")
    assert shows_nothing(result, [])
    result.content.stands_for(b"srv/orders.db", 4096)
    assert not shows_nothing(result, [])
    assert rung_of(result, []) == "L4"


# ---- what it supports -----------------------------------------------------------------------


def test_a_full_drill_says_what_was_compared() -> None:
    entries = "100 of 100 entries were restored as they were; "
    assert statement(with_content(7, 0), None) == f"{entries}7 B in 1 file compared."
    left = "7 B of 27 B in 1 of 2 files compared; 1 file was being written: /srv/log."
    assert statement(with_content(7, 20), None) == entries + left
    zeros = verified()
    for number in range(5):
        zeros.content.left(b"srv/%d" % number, 9 - number, "zeros")
    shown = "5 files hold zero bytes only: /srv/0, /srv/1, /srv/2 and 2 more."
    assert statement(zeros, None).endswith(shown)


def test_a_sample_says_how_small_it_is_and_what_it_does_not_show() -> None:
    part = Part(first=b"", last=b"srv/z", entries=100, of=1000, cursor="srv/z")
    said = statement(verified(), part)

    assert "This sample holds 100 of 1,000 entries with 0 B of 0 B" in said
    assert "everything is read once in about 10 drills." in said
    assert said.endswith("would not be seen today, and no proof was run.")


def test_the_drills_of_a_round_are_counted_as_parts_are_cut_not_by_entries() -> None:
    big = Part(first=b"", last=b"srv/a", entries=1, of=3001, size=40 << 20, of_size=41 << 20, cursor="srv/a")
    assert "everything is read once in about 6 drills." in statement(verified(), big)
    assert 0.16 < big.share < 0.18
