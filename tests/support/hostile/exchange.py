"""A name that is one thing and then another, in a loop: renameat2 exchanges two of them in one step."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.places import ROOT

_NOWHERE, _EXCHANGE = -100, 2


def exchange(one: str, other: str) -> None:
    """Swap two names, as their owner may."""
    call = ctypes.CDLL(None, use_errno=True).renameat2
    if call(_NOWHERE, os.fsencode(one), _NOWHERE, os.fsencode(other), _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def exchanged(one: Path, other: Path, pause: float = 0.0) -> Iterator[None]:
    """Another process swaps them all the time, with `pause` seconds between."""
    program = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
    program += "from support.hostile.exchange import swap; swap(*sys.argv[1:])"
    command = [sys.executable, "-c", program, one, other, str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:
        try:
            assert swapping.stdout and swapping.stdout.readline() == b"at it\n"
            yield
            assert swapping.poll() is None
        finally:
            swapping.kill()


def swap(one: str, other: str, pause: str) -> None:
    """Until killed."""
    print("at it", flush=True)
    while True:
        exchange(one, other)
        time.sleep(float(pause))
