"""The pictures in a mail: tables that any mail program shows, and words that say the same."""

import html.parser
from collections.abc import Sequence

import pytest
import trading_year
from fakes import FakeLedger
from msgspec.structs import replace
from shop import HOUR, NOW, config, drill, process, snapshot
from test_trend_pictures import HOSTILE

from agent.adapters.render_trend_cells import MOST, trend_cells
from agent.core.configuration import CriticalProcess
from agent.core.model import Body
from agent.core.trend_cells import BEYOND, HIGH, LOW, CellChart, Kind, cell_charts
from agent.operations.trends import gather_trends

KINDS: tuple[Kind, ...] = ("recovery", "size", "age", "drills")
ALLOWED = {"p", "table", "tr", "td", "b"}
ATTRIBUTES = {
    *("role", "aria-hidden", "width", "height", "cellpadding", "cellspacing", "border"),
    *("style", "bgcolor", "valign", "align", "colspan"),
}


class Fragment(html.parser.HTMLParser):
    """Tags and attributes as a mail program meets them; `open` must be empty at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles = ""
        self.words = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles += ";".join(value or "" for name, value in attrs if name == "style") + ";"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def charts(
    records: Sequence[Body], *of: CriticalProcess, kinds: Sequence[Kind] = KINDS
) -> dict[str, CellChart]:
    ledger = FakeLedger(*sorted(records, key=lambda one: one.started))  # type: ignore[union-attr]
    found = gather_trends(config(*(of or (process(),))), ledger, NOW)
    return {f"{one.process} {chart.kind}": chart for one in found for chart in cell_charts(one, kinds)}


@pytest.fixture(scope="module")
def year() -> dict[str, CellChart]:
    return charts(trading_year.year(), trading_year.orders(), trading_year.mail(), trading_year.wiki())


def test_nothing_but_tables_and_attributes_is_used(year: dict[str, CellChart]) -> None:
    found = Fragment(trend_cells(list(year.values())))
    assert found.open == []
    assert found.tags == ALLOWED
    assert found.attributes <= ATTRIBUTES
    assert not {"url(", "flex", "grid", "position", "var("} & set(found.styles.lower().split(":"))


def test_it_is_small_enough_for_a_mail_that_gmail_shows_whole(year: dict[str, CellChart]) -> None:
    assert len(year) == MOST
    assert len(trend_cells(list(year.values()))) < 60_000


def test_what_does_not_fit_is_said_to_be_missing(year: dict[str, CellChart]) -> None:
    text = trend_cells([*year.values()] * 2)
    assert "12 more pictures: readiness report --format html" in text
    assert text.count("aria-hidden") == MOST


def test_every_picture_has_a_column_a_month_and_a_sentence(year: dict[str, CellChart]) -> None:
    for chart in year.values():
        assert "".join(column.month for column in chart.columns) == "DJFMAMJJASON"
        assert chart.sentence.endswith(".")
        assert "\n" not in chart.sentence + chart.caption


def test_columns_stay_within_their_height(year: dict[str, CellChart]) -> None:
    for chart in year.values():
        for column in chart.columns:
            assert all(LOW <= one.height <= HIGH for one in column.segments)
            assert 0 <= column.above <= BEYOND


def test_a_month_before_the_first_record_has_no_column_but_a_sign(year: dict[str, CellChart]) -> None:
    for kind in KINDS:
        before, after = year[f"wiki {kind}"].columns[8], year[f"wiki {kind}"].columns[10]
        assert (before.segments, before.sign) == ((), "-")
        assert after.segments and after.sign == ""
        assert "-: no data" in year[f"wiki {kind}"].key


def test_a_month_without_a_drill_is_told_from_one_without_data() -> None:
    shown = charts([*(snapshot(24.0 * days) for days in range(100)), drill(24 * 80)])["orders drills"]
    assert [column.sign for column in shown.columns] == ["0", "", "0", "0"]
    assert "0: no drill" in shown.key


def test_failed_drills_are_counted_below_their_month(year: dict[str, CellChart]) -> None:
    april = year["orders drills"].columns[4]
    assert [one.tone for one in april.segments] == ["usual", "unsure", "bad"]
    assert april.sign == "6"
    assert "6 failed" in year["orders drills"].caption


def test_one_bad_day_makes_its_month_rise_above_the_promise() -> None:
    records = [snapshot(hours, seconds=0) for hours in range(24 * 100) if not 1000 < hours < 1030]
    shown = charts(records, process(rpo=2 * HOUR))["orders age"]
    assert [column.sign for column in shown.columns] == ["", "", "2", ""]
    assert [bool(column.above) for column in shown.columns] == [False, False, True, False]


def test_names_stay_text() -> None:
    records = [replace(record, process=HOSTILE) for record in (snapshot(2), drill(1))]
    text = trend_cells(list(charts(records, process(HOSTILE)).values()))
    assert Fragment(text).tags <= ALLOWED
    assert "<script>alert(1)</script>\\u202egpj\\x0a" in Fragment(text).words
    text.encode("utf-8")


def test_a_process_without_any_record_has_no_picture() -> None:
    assert charts([]) == {}
    assert trend_cells([]).strip() == ""
