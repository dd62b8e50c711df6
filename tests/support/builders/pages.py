"""A report, its page as a browser reads it, its pictures, and a name that tries to be more than a name."""

import html.parser
import re

from msgspec.structs import replace

from agent.core.model.drills import DrillSeconds
from agent.core.model.records import Body
from agent.core.report.report import build
from agent.core.report.views import Report
from agent.core.trends.page import TrendPage, trend_page
from agent.core.trends.picture import Picture
from agent.operations.reading.trends import gather_trends
from support.builders.shop import GIB, NOW, assessed, config, copy, drill, process, snapshot
from support.doubles.fakes import FakeLedger

HOSTILE = "<script>alert(1)</script>\u202egpj\n\x1b[31m \udcff'\"&amp;" + "x" * 300

ORDERS = process()


class Page(html.parser.HTMLParser):
    """What a browser would see: its tags, its text, and everything it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href", "action", "data")
        ]
        self.loads += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data


def report(*records, of=None, audience="auditor", more=(), repositories=("primary",)) -> Report:
    shop = config(of or process(), repositories=repositories)
    return build(assessed(copy(*records), *more, shop=shop), audience)


def healthy() -> Report:
    return report(snapshot(), drill())


# ---- its pictures -----------------------------------------------------------------------------


def page_of(*records: Body, of=(ORDERS,), now=NOW) -> TrendPage:
    ledger = FakeLedger(*sorted(records, key=lambda one: one.started))  # type: ignore[union-attr]
    return trend_page(gather_trends(config(*of), ledger, now))


def pictures(*records: Body, of=None, now=NOW) -> dict[str, Picture]:
    (row,) = page_of(*records, of=(of or process(),), now=now).rows
    return {picture.kind: picture for picture in row.pictures}


def points(path: str) -> list[tuple[float, float]]:
    """The points of a path that only has absolute moves and lines."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def daily(first: int, last: int, **changes) -> list[Body]:
    return [snapshot(24 * days, seconds=0, **changes) for days in range(first, last - 1, -1)]


def outlier() -> list[Body]:
    """Most of a year, with one snapshot fifty times as large and one drill far slower than the others."""
    records: list[Body] = [*daily(300, 0), *(drill(24.0 * days) for days in range(290, 0, -7))]
    records[150] = replace(records[150], bytes=50 * GIB)
    slow = DrillSeconds(restore=30_000, total=30_000)
    return [*records, drill(24 * 100 + 5, seconds=slow)]
