"""Gives a restored tree to the user that the proof commands run as."""

import os
import pwd
import stat
from pathlib import Path

import psutil

from agent.adapters.host.identity import has_file_rights
from agent.adapters.sources.walk import Trouble, Visit, walk

USERS = range(61184, 65520)  # IDs that systemd keeps for users without a name


def unused_user() -> int:
    """A user ID that nobody has and that runs nothing, so that limits per user count only ours."""
    found = psutil.process_iter(["uids"])
    running: set[int] = {process.info["uids"].real for process in found if process.info["uids"]}
    first = USERS.start + os.getpid() % len(USERS)  # two of us at once shall not choose the same
    candidates = (*range(first, USERS.stop), *range(USERS.start, first))
    return next((user for user in candidates if user not in running and not has_name(user)), first)


def has_name(user: int) -> bool:
    """Whether the system knows the user by a name."""
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def hand_over(tree: Path, user: int, group: int | None = None) -> None:
    """Make `user` the owner of everything in `tree`, able to read and write it all; `group` as the user.

    Links are not followed. Device nodes stay root's: the user could write to the disks of the machine.
    Owners and modes of before are not kept: whoever wants them back applies the witness again.
    """
    owner = (user, user if group is None else group) if has_file_rights() else None
    base = os.open(tree.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for visit in walk(base, os.fsencode(tree.name)):
            if not isinstance(visit, Trouble):
                _give(visit, owner)
    finally:
        os.close(base)


def _give(visit: Visit, owner: tuple[int, int] | None) -> None:
    mode = visit.status.st_mode
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        return
    if owner:
        os.chown(visit.name, *owner, dir_fd=visit.directory, follow_symlinks=False)
    wanted = mode | (0o700 if stat.S_ISDIR(mode) else 0o600)
    if not stat.S_ISLNK(mode) and (wanted != mode or mode & 0o6000):
        os.chmod(visit.name, stat.S_IMODE(wanted) & 0o1777, dir_fd=visit.directory)
