"""The report as one HTML page, with or without its pictures."""

from agent.adapters.rendering.html import html_report
from agent.core.report.report import build
from support.builders.pages import HOSTILE, Page
from support.builders.shop import assessed, config, copy, drill, process, snapshot


def page(promise: str = "") -> Page:
    shop = config(process(promise=promise))
    return Page(html_report(build(assessed(copy(snapshot(), drill()), shop=shop), "admin")))


def test_the_page_begins_with_the_state_and_loads_nothing() -> None:
    found = page()
    assert found.words.split("READY")[0].count("\n") < 20
    assert (found.loads, "script" in found.tags) == ([], False)


def test_without_pictures_there_are_none() -> None:
    assert "svg" not in page().tags


def test_a_hostile_promise_stays_text() -> None:
    found = page(HOSTILE)
    assert "script" not in found.tags
    assert "<script>alert(1)</script>" in found.words
