"""The status screen and the report as plain text, at most 80 columns wide."""

from collections.abc import Iterator, Sequence

from agent.core.report.views import Fact, Forecast, ProcessLine, ReasonLine, Report
from agent.core.text.layout import aligned, aligned_width, wrapped

WIDTH = 80
HEADINGS = ("process", "state", "proven", "recovers in", "would lose now")


def status_screen(report: Report, exposed: Sequence[str] = ()) -> str:
    """One screen, the answer first. `exposed`: sentences on what would be lost now."""
    lines = [*_answer(report), ""]
    lines += [*_processes(report.processes), ""]
    if report.first:
        lines += [*_labelled("Do first", report.first), ""]
    lines += _reasons(report.reasons[:5])
    if len(report.reasons) > 5:
        lines.append(f"  ... and {len(report.reasons) - 5:,} more: readiness report")
    lines += [""] if report.reasons else []
    for sentence in exposed:
        lines += _labelled("Changed", sentence)
    lines += _labelled("Window", report.window)
    lines += _labelled("Plan B", report.plan_b)
    lines += _labelled("Copies", report.places)
    lines += _labelled("Ledger", report.seal)
    return "\n".join(lines)


def text_report(report: Report) -> str:
    """Everything that the report holds, in the order in which it is needed."""
    lines = [*_answer(report), "", *_wrapped(report.question), ""]
    if report.first:
        lines += [*_labelled("Do first", report.first), ""]
    lines += _section("The critical processes", _processes(report.processes))
    lines += _section("Back by, if it fails when the business closes", _timetable(report))
    lines += _section("Why", _reasons(report.reasons))
    lines += _section("Findings", _findings(report))
    lines += _section("Not tested", _facts(report.not_tested))
    lines += _section("Plan B", _wrapped(report.plan_b, "  "))
    lines += _section("Where the copies lie", _wrapped(report.places, "  "))
    lines += _section("How the numbers were obtained", _facts(report.methods))
    for proofs in report.evidence:
        title = f"Evidence for {proofs.process} in {proofs.repository}"
        lines += _section(title, _facts(proofs.facts))
    lines += [*_labelled("Ledger", report.seal), *_labelled("Written", report.at)]
    return "\n".join(lines)


def forecast_screen(forecast: Forecast) -> str:
    """The timetable, the answer first."""
    lines = [*_wrapped(forecast.answer), ""]
    cells = [(f.process, f.machine, f.people, f.back, f.promised, f.in_time) for f in forecast.lines]
    lines += _table(("process", "restore", "people", "back", "promised", "in time"), cells)
    lines += ["", *_labelled("Window", forecast.window), *_labelled("Chance", forecast.probability)]
    lines += _labelled("Notice", forecast.notice)
    return "\n".join(lines)


def _answer(report: Report) -> Iterator[str]:
    yield from _wrapped(f"{report.state} - {report.answer}")


def _section(title: str, lines: Iterator[str]) -> list[str]:
    found = list(lines)
    return [title.upper(), *found, ""] if found else []


def _labelled(label: str, text: str) -> Iterator[str]:
    yield from _wrapped(text, f"{label}: ".ljust(10), " " * 10)


def _facts(facts: Sequence[Fact]) -> Iterator[str]:
    for fact in facts:
        yield from _wrapped(f"{fact.label}: {fact.text}", "  ", "    ")


def _processes(processes: Sequence[ProcessLine]) -> Iterator[str]:
    return _table(HEADINGS, [_cells(process) for process in processes])


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns; where those are too wide, a few lines for each row."""
    cells = [headings, *rows]
    if aligned_width(cells) <= WIDTH:
        yield from aligned(cells)
        return
    for row in rows:
        yield from _wrapped(row[0], "", "  ")
        for heading, cell in list(zip(headings, row, strict=True))[1:]:
            yield from _wrapped(f"{heading}: {cell}", "  ", "    ")


def _cells(process: ProcessLine) -> tuple[str, ...]:
    return (
        process.process,
        process.state,
        process.proven,
        f"{process.takes} {process.takes_of}",
        f"{process.loses} {process.loses_of}",
    )


def _timetable(report: Report) -> Iterator[str]:
    yield from _wrapped(f"Window: {report.window}", "  ")
    for process in report.processes:
        promise = f" - {process.promise}" if process.promise else ""
        yield from _wrapped(f"{process.process}: {process.back}{promise}", "  ", "    ")


def _reasons(reasons: Sequence[ReasonLine]) -> Iterator[str]:
    for reason in reasons:
        where = f"{reason.process}: " if reason.process else ""
        yield from _wrapped(f"{where}{reason.sentence}", f"  {reason.state}".ljust(13), " " * 13)
        if reason.hint:
            yield from _wrapped(reason.hint, " " * 13 + "-> ", " " * 16)


def _findings(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield from _wrapped(f"{finding.process}: {finding.code}: {finding.message}", "  ", "    ")
        if finding.hint:
            yield from _wrapped(finding.hint, "    -> ", "       ")


def _wrapped(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    return wrapped(text, WIDTH, first, rest)
