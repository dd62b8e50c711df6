"""An interrupt at any line of the command line's own code: one answer, and its status is the exit status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.places import ROOT

# One run of a command, to which SIGTERM comes as it passes the line of the command line with this number.
INTERRUPTED = """
import os, signal, sys
from agent import cli

def traced(frame, event, argument):
    return at_line if "/agent/cli/" in frame.f_code.co_filename else None

def at_line(frame, event, argument):
    global passed
    passed += event == "line"
    if event == "line" and passed == number:
        os.kill(os.getpid(), signal.SIGTERM)
    return at_line

for number in range(1, int(sys.argv[1])):
    passed = 0
    if not os.fork():
        for stream in (1, 2):
            os.dup2(os.open(f"{number}.{stream}", os.O_CREAT | os.O_WRONLY), stream)
        sys.argv[1:] = sys.argv[2:]
        sys.settrace(traced)
        cli.main()
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
LINES = 120  # more than a run passes


@pytest.mark.parametrize("form", ["--json", "-v"])
def test_there_is_one_answer_wherever_an_interrupt_comes(tmp_path: Path, form: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(LINES), form, "--config", "none.toml", "validate"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    statuses = [int(line) for line in done.stdout.split()]
    assert set(statuses) == {-signal.SIGTERM, 130, 78}  # before it listens, in between, and all is said
    for number, status in enumerate(statuses, 1):
        printed, said = ((tmp_path / f"{number}.{stream}").read_text() for stream in (1, 2))
        assert "Traceback" not in said
        if status > 0 and form == "--json":
            assert json.loads(printed)["exit"] == status
        assert status < 0 or ("Interrupted" in said) == (status == 130)
