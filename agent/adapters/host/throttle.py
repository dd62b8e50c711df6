"""Lets something pass once in a while, remembered by the time of a file."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def passes(file: Path, seconds: float, others: Sequence[Path] = (), pause: float = 0.0) -> bool:
    """Whether `seconds` have gone by since this was true last, and `pause` since it was true of `others`.
    Where that cannot be noted, it never is: what cannot stop itself must not begin."""
    now = time.time()
    try:
        for each, wait in ((file, seconds), *((other, pause) for other in others)):
            if each.exists() and 0 <= now - each.stat().st_mtime < wait:
                return False
        file.touch(mode=0o600)
        os.utime(file, (now, now))
    except OSError:
        return False
    return True


def passes_again(file: Path, seconds: float, after: float) -> None:
    """What just passed came to nothing: it passes again `after` seconds, not after all of `seconds`."""
    then = time.time() - seconds + after
    with suppress(OSError):
        os.utime(file, (then, then))
