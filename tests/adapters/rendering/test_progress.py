"""How far long work is: a bar on a terminal, plain lines elsewhere, nothing for scripts."""

import io
import time
from typing import Any

import pytest
from rich.progress import Progress

from agent.adapters.rendering import progress as module
from agent.adapters.rendering.progress import PlainLines, Silent, TerminalBar, ended, suitable_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard error a terminal. (Not a fixture: pytest sets standard error again after those.)"""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_scripts_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)
    assert isinstance(suitable_progress(quiet=True), Silent)


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)
    assert isinstance(suitable_progress(quiet=False), TerminalBar)


def test_no_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(suitable_progress(quiet=False), PlainLines)


def test_plain_lines_come_seldom_and_say_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    lines = PlainLines()
    lines.begin("orders: restoring", 400 << 20)
    for second in range(1, 31):
        now[0] = 100.0 + second
        lines.advance(second << 22, second)
    assert capsys.readouterr().err.splitlines() == [
        "orders: restoring: 60.0 MiB of 400.0 MiB, 15 files, 4.0 MiB/s, 1 min 25 s left",
        "orders: restoring: 120.0 MiB of 400.0 MiB, 30 files, 4.0 MiB/s, 1 min 10 s left",
    ]


def test_no_line_says_more_than_all_of_it_or_that_no_time_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pack is lost: restic fetches it again and again, and counts what it fetches."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    lines = PlainLines()
    lines.begin("orders: restoring", 400 << 20)
    for second, done in ((16, 399 << 20), (32, 400 << 20), (48, 4000 << 20), (64, -5)):
        now[0] = 100.0 + second
        lines.advance(done)
    now[0] += 16
    lines.advance(7 << 20, total_bytes=2 << 20)
    assert capsys.readouterr().err.splitlines() == [
        "orders: restoring: 399.0 MiB of 400.0 MiB, 24.9 MiB/s",
        "orders: restoring: 400.0 MiB of 400.0 MiB, 12.5 MiB/s",
        "orders: restoring: 400.0 MiB of 400.0 MiB",
        "orders: restoring: 0 B of 400.0 MiB, 0 B/s",
        "orders: restoring: 2.0 MiB of 2.0 MiB",
    ]


@pytest.mark.parametrize("total", [None, 2000])
def test_no_bar_says_more_than_all_of_it(monkeypatch: pytest.MonkeyPatch, total: int | None) -> None:
    terminal = on_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    bar = TerminalBar()
    bar.begin("orders: restoring", 1000)
    for done in (500, 400_000):
        bar.advance(done, 1, total)
        time.sleep(0.15)
    bar.end()
    whole = "2.0/2.0" if total else "1,000/1,000"
    assert whole in terminal.getvalue()
    assert "400" not in terminal.getvalue() and "0:00:00" not in terminal.getvalue()


def test_a_bar_shows_the_title_and_gives_the_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    bar = TerminalBar()
    bar.begin("orders: restoring", 1000)
    bar.advance(500)
    bar.end()
    screen = terminal.getvalue()
    assert "orders: restoring" in screen
    assert screen.rfind("\x1b[?25h") > screen.rfind("\x1b[?25l") >= 0


@pytest.mark.parametrize("moment", ["start", "stop", "add_task"])
def test_a_late_word_from_restic_harms_no_bar(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    on_terminal(monkeypatch)
    bar = TerminalBar()
    bar.begin("one", 10)
    step = getattr(Progress, moment)

    def spoken_into(*given: Any, **named: Any) -> Any:
        bar.advance(1)
        return step(*given, **named)

    monkeypatch.setattr(Progress, moment, spoken_into)
    bar.begin("two", 10)
    bar.end()


def test_an_error_leaves_no_bar_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    bar = TerminalBar()
    with pytest.raises(ValueError, match="boo"), ended(bar):
        bar.begin("x")
        raise ValueError("boo")
    assert "\x1b[?25h" in terminal.getvalue()
