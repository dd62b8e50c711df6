"""Trend pictures as table cells, to stand in the HTML part of a mail."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent.core.trend_cells import BEYOND, HIGH, CellChart

MOST = 12  # pictures in one mail: about 4.5 KB each, and Gmail cuts a mail off at 102 KB


def trend_cells(charts: Sequence[CellChart]) -> str:
    """A fragment of HTML without style sheet, class, picture or script; every value is escaped.

    Of more than `MOST` pictures the first are shown, and that there are more is said.
    """
    environment = Environment(
        loader=PackageLoader("agent", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("trend_cells.html.j2")
    return template.render(charts=charts[:MOST], more=len(charts) - MOST, high=HIGH, beyond=BEYOND)
