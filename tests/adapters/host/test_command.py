"""Other programs are started with bounded output and bounded time, and nothing of them is left running."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from agent.adapters.host import command as module
from agent.adapters.host.command import CommandMissing, Running, run
from agent.adapters.host.interrupts import at_work
from support.waiting import until


def shell(script: str, **options: object) -> Running:
    return Running(["sh", "-c", script], **options)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_status_and_output_come_back() -> None:
    done = run(["sh", "-c", "echo out; echo err >&2; exit 7"])
    assert (done.status, done.stdout, done.stderr, done.timed_out) == (7, b"out\n", b"err\n", False)


def test_a_signal_is_a_negative_status() -> None:
    assert run(["sh", "-c", "kill -SEGV $$"]).status == -signal.SIGSEGV


def test_what_is_not_installed_is_named() -> None:
    with pytest.raises(CommandMissing, match="no-such-program is not installed"):
        Running(["no-such-program"])


def test_without_setpriv_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandMissing, match="setpriv is not installed"):
        Running([sys.executable, "-c", ""])


def test_there_is_nothing_to_read_unless_a_file_is_given(tmp_path: Path) -> None:
    assert run(["cat"]).stdout == b""
    (tmp_path / "file").write_text("given")
    with (tmp_path / "file").open("rb") as file:
        assert Running(["cat"], stdin=file.fileno()).wait().stdout == b"given"


def test_of_much_output_the_beginning_and_the_end_are_kept_and_all_is_counted() -> None:
    done = run(["sh", "-c", "echo begin; yes | head -c 300000; echo end"], keep=1000)
    assert done.stdout.startswith(b"begin\n") and done.stdout.endswith(b"end\n")
    assert len(done.stdout) <= 1000
    assert done.output_bytes == 300_010


def test_lines_are_handed_on_whole_and_the_last_one_without_its_end() -> None:
    lines: list[bytes] = []
    shell("""printf '{"a":1}\\n{"b":'; sleep 0.1; printf '2}\\n{"c":3}'""", on_line=lines.append).wait()
    assert lines == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_an_overlong_line_is_dropped_and_the_next_one_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_LINE", 1000)
    lines: list[bytes] = []
    shell("yes '{' | tr -d '\\n' | head -c 200000; echo; echo '{\"next\":1}'", on_line=lines.append).wait()
    assert lines == [b'{"next":1}']


def test_one_that_takes_too_long_is_asked_to_end_and_said_to_have_timed_out() -> None:
    done = run(["sleep", "60"], deadline=0.2)
    assert (done.timed_out, done.status) == (True, -signal.SIGTERM)
    assert done.seconds < 30


def test_one_that_does_not_hear_is_killed_after_its_grace() -> None:
    running = shell("trap '' TERM; while :; do sleep 0.1; done")
    time.sleep(0.1)
    running.stop(grace=0.2)
    assert running.wait().status == -signal.SIGKILL


def test_a_stopped_one_hears_all_the_same() -> None:
    running = shell("kill -STOP $$; sleep 60")
    until(lambda: Path(f"/proc/{running.pid}/stat").read_text().split()[2] == "T")
    assert running.ask_to_end(20)


def test_the_signal_that_asks_it_to_end_is_chosen() -> None:
    running = shell("trap 'exit 9' INT; echo set; while :; do sleep 0.05; done", stop_signal=signal.SIGINT)
    until(lambda: running.stdout.total > 0)
    running.stop()
    assert running.wait().status == 9


def test_whatever_a_tick_raises_ends_it() -> None:
    running = Running(["sleep", "60"])

    def tick() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        running.wait(tick=tick)
    assert not alive(running.pid)


@pytest.mark.parametrize(("keep", "left"), [(False, False), (True, True)])
def test_what_it_leaves_behind_in_its_group_ends_with_it_unless_it_may_go_on(keep: bool, left: bool) -> None:
    done = shell("sleep 60 >/dev/null 2>&1 & echo $!", keep_children=keep).wait()
    child = int(done.stdout)
    if left:
        assert alive(child)
        os.kill(child, signal.SIGKILL)
    until(lambda: not alive(child))


def test_it_is_among_those_at_work_until_it_ends() -> None:
    running = Running(["sleep", "60"])
    assert running in at_work
    assert running.look() is None
    running.kill()
    running.wait()
    assert running not in at_work
