"""Who we are: root, a user, or the service's user with some of root's rights over files.

The service's state belongs to a user of its own. When root works on it by hand, root becomes that user and
keeps only the rights that the work needs, so that nothing in the state ever belongs to anybody else.
"""

import ctypes
import os
import pwd
import re
from collections.abc import Iterable
from pathlib import Path

from agent.errors import StateError

SERVICE_USER = "readiness"
CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, MKNOD, SETFCAP = 0, 1, 2, 3, 4, 27, 31
READING = (DAC_READ_SEARCH,)
# what a faithful restore needs: owners, modes, device nodes, the capabilities of files
RESTORING = (CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, MKNOD, SETFCAP)

# numbers of prctl(2) and capset(2)
_SET_DUMPABLE, _SET_KEEPCAPS, _CAP_AMBIENT, _RAISE = 4, 8, 47, 2
_VERSION_3 = 0x20080522


def has_file_rights() -> bool:
    """Whether we may give files to other users, as root and a drill of the service may."""
    return os.geteuid() == 0 or _effective() & (1 << CHOWN) != 0


def is_service() -> bool:
    """Whether we are the service's user with more rights than a user has."""
    return os.geteuid() != 0 and _effective() != 0


def become_owner(state: Path) -> None:
    """As root on the service's state: become its owner, who may read everything."""
    if os.geteuid() != 0:
        return
    try:
        owner = pwd.getpwuid(state.stat().st_uid)
    except (OSError, KeyError):
        return  # not made yet, or nobody's
    if owner.pw_name != SERVICE_USER:
        return
    _prctl(_SET_KEEPCAPS, 1)
    os.setgroups(os.getgrouplist(owner.pw_name, owner.pw_gid))
    os.setresgid(owner.pw_gid, owner.pw_gid, owner.pw_gid)
    os.setresuid(owner.pw_uid, owner.pw_uid, owner.pw_uid)
    _raise(READING, keep=RESTORING)
    _prctl(_SET_DUMPABLE, 1)  # else what is ours in /proc is root's


def take_file_rights() -> None:
    """Take up what `become_owner` kept: rights over the files of others. Without them nothing happens."""
    if os.geteuid() != 0 and _mask(RESTORING) & ~_permitted() == 0:
        _raise(RESTORING, keep=RESTORING)


def _raise(rights: Iterable[int], keep: Iterable[int]) -> None:
    """Have `rights`, and hand them on to programs that we start; `keep` may be taken up later."""
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    wanted, permitted = _mask(rights), _mask(keep)
    sets = (ctypes.c_uint32 * 6)(wanted, permitted, wanted, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        raise _refused()
    for right in rights:
        _prctl(_CAP_AMBIENT, _RAISE, right)


def _prctl(option: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0)]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *words[:4]) != 0:
        raise _refused()


def _refused() -> StateError:
    reason = os.strerror(ctypes.get_errno())
    return StateError(
        f"The system does not let us become the user {SERVICE_USER} ({reason}).",
        f"Run it as that user: runuser -u {SERVICE_USER} -- readiness ...",
    )


def _mask(rights: Iterable[int]) -> int:
    return sum(1 << right for right in rights)


def _effective() -> int:
    return _noted("CapEff")


def _permitted() -> int:
    return _noted("CapPrm")


def _noted(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\w+)", Path("/proc/self/status").read_text(), re.M)
    return int(found[1], 16) if found else 0
