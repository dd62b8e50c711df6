"""Wiring of the trend pictures: the last twelve months from the ledger, for a report."""

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from agent.app.ledger import ledger_path
from agent.core.configuration.config import Config

if TYPE_CHECKING:
    from agent.core.letters.trend import Trend
    from agent.core.report.views import Report
    from agent.core.trends.history import History
    from agent.core.verdict.judgement import Assessment


def histories(config: Config, now: datetime) -> "tuple[History, ...]":
    """The last twelve months of every process; reads all of a year's snapshots and drills."""
    from agent.adapters.ledger.ledger import open_reader
    from agent.operations.reading.trends import gather_trends

    with closing(open_reader(ledger_path(config), config.repositories)) as ledger:
        return gather_trends(config, ledger, now)


def html_report(judged: "Assessment", report: "Report") -> str:
    """The report as an HTML page with its pictures, in the order of recovery."""
    from agent.adapters.rendering.html import html_report as page
    from agent.core.trends.page import trend_page

    return page(report, trend_page(_in_order(judged)))


def mail_trend(judged: "Assessment") -> "Trend":
    """The pictures of the owner's mail as table cells: recovery time and drills of every process."""
    from agent.adapters.rendering.trend_cells import trend_cells
    from agent.core.letters.trend import Trend, trend_sentence
    from agent.core.trends.cells import cell_charts

    found = _in_order(judged)
    cells = trend_cells([chart for one in found for chart in cell_charts(one)])
    return Trend(sentence=trend_sentence(found), cells=cells)


def _in_order(judged: "Assessment") -> "list[History]":
    """As the report lists the processes."""
    order = [judgement.process for judgement in judged.judgements]
    return sorted(histories(judged.config, judged.at), key=lambda one: order.index(one.process))
