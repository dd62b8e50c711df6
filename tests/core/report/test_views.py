"""View models: a measured time stands beside its promise, an unknown one before its aim."""

from agent.adapters.rendering.html import html_report
from agent.adapters.rendering.text import status_screen, text_report
from agent.core.report.views import ProcessLine
from support.builders.pages import Page, healthy, report


def test_what_was_never_measured_is_not_a_part_of_what_is_promised() -> None:
    for words in (status_screen(report()), text_report(report()), Page(html_report(report())).words):
        assert "unknown (aim 24 h)" in words
        assert "everything (aim 2 h)" in words
    assert "10 min of 24 h" in status_screen(healthy())


def test_each_of_the_two_times_is_held_against_its_own_promise() -> None:
    line = ProcessLine(
        process="orders",
        state="READY",
        promise="",
        owner="",
        proven="never",
        takes="~10 min",
        takes_promised="24 h",
        loses="everything",
        loses_promised="2 h",
        back="unknown",
    )

    assert (line.takes_of, line.loses_of) == ("of 24 h", "(aim 2 h)")
