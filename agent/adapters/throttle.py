"""Lets something pass once in a while, remembered by the time of a file."""

import os
import time
from contextlib import suppress
from pathlib import Path


def passes(file: Path, seconds: float) -> bool:
    """Whether `seconds` have gone by since this was true last. Where that cannot be noted, it never is:
    what cannot stop itself must not begin."""
    now = time.time()
    try:
        if file.exists() and 0 <= now - file.stat().st_mtime < seconds:
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
