"""Who we are: root, a user, or the service's user with some of root's rights over files.

The service's state belongs to a user of its own. When root works on it by hand, root becomes that user and
keeps only the rights that the work needs, so that nothing in the state ever belongs to anybody else.
"""

import os
import pwd
import re
from pathlib import Path

from agent.errors import StateError

SERVICE_USER = "readiness"
CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, MKNOD, SETFCAP = 0, 1, 2, 3, 4, 27, 31
READING = (DAC_READ_SEARCH,)
# what a faithful restore needs: owners, modes, device nodes, the capabilities of files
RESTORING = (CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, MKNOD, SETFCAP)


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
    from agent.adapters.host import rights  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        rights.keep_over_setuid()
        os.setgroups(os.getgrouplist(owner.pw_name, owner.pw_gid))
        os.setresgid(owner.pw_gid, owner.pw_gid, owner.pw_gid)
        os.setresuid(owner.pw_uid, owner.pw_uid, owner.pw_uid)
        rights.hold(READING, keep=RESTORING)
        rights.own_proc_files()
    except OSError as error:
        raise _refused(error) from error


def take_file_rights() -> None:
    """Take up what `become_owner` kept: rights over the files of others. Without them nothing happens."""
    wanted = sum(1 << right for right in RESTORING)
    if os.geteuid() == 0 or wanted & ~_permitted():
        return
    from agent.adapters.host import rights  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        rights.hold(RESTORING, keep=RESTORING)
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> StateError:
    return StateError(
        f"The system does not let us become the user {SERVICE_USER} ({error.strerror}).",
        f"Run it as that user: runuser -u {SERVICE_USER} -- readiness ...",
    )


def _effective() -> int:
    return _noted("CapEff")


def _permitted() -> int:
    return _noted("CapPrm")


def _noted(name: str) -> int:
    found = re.search(rf"^{name}:\s*(\w+)", Path("/proc/self/status").read_text(), re.M)
    return int(found[1], 16) if found else 0
