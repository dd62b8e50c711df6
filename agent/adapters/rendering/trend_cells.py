"""Trend pictures as table cells, to stand in the HTML part of a mail."""

from collections.abc import Sequence

from agent.adapters.rendering.templates import template
from agent.core.trends.cells import BEYOND, HIGH, CellChart, key

MOST = 12  # pictures in one mail: about 4.5 KB each, and Gmail cuts a mail off at 102 KB


def trend_cells(charts: Sequence[CellChart]) -> str:
    """A fragment of HTML without style sheet, class, picture or script; every value is escaped.

    Of more than `MOST` pictures the first are shown, and that there are more is said.
    """
    shown = charts[:MOST]
    return template("trend_cells").render(
        charts=shown, key=key(shown), more=len(charts) - MOST, high=HIGH, beyond=BEYOND
    )
