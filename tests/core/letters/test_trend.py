"""The last twelve months in one sentence for the owner."""

from agent.core.letters.trend import trend_sentence
from agent.core.model.runs import Outcome
from agent.operations.reading.trends import gather_trends
from support.builders.shop import NOW, config, drill
from support.doubles.fakes import FakeLedger


def test_the_sentence_beside_the_pictures_counts_what_they_show() -> None:
    def sentence(*outcomes: Outcome) -> str:
        records = [drill(24.0 * (n + 1), outcome) for n, outcome in enumerate(outcomes)]
        ledger = FakeLedger(*sorted(records, key=lambda one: one.started))
        return trend_sentence(gather_trends(config(), ledger, NOW))

    assert sentence() == ""
    assert sentence("passed") == "1 rehearsed restore went well since November 2026, none failed."
    assert sentence("passed", "failed", "passed") == (
        "2 rehearsed restores went well since November 2026, 1 failed."
    )
    assert sentence("not_tested", "passed").endswith(", none failed, 1 could not be made.")
    assert sentence("not_tested", "not_tested") == (
        "No rehearsed restore came to a result since November 2026, 2 could not be made."
    )
