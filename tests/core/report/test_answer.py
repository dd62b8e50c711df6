"""The top of a report: the answer, what to do first, and one line for each process."""

from datetime import timedelta

from msgspec.structs import replace

from agent.adapters.rendering.html import html_report
from agent.adapters.rendering.text import text_report
from agent.core.configuration.config import Step
from agent.core.evidence.evidence import Evidence
from agent.core.model.drills import DrillSeconds
from agent.core.report.report import build
from agent.core.verdict.verdict import assess
from support.builders.pages import healthy, report
from support.builders.shop import (
    GIB,
    HOUR,
    NOW,
    ago,
    assessed,
    config,
    copy,
    damage,
    drill,
    process,
    snapshot,
)


def test_ready_says_when_everything_would_be_back_and_how_that_compares() -> None:
    assert healthy().state == "READY"
    assert healthy().answer == "Everything critical would be back by Friday 17:10, well before Monday 08:00."


def test_hardly_before_opening_is_not_called_well_before() -> None:
    slow = process(rto=100 * HOUR, steps=(Step("rebuild", 60 * 60),))
    assert report(snapshot(), drill(), of=slow).answer.endswith("by Monday 05:10, before Monday 08:00.")


def test_at_risk_says_that_it_would_work_and_what_is_slipping() -> None:
    found = report(snapshot(same_device=True), drill())
    assert found.state == "AT RISK"
    assert (
        "back by Friday 17:10, well before Monday 08:00, but it is slipping. orders: The only" in found.answer
    )


def test_of_a_damaged_copy_and_a_proven_one_the_time_of_the_proven_one_is_promised() -> None:
    shop = config(process(), repositories=("primary", "planb"))
    slower = drill(40, seconds=DrillSeconds(restore=1100, verify=80, prove=10, total=1200))
    planb = copy(snapshot(1.5), slower, repository="planb")
    damaged = replace(damage(), started=ago(0.1))
    held = Evidence(copies=(copy(snapshot(), drill()), planb), checks=(damaged,))
    found = build(assess(shop, held, NOW), "admin")

    assert found.state == "AT RISK"
    assert "but it is slipping. orders: The check" in found.answer
    assert found.processes[0].takes == "20 min"
    assert found.plan_b == "planb: orders proven, 30 min behind."


def test_of_an_added_path_nobody_says_that_everything_would_be_lost() -> None:
    found = report(snapshot(), drill(), of=process(paths=("/srv/orders", "/srv/labels")))

    assert (found.state, found.processes[0].loses) == ("UNKNOWN", "the new paths")
    assert "everything" not in " ".join(fact.text for fact in found.methods)
    assert "the new paths (aim 2 h)" in text_report(found)


def test_not_ready_says_the_worst_reason_first() -> None:
    found = report(snapshot(same_device=True), drill(outcome="failed"))
    assert found.state == "NOT READY"
    assert found.answer.startswith("orders: The drill from primary on Wednesday 12:30, 30 min ago, failed: ")


def test_unknown_never_promises_anything() -> None:
    found = report()
    assert (found.state, found.answer) == (
        "UNKNOWN",
        "Nobody can say. orders: No snapshot has been taken yet.",
    )


def test_a_window_that_has_begun_is_spoken_of_in_the_past() -> None:
    weekend = timedelta(days=3)
    records = [
        replace(r, started=r.started + weekend, snapshot_at=NOW + weekend) for r in (snapshot(), drill())
    ]
    found = build(assessed(copy(*records), shop=config(), now=NOW + weekend))
    assert found.answer.startswith("Everything critical would have been back by Friday 17:10")


def test_what_to_do_first_is_one_thing() -> None:
    assert report().first == "orders: Run: readiness snapshot orders"
    assert healthy().first == ""


def test_what_several_processes_have_in_common_is_said_once_with_one_command_for_all() -> None:
    shop = config(process(), process("mail"))
    found = build(assessed(copy(snapshot()), copy(snapshot(paths=()), name="mail"), shop=shop))
    line = next(line for line in found.reasons if line.code == "never-proven")
    assert (line.process, line.hint) == ("mail and orders", "Run: readiness drill mail orders")


def test_a_line_tells_what_was_measured_of_what_was_promised() -> None:
    line = healthy().processes[0]
    assert (line.proven, line.takes, line.takes_promised) == ("Wednesday 12:30", "10 min", "24 h")
    assert (line.loses, line.loses_promised, line.back) == ("1 h", "2 h", "Friday 17:10")


def test_an_extrapolated_time_is_marked() -> None:
    assert report(snapshot(), drill(share=0.5, bytes=GIB // 2)).processes[0].takes.startswith("~")


def test_a_proof_long_ago_has_its_date() -> None:
    assert report(snapshot(), drill(240)).processes[0].proven == "15 Nov 2026"


def test_every_report_carries_the_ledger_s_head() -> None:
    assert healthy().seal == "record 7, ab12ab12ab12ab12"
    assert all("ab12ab12ab12ab12" in text for text in (text_report(healthy()), html_report(healthy())))
