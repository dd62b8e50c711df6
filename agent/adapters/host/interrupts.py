"""Ctrl-C, SIGTERM and SIGHUP: the first one unwinds everything, and no other is heard after it.

What must not be torn in two, such as a program between its start and its owner, holds them off.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Holding:
    """How many blocks hold interrupts off, and whether one came meanwhile."""

    def __init__(self) -> None:
        self.blocks = 0
        self.came = False
        self.unwinding = False


_holding = _Holding()


def unwind_on_signals() -> None:
    """From now on the first signal raises KeyboardInterrupt; `nohup` still keeps SIGHUP away."""
    for each in ENDING:
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, _unwind)


def hear_no_more() -> None:
    """What was asked for is done and is being said: nobody interrupts that any more."""
    for each in ENDING:
        if signal.getsignal(each) == _unwind:
            signal.signal(each, signal.SIG_IGN)


@contextmanager
def held_off() -> Iterator[None]:
    """An interrupt during the block is raised at its end. For the main thread."""
    _holding.blocks += 1
    try:
        yield
    finally:
        _holding.blocks -= 1
        if _holding.came and not _holding.blocks:
            _holding.came = False
            raise KeyboardInterrupt


def unwinding() -> bool:
    """Whether we were asked to end: long work in other threads is for nothing then."""
    return _holding.unwinding


class Stoppable(Protocol):
    """Something at work that can be ended."""

    def stop(self) -> None:
        """End it now."""
        ...


at_work: set[Stoppable] = set()  # programs that have not ended yet


def stop_all() -> None:
    """End every program whose owner was interrupted before it could."""
    for program in tuple(at_work):
        program.stop()


def _unwind(number: int, frame: object) -> None:
    _holding.unwinding = True
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)  # the clean-up is bounded and is not to be interrupted again
    if _holding.blocks:
        _holding.came = True
        return
    raise KeyboardInterrupt
