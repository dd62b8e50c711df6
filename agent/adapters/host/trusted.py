"""Who may change what a path leads to: every directory and link on its way, and what lies at its end.

Trusted are root, we ourselves, whoever owns the code that runs here (and so decides anyway), and the owner
of "/": `usual`. Who holds rights that its user has not, as the service does, must not let that user decide
what is done with them: `deciders`. In a directory with the sticky bit, as /tmp, others may add names, but
not replace those of ours.
"""

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import NamedTuple

from agent.adapters.host.identity import is_service

MOST_LINKS = 40
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_ACL = "system.posix_acl_access"
_ALWAYS = {0, os.stat(__file__).st_uid, os.stat("/").st_uid}  # noqa: PTH116 - pathlib is slow to import


class Weakness(NamedTuple):
    """Something on the way that somebody less trusted may change."""

    path: str
    why: str  # goes on after the path: "belongs to user shop"
    hint: str
    is_theirs: bool = False  # a directory of somebody else's: not ours to take


class Way(NamedTuple):
    """Where a path leads: a name in an open directory. `weakness` is the first of the directories on the way.

    At the name may lie nothing as yet, or a link that others may change, which was not followed.
    """

    directory: int
    name: str
    weakness: Weakness | None


class Untrusted(OSError):
    """A link that somebody less trusted may put in its place: it is not followed."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(errno.ELOOP, f"{path} is a link that is not followed, because {why}")


def usual() -> Set[int]:
    """The users who are trusted: we among them."""
    return {os.geteuid(), *_ALWAYS}


def deciders() -> Set[int]:
    """The users who may decide what is done with the rights that we have."""
    return set(_ALWAYS) if is_service() else usual()


def opened(
    path: str, flags: int = os.O_RDONLY | os.O_NONBLOCK, users: Set[int] | None = None
) -> tuple[int, Weakness | None]:
    """A descriptor of what lies there, and how somebody less trusted may change it, or the way to it.

    OSError as of os.open; Untrusted instead of following a link that somebody else may change. A relative
    path is judged from the current directory on. `users` are trusted, by default those of `usual`.
    """
    users = usual() if users is None else users
    with way_to(path, users) as way:
        handle = _open_last(path, way, flags)
    try:
        return handle, way.weakness or judged(path, handle, users)
    except BaseException:
        os.close(handle)
        raise


def weakness_of(path: str, users: Set[int] | None = None) -> Weakness | None:
    """How somebody less trusted may change what lies there, or the way to it. OSError as of `opened`."""
    handle, weakness = opened(path, os.O_PATH, users)
    os.close(handle)
    return weakness


@contextmanager
def way_to(path: str, users: Set[int] | None = None) -> Iterator[Way]:
    """Go there by descriptors. A link is followed where nobody else may change it, at the name itself too.

    One that others may change is left alone at the name; on the way it raises Untrusted.
    """
    if not path or "\0" in path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    steps = _Steps(path, usual() if users is None else users)
    try:
        name = steps.to_the_last()
        yield Way(steps.directory, name, steps.weakness)
    finally:
        os.close(steps.directory)


def judged(path: str, handle: int, users: Set[int]) -> Weakness | None:
    """How others than `users` may change what is open as `handle`, and is shown as `path`."""
    found = os.fstat(handle)
    if why := _foreign(found, users):
        if stat.S_ISDIR(found.st_mode):
            other = "" if is_service() else f", or run this as {user(found.st_uid)}"
            instead = f"Move it to a directory of root's, such as /etc/readiness{other}."
            return Weakness(path, why, instead, is_theirs=True)
        return Weakness(path, why, f"Run: chown root {_quoted(path)}")
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return None
    who, sign = "", ""
    if found.st_mode & stat.S_IWOTH:
        who, sign = "every user", "go"
    elif found.st_mode & stat.S_IWGRP and not _is_theirs_alone(found.st_gid, handle, users):
        who, sign = f"the group {_group(found.st_gid)}", "g"
    if not who:
        return None
    why = f"can be changed by {who} (mode {found.st_mode & 0o7777:04o})"
    return Weakness(path, why, f"Run: chmod {sign}-w {_quoted(path)}")


def user(uid: int) -> str:
    """As a message has it."""
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


class _Steps:
    """From one directory to the next, up to the last name of a path."""

    def __init__(self, path: str, users: Set[int]) -> None:
        self._users = users
        self._rest = _names(path)
        self._links = 0
        self._place = "/" if path.startswith("/") else "."
        self.directory = os.open(self._place, _LOOK | os.O_DIRECTORY)
        self.weakness = judged(self._place, self.directory, self._users)

    def to_the_last(self) -> str:
        """The last name; `directory` holds it then."""
        while self._rest:
            name = self._rest.pop()
            try:
                here = os.open(name, _LOOK, dir_fd=self.directory)
            except FileNotFoundError:
                if self._rest:
                    raise
                return name
            try:
                if not self._goes_on(here, os.path.join(self._place, name)):  # noqa: PTH118 - slow to import
                    return name
            finally:
                os.close(here)
        return "."

    def _goes_on(self, here: int, path: str) -> bool:
        """Into a directory, or to where a link leads; False where this is the end."""
        found = os.fstat(here)
        if stat.S_ISLNK(found.st_mode):
            return self._follows(here, path, found)
        if not self._rest:
            return False
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        self._enter(os.dup(here), path)
        return True

    def _follows(self, link: int, path: str, found: os.stat_result) -> bool:
        why = _foreign(found, self._users)
        if self.weakness or why:
            if not self._rest:
                return False
            raise Untrusted(
                path, f"{self.weakness.path} {self.weakness.why}" if self.weakness else f"it {why}"
            )
        self._links += 1
        if self._links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink("", dir_fd=link)
        self._rest += _names(target)
        if target.startswith("/"):
            self._enter(os.open("/", _LOOK | os.O_DIRECTORY), "/")
        return True

    def _enter(self, directory: int, path: str) -> None:
        os.close(self.directory)
        self.directory, self._place = directory, path
        self.weakness = self.weakness or judged(path, directory, self._users)


def _open_last(path: str, way: Way, flags: int) -> int:
    try:
        handle = os.open(way.name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=way.directory)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Untrusted(path, "others may change it") from error
        raise
    if stat.S_ISLNK(os.fstat(handle).st_mode):  # with O_PATH
        os.close(handle)
        raise Untrusted(path, "others may change it")
    return handle


def _names(path: str) -> list[str]:
    """The last first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _foreign(found: os.stat_result, users: Set[int]) -> str:
    return "" if found.st_uid in users else f"belongs to {user(found.st_uid)}"


def _is_theirs_alone(gid: int, handle: int, users: Set[int]) -> bool:
    """Whether a group has no member but `users`, as the group that a user has for himself.

    No where an access control list names users: it hides behind the rights of the group.
    """
    try:
        if _ACL in os.listxattr(f"/proc/self/fd/{handle}"):
            return False
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            return False
    try:
        members = {pwd.getpwnam(name).pw_uid for name in grp.getgrgid(gid).gr_mem}
    except KeyError:
        return False
    return members | {each.pw_uid for each in pwd.getpwall() if each.pw_gid == gid} <= users


def _quoted(path: str) -> str:
    import shlex  # noqa: PLC0415 - slow to import, and rarely needed

    return shlex.quote(path)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
