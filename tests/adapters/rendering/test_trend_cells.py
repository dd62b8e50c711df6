"""Trend pictures as table cells for a mail: so many at most, and the key below."""

from agent.adapters.rendering.trend_cells import MOST, trend_cells
from agent.core.trends.cells import cell_charts
from agent.operations.reading.trends import gather_trends
from support.builders.shop import NOW, config, drill, process, snapshot
from support.doubles.fakes import FakeLedger


def cells(processes: int) -> str:
    """Two pictures for each process."""
    names = [f"<{number}>" for number in range(processes)]
    records = [made(process=name) for name in names for made in (snapshot, drill)]
    found = gather_trends(config(*map(process, names)), FakeLedger(*records), NOW)
    return trend_cells([chart for one in found for chart in cell_charts(one)])


def test_names_are_escaped_and_nothing_but_cells_is_used() -> None:
    text = cells(1)
    assert "&lt;0&gt;" in text and "<0>" not in text
    assert not any(tag in text for tag in ("<img", "<svg", "<script", "<style", " class="))


def test_of_too_many_the_first_are_shown_and_the_rest_is_counted() -> None:
    pictures = cells(MOST // 2 + 2).count("<table")
    assert pictures == cells(MOST // 2).count("<table")
    assert "4 more" in cells(MOST // 2 + 2)
