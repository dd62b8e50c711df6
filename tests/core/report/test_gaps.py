"""What was NOT tested: said in every report, and what several processes have in common once."""

import pytest

from agent.core.configuration.config import Step
from agent.core.model.drills import Compared, DrillFiles, ProofResult, Uncompared
from support.builders.pages import healthy, report
from support.builders.shop import GIB, copy, drill, process, snapshot

LEFT = Compared(
    uncompared=(Uncompared("/srv/orders/log", 9, "absent"),), uncompared_files=1, uncompared_bytes=9
)


def untested(*records, **changes) -> list[str]:
    return [fact.text for fact in report(*records, **changes).not_tested]


def test_a_report_always_says_that_another_machine_was_not_tried() -> None:
    assert "Everything was restored on this machine." in untested(snapshot(), drill())[-1]


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (drill(share=0.3, bytes=GIB // 3), "Only 30 % of it was drilled"),
        (drill(files=DrillFiles(moving=3)), "3 files changed while the snapshot was taken: not compared."),
        (drill(compared=LEFT), "Not compared in the newest drill: 1 file, 9 B, such as /srv/orders/log."),
        (
            drill(proofs=(ProofResult(name="sound", outcome="not_tested", seconds=0),)),
            "Not run in the newest drill",
        ),
        (drill(isolation=("user", "without no-network")), "without these walls around them: no-network."),
        (drill(outcome="failed"), "Nothing of it has a restore that counts as proven."),
    ],
)
def test_what_a_drill_left_out_is_said(record, sentence: str) -> None:
    assert any(sentence in text for text in untested(snapshot(), record))


def test_steps_by_people_are_called_declared_and_not_measured() -> None:
    texts = untested(snapshot(), drill(), of=process(steps=(Step("dns", 20), Step("printer", 25))))
    assert "2 steps by people (45 min): declared, not measured." in texts


def test_excluded_paths_are_named() -> None:
    kept_out = snapshot(excluded=("/srv/orders/cache",))
    texts = untested(kept_out, drill(), of=process(exclude=("/srv/orders/cache",)))
    assert any("/srv/orders/cache" in text for text in texts)


def test_a_missing_plan_b_is_said() -> None:
    assert healthy().plan_b == "None: only one repository is configured."


def test_a_plan_b_says_what_it_proves() -> None:
    found = report(
        snapshot(), drill(), more=(copy(snapshot(), repository="away"),), repositories=("primary", "away")
    )
    assert found.plan_b == "away: orders not proven, up to date."


def test_where_every_copy_lies_is_said_in_the_order_of_the_config() -> None:
    far = copy(snapshot(place="elsewhere"), repository="away")
    found = report(
        snapshot(place="same-disk"),
        drill(),
        more=(far,),
        repositories=("primary", "away"),
        audience="auditor",
    )
    assert found.places == "primary: same disk; away: elsewhere."
    assert [fact.text for one in found.evidence for fact in one.facts if fact.label == "Lies"] == [
        "same disk",
        "elsewhere",
    ]
    assert report(drill()).places == "There is none yet."


def test_a_plan_b_that_failed_since_it_was_proven_is_not_called_proven() -> None:
    failed = copy(snapshot(), drill(0.2, "failed"), drill(20), repository="away")
    found = report(snapshot(), drill(), more=(failed,), repositories=("primary", "away"))
    assert found.plan_b.startswith("away: orders not proven")
