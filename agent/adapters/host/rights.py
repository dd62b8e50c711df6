"""Changes what this process may do, by the system calls that Python does not have.

Apart from `identity`, which every command asks: ctypes takes longer to load than the question.
"""

import ctypes
import os
from collections.abc import Iterable

# numbers of prctl(2) and capset(2)
_SET_DUMPABLE, _SET_KEEPCAPS, _CAP_AMBIENT, _RAISE = 4, 8, 47, 2
_VERSION_3 = 0x20080522


def mask(rights: Iterable[int]) -> int:
    """Capabilities as the bits that /proc/PID/status shows."""
    return sum(1 << right for right in rights)


def keep_over_setuid() -> None:
    """Let the capabilities outlast the next change of user; OSError where the system refuses."""
    _prctl(_SET_KEEPCAPS, 1)


def own_proc_files() -> None:
    """After a change of user: what is ours in /proc is no longer root's."""
    _prctl(_SET_DUMPABLE, 1)


def hold(rights: Iterable[int], keep: Iterable[int]) -> None:
    """Have `rights`, and hand them on to programs that we start; `keep` may be taken up later.

    OSError where the system refuses.
    """
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    wanted = mask(rights)
    sets = (ctypes.c_uint32 * 6)(wanted, mask(keep), wanted, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        raise _refused()
    for right in rights:
        _prctl(_CAP_AMBIENT, _RAISE, right)


def _prctl(option: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0)]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *words[:4]) != 0:
        raise _refused()


def _refused() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
