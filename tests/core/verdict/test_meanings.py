"""The table of every reason: whole, in one spelling, and with the verdict that rules really give."""

import re

import pytest

from agent.core.model.records import Verdict
from agent.core.verdict.meanings import REASONS
from support.builders.shop import drill, judged, process, snapshot


def test_every_reason_is_written_in_small_letters_with_hyphens_and_says_what_it_means() -> None:
    assert [code for code in REASONS if not re.fullmatch("[a-z]+(-[a-z]+)*", code)] == []
    meanings = [meaning for _, meaning in REASONS.values()]
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)


@pytest.mark.parametrize(
    "judgement",
    [
        judged(),
        judged(snapshot()),
        judged(snapshot(0.1, "failed"), snapshot(40), drill(0.1, "not_tested"), drill(0.5, "failed")),
        judged(snapshot(same_device=True), drill(240, of=241), of=process(proofs=())),
        judged(snapshot(), drill(0.5, share=0.5), of=process(rto=600)),
        judged(snapshot(-30), snapshot(), drill(), of=process(paths=("/srv/orders", "/srv/new"))),
    ],
    ids=["nothing", "never proven", "failed", "expiring", "sampled", "future"],
)
def test_a_rule_gives_the_verdict_that_the_table_tells(judgement) -> None:
    told = {reason.code: reason.verdict for reason in judgement.reasons}

    assert told
    assert told == {code: REASONS[code][0] for code in told}


def test_a_note_changes_no_verdict() -> None:
    notes = {code for code, (verdict, _) in REASONS.items() if verdict == Verdict.READY}

    assert {"mail-blocked", "alarm-test-unseen", "retention-frozen"} <= notes
    assert not notes & {"drill-failed", "never-proven", "snapshot-failing"}
