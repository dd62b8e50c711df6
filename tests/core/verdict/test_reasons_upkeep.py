"""What waits for a person although all would come back: it is said, and changes no verdict."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.adapters.rendering.html import html_report
from agent.adapters.rendering.text import status_screen, text_report
from agent.core.configuration.config import Keep, Rhythm
from agent.core.model.findings import Finding
from agent.core.model.records import AgentRecord, Body, CheckRecord, PruneRecord, RetentionRecord, Verdict
from agent.core.report.metrics import metrics
from agent.core.report.report import build
from agent.core.verdict.judgement import Assessment
from agent.operations.reading.assess import assess_now
from support.builders.readiness_cli import Shop, fill
from support.builders.shop import NOW, ago, config, drill, process, snapshot, wrong
from support.doubles.fakes import FakeClock, FakeLedger

KEEP = Keep(rhythm=Rhythm(every=86400), at_most=80, last=3)
FROZEN = 'readiness_retention_frozen{process="orders"}'


def assessed(*later: Body, keep: Keep | None = KEEP) -> Assessment:
    """The verdict on a business that was good until these were recorded."""
    ledger = FakeLedger(snapshot(40), drill(30, of=40), snapshot(1), *later)
    return assess_now(config(process(keep=keep)), ledger, FakeClock(NOW))


def codes(assessment: Assessment) -> list[tuple[str, Verdict]]:
    return [(reason.code, reason.verdict) for reason in assessment.judgements[0].reasons]


def retained(*findings: Finding, **changes: Any) -> RetentionRecord:
    usual = RetentionRecord(
        process="orders", repository="primary", started=ago(5), outcome="passed", seconds=1, findings=findings
    )
    return replace(usual, **changes)


def checked(*findings: Finding, hours: float = 4) -> CheckRecord:
    return CheckRecord(
        repository="primary",
        started=ago(hours),
        outcome="not_tested" if findings else "passed",
        seconds=1,
        part=1,
        parts=28,
        findings=findings,
    )


JUMPED = AgentRecord(event="clock-jumped", jump=-86400)


def test_a_frozen_retention_is_a_note_that_says_why_and_what_to_do() -> None:
    found = assessed(JUMPED)

    assert (found.verdict, codes(found)) == (Verdict.READY, [("retention-frozen", Verdict.READY)])
    (reason,) = found.judgements[0].reasons
    assert "The clock was set back by 24 h." in reason.sentence
    assert reason.hint.endswith("readiness snapshot --accept orders")
    report = build(found)
    for shown in (status_screen(report), text_report(report), html_report(report)):
        assert "NOTE" in shown
        assert "readiness snapshot --accept orders" in " ".join(shown.split())


def test_it_is_a_figure_as_well() -> None:
    assert f"{FROZEN} 1\n" in metrics(assessed(JUMPED), [])
    assert f"{FROZEN} 0\n" in metrics(assessed(), [])


def test_where_nothing_is_ever_removed_nothing_is_frozen() -> None:
    assert codes(assessed(JUMPED, keep=None)) == []


def test_what_is_a_reason_of_its_own_is_not_said_twice() -> None:
    changed = snapshot(0.5, findings=(wrong("mass-change"),))
    assert codes(assessed(changed)) == [("mass-change", Verdict.AT_RISK)]
    assert codes(assessed(changed, JUMPED)) == [
        ("mass-change", Verdict.AT_RISK),
        ("retention-frozen", Verdict.READY),
    ]


def test_a_freeze_that_outlives_its_finding_is_said() -> None:
    vanished = snapshot(2, "failed", findings=(wrong("snapshots-vanished"),))
    assert codes(assessed(vanished, snapshot(0.5))) == [("retention-frozen", Verdict.READY)]


def test_snapshots_that_only_a_retention_or_check_missed_so_far_are_missed_at_once() -> None:
    vanished = wrong("snapshots-vanished")
    check = replace(checked(vanished, hours=0.3), outcome="failed")
    retention = retained(vanished, outcome="failed", started=ago(0.2))
    for record in (check, retention):
        assert codes(assessed(record))[0] == ("snapshots-vanished", Verdict.NOT_READY)
        assert ("snapshots-vanished", Verdict.NOT_READY) not in codes(assessed(record, snapshot(0.1)))


def test_a_retention_that_does_not_get_on_is_said_until_it_does() -> None:
    stuck = retained(wrong("retention-too-much"))
    assert codes(assessed(stuck)) == [("retention-too-much", Verdict.READY)]
    assert codes(assessed(stuck, retained())) == []


def test_a_check_that_could_not_be_made_is_said_until_it_is() -> None:
    undone = checked(wrong("timed-out", ""))
    assert codes(assessed(undone)) == [("timed-out", Verdict.READY)]
    assert codes(assessed(undone, checked())) == []
    (reason,) = assessed(undone).judgements[0].reasons
    assert reason.sentence.startswith("The check of primary (Wednesday 09:00, 4 h ago): This is timed-out.")


def test_a_prune_that_could_not_be_made_is_said() -> None:
    undone = PruneRecord(
        repository="primary",
        started=ago(1),
        outcome="not_tested",
        seconds=1,
        findings=(wrong("repository-locked", ""),),
    )
    assert codes(assessed(undone)) == [("repository-locked", Verdict.READY)]


def test_a_server_that_lets_nothing_be_removed_is_no_trouble() -> None:
    assert codes(assessed(retained(wrong("retention-refused")))) == []


def test_a_jump_of_the_clock_is_on_the_status_screen_until_a_person_accepts(
    newest_restic: Path, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, newest_restic)
    shop.extra = "keep = { last = 2 }"
    shop.set_up()
    fill(shop.source, files=5, big=0)
    shop.snapshot()
    with open_ledger(shop.state / "ledger.db") as ledger:
        ledger.append(AgentRecord(event="clock-jumped", jump=86400), datetime.now(UTC))

    def said() -> list[str]:
        return [each["code"] for each in shop.run("status").answer["result"]["processes"][0]["reasons"]]

    assert "retention-frozen" in said()
    assert shop.snapshot("--accept").status == 0
    assert "retention-frozen" not in said()


def test_a_copy_of_another_process_is_not_concerned() -> None:
    shop = config(process(keep=KEEP), process("mail"))
    ledger = FakeLedger(snapshot(40), drill(30, of=40), snapshot(1), retained(wrong("retention-too-much")))
    found = assess_now(shop, ledger, FakeClock(NOW))
    mail = next(judged for judged in found.judgements if judged.process == "mail")
    assert "retention-too-much" not in [reason.code for reason in mail.reasons]
