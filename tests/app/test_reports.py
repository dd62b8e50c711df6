"""Reports and figures on their way into files: who may read them."""

import stat
from pathlib import Path

from agent.app.reports import (
    forecast_screen,
    report_for,
    status_screen,
    text_report,
    write_metrics,
    write_report,
)
from support.builders.shop import assessed, config, copy, drill, snapshot

READY = assessed(copy(snapshot(), drill()), shop=config())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_report_is_for_its_owner_alone_and_figures_are_for_everybody(tmp_path: Path) -> None:
    write_report(str(tmp_path / "report"), "words")
    write_metrics(str(tmp_path / "metrics"), "figures")
    assert (mode(tmp_path / "report"), mode(tmp_path / "metrics")) == (0o600, 0o644)
    assert (tmp_path / "report").read_text() + (tmp_path / "metrics").read_text() == "wordsfigures"


def test_every_way_to_show_it_begins_with_the_same_answer() -> None:
    report = report_for(READY, "owner")
    assert text_report(report).startswith("READY - ")
    assert status_screen(report).startswith("READY - ")


def test_what_would_be_lost_now_stands_on_the_screen() -> None:
    report = report_for(READY, "owner")
    assert "orders: three files" in status_screen(report, ["orders: three files"])
    assert "orders: three files" not in status_screen(report)


def test_the_timetable_is_that_of_the_assessment() -> None:
    assert forecast_screen(READY).startswith("Everything critical would be back by Friday 17:10")
