"""The pictures in a mail: tables that any mail program shows, and words that say the same."""

import html.parser
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from agent.adapters.rendering.trend_cells import MOST, trend_cells
from agent.core.configuration.config import CriticalProcess
from agent.core.model.drills import DrillSeconds
from agent.core.model.records import Body
from agent.core.trends.cells import BEYOND, HIGH, LOW, CellChart, cell_charts, key
from agent.operations.reading.trends import gather_trends
from support.builders import trading_year
from support.builders.pages import HOSTILE
from support.builders.shop import HOUR, NOW, config, drill, process, snapshot
from support.doubles.fakes import FakeLedger

KINDS = ("times", "rehearsals")
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


def charts(records: Sequence[Body], *of: CriticalProcess) -> dict[str, CellChart]:
    ledger = FakeLedger(*sorted(records, key=lambda one: one.started))  # type: ignore[union-attr]
    found = gather_trends(config(*(of or (process(),))), ledger, NOW)
    return {
        f"{one.process} {kind}": chart
        for one in found
        for kind, chart in zip(KINDS, cell_charts(one), strict=False)
    }


@pytest.fixture(scope="module")
def year() -> dict[str, CellChart]:
    return charts(trading_year.year(), trading_year.orders(), trading_year.mail(), trading_year.wiki())


def test_nothing_but_tables_and_attributes_is_used(year: dict[str, CellChart]) -> None:
    found = Fragment(trend_cells(list(year.values())))
    assert found.open == []
    assert found.tags == ALLOWED
    assert found.attributes <= ATTRIBUTES
    assert not {"url(", "flex", "grid", "position", "var("} & set(found.styles.lower().split(":"))


def test_as_many_as_are_shown_are_small_enough_for_a_mail_that_gmail_shows_whole(
    year: dict[str, CellChart],
) -> None:
    assert len(trend_cells([*year.values()] * 2)) < 60_000
    assert len(year) * 2 == MOST


def test_what_does_not_fit_is_said_to_be_missing(year: dict[str, CellChart]) -> None:
    text = trend_cells([*year.values()] * 3)
    assert "6 more pictures: readiness report --format html" in text
    assert text.count("aria-hidden") == MOST


def test_every_picture_has_a_column_a_month_and_says_in_plain_words_what_it_shows(
    year: dict[str, CellChart],
) -> None:
    for chart in year.values():
        assert "".join(column.month for column in chart.columns) == "DJFMAMJJASON"
    words = Fragment(trend_cells(list(year.values()))).words
    for jargon in ("drill", "recovery", "objective", "snapshot", "tested"):
        assert jargon not in words
    assert words.count("time to restore: ") == words.count("rehearsals: ") == 3


def test_the_name_of_a_process_stands_once_above_its_pictures_and_the_key_below_all(
    year: dict[str, CellChart],
) -> None:
    words = f"\n{Fragment(trend_cells(list(year.values()))).words}"
    assert [words.count(f"\n{name}\n") for name in ("orders", "mail", "wiki")] == [1, 1, 1]
    assert words.strip().endswith(key(list(year.values())))
    assert words.count("Line: what is promised.") == 1


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
    assert "-: nothing known." in key([year["wiki times"]])


def test_a_month_without_a_drill_is_told_from_one_without_data() -> None:
    shown = charts([*(snapshot(24.0 * days) for days in range(100)), drill(24 * 80)])["orders rehearsals"]
    assert [column.sign for column in shown.columns] == ["0", "", "0", "0"]
    assert shown.caption == "rehearsals: 1 good"
    assert "0: no rehearsal." in key([shown])


def test_failed_drills_are_counted_below_their_month(year: dict[str, CellChart]) -> None:
    april = year["orders rehearsals"].columns[4]
    assert [one.tone for one in april.segments] == ["usual", "unsure", "bad"]
    assert april.sign == "6 1?"
    assert "6 failed" in year["orders rehearsals"].caption


def test_what_could_not_be_rehearsed_is_told_from_what_went_well_without_its_colour() -> None:
    found = charts([snapshot(24 * 75), *(drill(24.0 * days, "not_tested") for days in (70, 40, 38))])
    shown = found["orders rehearsals"]
    assert [column.sign for column in shown.columns] == ["1?", "2?", "0"]
    assert key([shown]) == "With ?: how many could not be made. 0: no rehearsal."


def test_one_that_took_too_long_makes_its_month_rise_above_the_promise() -> None:
    slow = DrillSeconds(restore=3 * HOUR, total=3 * HOUR)
    records = [snapshot(24 * 75), drill(24 * 70), drill(24 * 40, seconds=slow), drill(24 * 5)]
    shown = charts(records, process(rto=2 * HOUR))["orders times"]
    assert [column.sign for column in shown.columns] == ["", "1", ""]
    assert [bool(column.above) for column in shown.columns] == [False, True, False]
    assert shown.caption == "time to restore: 10 min, promised 2 h; 1 of 3 took too long"


def test_a_restore_that_was_never_measured_is_not_drawn_as_quick() -> None:
    shown = charts([snapshot(5), drill(2, "failed")])
    assert shown["orders times"].caption == "time to restore: not measured, promised 24 h"
    assert shown["orders rehearsals"].caption == "rehearsals: 0 good, 1 failed"
    assert [column.segments for column in shown["orders times"].columns] == [()]


def test_names_stay_text() -> None:
    records = [replace(record, process=HOSTILE) for record in (snapshot(2), drill(1))]
    text = trend_cells(list(charts(records, process(HOSTILE)).values()))
    assert Fragment(text).tags <= ALLOWED
    assert "<script>alert(1)</script>\\u202egpj\\x0a" in Fragment(text).words
    text.encode("utf-8")


def test_a_process_without_any_record_has_no_picture() -> None:
    assert charts([]) == {}
    assert trend_cells([]).strip() == ""
