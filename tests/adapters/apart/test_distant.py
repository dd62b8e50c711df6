"""The far end of the desk: a desk that says nothing sensible is a refusal, never a hang."""

import signal
import socket
import time
from contextlib import closing

import pytest

from agent.adapters.apart import distant as module
from agent.adapters.apart.distant import DistantLedger, DistantProgress, Owner
from agent.adapters.apart.wire import Answered, Line, WireBroken
from agent.core.model.drills import DrillRecord


def asked(*lines: bytes) -> object:
    """What comes of a question to a desk that says these lines, and closes."""
    ours, far = socket.socketpair()
    with closing(ours):
        with closing(far):
            far.sendall(b"".join(line + b"\n" for line in lines))
        line: Line[Answered] = Line(ours, Answered)
        return DistantLedger(Owner(line)).newest(DrillRecord)


@pytest.mark.parametrize("line", [b'{"type":"done"}', b"{}", b""])
def test_a_desk_that_does_not_say_how_to_drill_is_refused(line: bytes) -> None:
    with pytest.raises(WireBroken):
        asked(line)


@pytest.mark.parametrize("rest", [(), (b'{"type":"wish"}',), (b"nonsense",)])
def test_a_desk_that_does_not_answer_is_refused(rest: tuple[bytes, ...]) -> None:
    with pytest.raises(WireBroken):
        asked(b'{"type":"wish"}', *rest)


def test_a_drill_that_nobody_waits_for_any_more_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    monkeypatch.setattr(module.os, "kill", lambda _, number: heard.append(number))
    ours, far = socket.socketpair()
    line: Line[Answered] = Line(ours, Answered)
    with closing(line), module._ended_with(line):
        far.close()
        while not heard:
            time.sleep(0.01)
    assert heard == [signal.SIGTERM]


def test_at_its_end_nobody_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "kill", lambda *_: pytest.fail("interrupted"))
    ours, far = socket.socketpair()
    line: Line[Answered] = Line(ours, Answered)
    with closing(far), closing(line), module._ended_with(line):
        pass


def test_how_far_it_is_is_no_reason_to_end() -> None:
    ours, far = socket.socketpair()
    far.sendall(b'{"type":"wish"}\n')
    with closing(ours):
        line: Line[Answered] = Line(ours, Answered)
        owner = Owner(line)
        far.close()
        progress = DistantProgress(owner)
        for _ in range(3):
            progress.begin("orders: restoring")
