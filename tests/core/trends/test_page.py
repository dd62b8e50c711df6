"""The pictures as a browser gets them: whole, inside their box, with gaps as gaps and failures marked."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from agent.adapters.rendering.html import html_report
from agent.core.model.drills import DrillSeconds
from agent.core.report.report import build
from agent.core.trends.page import TrendPage
from agent.core.trends.picture import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from support.builders import trading_year
from support.builders.pages import HOSTILE, Page, daily, outlier, page_of, points
from support.builders.shop import DAY, GIB, ago, assessed, config, drill, process, snapshot

PROCESSES = (trading_year.orders(), trading_year.mail(), trading_year.wiki())


def written(trends: TrendPage, audience="owner") -> str:
    return html_report(build(assessed(shop=config()), audience), trends)


def drawings(page: str) -> Iterator[ElementTree.Element]:
    """Every picture as XML; one that is not well-formed fails here."""
    for text in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        yield ElementTree.fromstring(text)


CASES = {
    "a year": (trading_year.year(), PROCESSES),
    "a week": ([r for r in trading_year.year() if r.started > ago(24 * 7)], PROCESSES),
    "an hour": ([snapshot(1), drill(0.5)], (process(),)),
    "an outlier": (outlier(), (process(),)),
    "no drill": (daily(300, 0), (process(),)),
    "only drills": ([drill(24.0 * days) for days in range(90, 0, -7)], (process(),)),
    "only failures": ([drill(24.0 * days, "failed") for days in range(90, 0, -1)], (process(),)),
    "twelve processes": (
        [replace(r, process=f"p{n}") for n in range(12) for r in (*daily(40, 0), drill(30))],
        tuple(process(f"p{n}") for n in range(12)),
    ),
    "hostile names": (
        [replace(record, process=HOSTILE) for record in (snapshot(2), drill(1))],
        (process(HOSTILE),),
    ),
    "nothing": ([], (process(),)),
    "empty data": (daily(40, 0, bytes=0), (process(),)),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> TrendPage:
    records, processes = CASES[request.param]
    return page_of(*records, of=processes)


# ---- whatever there is to show --------------------------------------------------------------


def test_every_picture_is_whole_and_says_what_it_shows(case: TrendPage) -> None:
    shown = [one for one in drawings(written(case)) if one.get("role") == "img"]
    assert len(shown) == 4 * len(case.rows)
    for one in shown:
        names = (one.get("aria-labelledby") or "").split()
        said = {part.get("id"): part.text for part in one if part.tag in ("title", "desc")}
        assert [bool(said[name]) for name in names] == [True, True]


def test_no_two_pictures_share_a_name(case: TrendPage) -> None:
    found = re.findall(r' id="([^"]+)"', written(case))
    assert len(found) == len(set(found))


def test_every_number_is_one_and_every_point_lies_in_the_box(case: TrendPage) -> None:
    values = " ".join(re.findall(r' (?:d|x|y|cx|cy|width|height|viewBox)="([^"]*)"', written(case)))
    assert re.findall(r"[^-\d. MLHVZhvlmz]|\d\.\d{3}", values.replace("device-width", "")) == []
    for row in case.rows:
        for picture in row.pictures:
            for path in (*picture.lines, *picture.areas, *(rule.path for rule in picture.rules)):
                assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in points(path)), path
            for one in picture.bars:
                assert LEFT <= one.x < one.x + one.width <= RIGHT + 0.01
                assert TOP <= one.y <= one.y + one.height <= BOTTOM + 0.01
            assert all(0 <= mark.x <= WIDTH and 0 <= mark.y <= HEIGHT for mark in picture.marks)
            assert all(0 <= tick.at <= HEIGHT for tick in picture.ticks)
            assert all(band.x >= LEFT and band.x + band.width <= RIGHT + 0.01 for band in picture.bands)


def test_the_page_loads_nothing_and_no_name_becomes_a_tag(case: TrendPage) -> None:
    text = written(case)
    page = Page(text)
    assert page.loads == []
    assert not {"script", "img", "image", "use", "foreignobject", "link"} & set(page.tags)
    assert "url(" not in text
    text.encode("utf-8")


def test_all_pictures_have_the_same_time_axis(case: TrendPage) -> None:
    assert len({picture.months for row in case.rows for picture in row.pictures}) <= 1


def test_every_sign_that_occurs_is_explained_and_no_other(case: TrendPage) -> None:
    words = Page(written(case)).words
    for sign, said in (("failed", "a drill that failed"), ("sample", "extrapolated from a sample")):
        assert (said in words) == (sign in case.signs)


# ---- gaps -----------------------------------------------------------------------------------


def test_a_process_without_any_record_is_named() -> None:
    trends = page_of(*daily(9, 0), of=(process(), process("new")))
    assert trends.empty == ("new",)
    assert "new: no data yet." in " ".join(Page(written(trends)).words.split())


# ---- words and numbers ----------------------------------------------------------------------


def test_the_numbers_of_every_month_can_be_read() -> None:
    (row,) = page_of(*outlier(), drill(30, "failed")).rows
    newest = row.months[0]
    assert (newest.month, newest.size, newest.failed) == ("Nov 2026", "1.0 GiB", "1")
    assert len(row.months) == 11
    assert 'scope="row">Nov 2026<' in written(page_of(*outlier()))


def test_a_month_of_numbers_counts_what_happened_in_it() -> None:
    slow = DrillSeconds(restore=7200, total=7200)
    sampled = drill(40, seconds=slow, share=0.2, bytes=GIB // 5)
    records = [snapshot(72), drill(60), sampled, drill(30, "failed"), drill(20, "not_tested")]
    (row,) = page_of(*records, of=(process(rpo=DAY),)).rows
    (month,) = row.months
    assert month.recovery.startswith("~")
    assert (month.passed, month.failed, month.untested) == ("2", "1", "1")
    assert (month.size, month.age, month.over) == ("1.0 GiB", "72 h", "3")


def test_the_auditor_has_the_numbers_open() -> None:
    trends = page_of(*daily(9, 0))
    assert "<details open>" in written(trends, "auditor")
    assert "<details>" in written(trends, "owner")
