"""What only auditors read: the evidence for every copy, snapshot and drill."""

from support.builders.pages import healthy, report
from support.builders.shop import GIB, drill, snapshot


def test_the_auditor_reads_the_evidence_for_every_copy() -> None:
    facts = {fact.label: fact.text for fact in healthy().evidence[0].facts}
    assert facts["Snapshot"] == "00000000, Wednesday 12:00"
    assert facts["Holds"] == "1,000 files, 1.0 GiB"
    assert facts["Rung"] == "L5: files are equal and the application's data is proven"
    assert facts["Proof"] == "the orders are sound - passed"


def test_the_auditor_reads_the_newest_full_drill_behind_a_sample() -> None:
    found = report(snapshot(), drill(0.2, share=0.1, bytes=GIB // 10), drill(0.5))
    drills = [fact.text.split(",")[0] for fact in found.evidence[0].facts if fact.label == "Drill"]
    assert drills == ["sample of 10 %", "full"]
