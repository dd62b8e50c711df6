"""Who may write in TREE has a link on the way for as long as restic reads: `swapping_shop.py KIND TREE`.

They hear by inotify when somebody lists a directory of theirs; then names change places. Below `site` and
below what `way` leads to lie files of the same names; TREE/zone is what a walk meets last.
"""

import ctypes
import os
import select
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_HERE, _EXCHANGE, _OPENED, _NONBLOCK = -100, 2, 0x20, 0o4000
SHOP = 65534
AWAY = 0.03  # seconds
_libc = ctypes.CDLL(None, use_errno=True)


def exchange(one: str, other: str) -> None:
    """Swap two names in one step."""
    if _libc.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def opened(*places: str, seconds: float | None = None) -> Iterator[None]:
    """Once for each time that somebody opens one of these, or a file in it; ends when nobody has for long."""
    watch = _libc.inotify_init1(_NONBLOCK)
    for place in places:
        assert _libc.inotify_add_watch(watch, os.fsencode(place), _OPENED) >= 0
    try:
        while select.select([watch], [], [], seconds)[0]:
            os.read(watch, 1 << 16)
            yield
    finally:
        os.close(watch)


def at_both_looks() -> None:
    """A directory is itself whenever it is looked at, and a link while its files are read."""
    print("at it", flush=True)
    for _ in opened("site/data"):
        exchange("site", "way")
        time.sleep(AWAY)
        exchange("site", "way")


def at_no_look() -> None:
    """Neither the walk before restic nor the one behind it meets any of it where restic does."""
    shutil.copytree("site", "zone/anew")
    Path("zone/lead").symlink_to("../other")
    print("at it", flush=True)
    for _ in opened("zone"):
        for name in ("anew", "lead"):
            Path("zone", name).rename(name)
        for _ in opened("anew/data", seconds=0.7):
            exchange("anew", "lead")
            time.sleep(AWAY)
            exchange("anew", "lead")
            break
        for name in ("anew", "lead"):
            Path(name).rename(f"zone/{name}")


def files_and_fifos() -> None:
    """Each file is a FIFO every other moment."""
    for number in range(40):
        os.mkfifo(f"pipe-{number:03}")
    print("at it", flush=True)
    while True:
        for number in range(40):
            exchange(f"order-{number:03}", f"pipe-{number:03}")


KINDS = {each.__name__: each for each in (at_both_looks, at_no_look)}

if __name__ == "__main__":
    os.chdir(sys.argv[2])
    os.setgroups([])
    os.setgid(SHOP)
    os.setuid(SHOP)
    (KINDS | {"files_and_fifos": files_and_fifos})[sys.argv[1]]()
