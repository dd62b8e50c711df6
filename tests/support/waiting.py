"""Waiting for something that will happen, and no longer than it takes."""

import time
from collections.abc import Callable

PATIENCE = 90.0


def until(what: Callable[[], object], why: Callable[[], str] = str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


def another_second() -> None:
    """Wait for the clock's next second: what is named after its second has another name then."""
    now = int(time.time())
    until(lambda: int(time.time()) > now)
