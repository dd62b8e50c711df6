"""The verdict on its way to people: screens, reports and figures, shown or put into a file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.app.config import take_file_rights

if TYPE_CHECKING:
    from agent.core.report.views import Audience, Report
    from agent.core.verdict.judgement import Assessment


def report_for(judged: "Assessment", audience: "Audience") -> "Report":
    """The assessment in words."""
    from agent.core.report.report import build

    return build(judged, audience)


def text_report(report: "Report") -> str:
    """The report as plain text."""
    from agent.adapters.rendering.text import text_report as text

    return text(report)


def status_screen(report: "Report", exposed: Sequence[str] = ()) -> str:
    """The report's answer on one screen, with a sentence on what each process would lose now."""
    from agent.adapters.rendering.text import status_screen as screen

    return screen(report, exposed)


def forecast_screen(judged: "Assessment") -> str:
    """The timetable on one screen."""
    from agent.adapters.rendering.text import forecast_screen as screen
    from agent.core.report.forecast import forecast

    return screen(forecast(judged))


def write_report(file: str, text: str) -> None:
    """Put a rendered report into a file, whole or not at all."""
    from agent.adapters.host.whole_file import write_report as write

    take_file_rights()
    write(file, text)


def write_metrics(file: str, text: str) -> None:
    """Put figures into a file that everybody may read, whole or not at all."""
    from agent.adapters.host.whole_file import PUBLIC
    from agent.adapters.host.whole_file import write_report as write

    take_file_rights()
    write(file, text, PUBLIC)
