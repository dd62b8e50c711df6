"""The status screen and the report as plain text, at most 80 columns wide."""

from msgspec.structs import replace

from agent.adapters.rendering.text import WIDTH, forecast_screen, status_screen, text_report
from agent.core.report.forecast import forecast
from agent.core.report.report import build
from agent.core.report.views import ProcessLine, ReasonLine, Report
from support.builders.shop import assessed, config, copy, drill, snapshot

JUDGED = assessed(copy(snapshot(), drill()), shop=config())


def report(**changes: object) -> Report:
    return replace(build(JUDGED, "admin"), **changes)


def reason(number: int) -> ReasonLine:
    first = build(assessed(copy(snapshot()), shop=config()), "admin").reasons[0]
    return replace(first, sentence=f"Reason {number}.", hint="")


def line(name: str) -> ProcessLine:
    return replace(report().processes[0], process=name)


def test_the_screen_names_five_reasons_and_counts_the_others() -> None:
    found = status_screen(report(reasons=tuple(map(reason, range(7))))).splitlines()
    assert [text.split()[-2:] for text in found if "Reason" in text] == [
        ["Reason", f"{n}."] for n in range(5)
    ]
    assert "  ... and 2 more: readiness report" in found


def test_the_report_names_all_of_them() -> None:
    found = text_report(report(reasons=tuple(map(reason, range(7)))))
    assert found.count("Reason") == 7
    assert "more: readiness report" not in found


def test_a_section_without_lines_has_no_heading() -> None:
    assert "FINDINGS" not in text_report(report(findings=()))
    assert "WHY" not in text_report(report(reasons=()))


def test_a_table_that_is_too_wide_becomes_lines() -> None:
    found = status_screen(report(processes=(line("x" * 60),))).splitlines()
    assert "x" * 60 in found
    assert "  state: READY" in found
    assert max(map(len, found)) <= WIDTH


def test_what_would_be_lost_has_its_label() -> None:
    found = status_screen(report(), ["orders: 3 files"]).splitlines()
    assert "Changed:  orders: 3 files" in found


def test_the_timetable_begins_with_the_answer_and_has_a_row_for_each_process() -> None:
    shown = forecast(JUDGED)
    found = forecast_screen(shown).splitlines()
    assert shown.answer.startswith(found[0])
    assert [row.split()[0] for row in found if row.startswith(("process", "orders"))] == ["process", "orders"]
