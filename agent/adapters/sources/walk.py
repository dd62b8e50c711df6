"""Walks a tree by directory descriptors: depth first, names sorted as bytes, links never followed.

Descriptors instead of paths keep a walk inside its tree whoever renames what meanwhile, and reach
files whose path is longer than the system takes. Only those of the deepest directories stay open.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from agent.adapters.host.beneath import open_beneath

KEPT_OPEN = 64  # directories
# as to root, too, at what another user has mounted with FUSE, and at a server that is gone
_REFUSED = (errno.EACCES, errno.EPERM, errno.ENOTCONN, errno.ESTALE)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Visit(NamedTuple):
    """One thing met on a walk. `path` has no leading slash; `directory` is its parent's descriptor."""

    path: bytes
    status: os.stat_result
    directory: int
    name: bytes


class Trouble(NamedTuple):
    """A directory that could not be listed, or anything that could not be looked at."""

    path: bytes
    reason: str


Excluded = Callable[[bytes], None]


def walk(
    base: int, top: bytes, exclude: re.Pattern[bytes] | None = None, on_excluded: Excluded | None = None
) -> Iterator[Visit | Trouble]:
    """Visit `top` (relative to the directory descriptor `base`) and everything below it.

    A visited descriptor is open only until the next step. Things that vanish between listing and looking
    are passed over; a missing `top` visits nothing.
    """
    parent, name = os.path.split(top)
    levels = _Levels(base)
    try:
        levels.enter(open_beneath(base, parent, _DIRECTORY), parent, iter([name]))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        yield Trouble(top, "a symbolic link lies on the way to it")
        return
    try:
        while levels:
            directory, path, names = levels.deepest()
            entry = next(names, None)
            if entry is None:
                yield from levels.leave()
                continue
            here = path + b"/" + entry if path else entry
            if exclude is not None and exclude.match(b"/" + here):
                if on_excluded:
                    on_excluded(here)
                continue
            status = _looked_at(directory, entry)
            if isinstance(status, os.stat_result):
                yield Visit(here, status, directory, entry)
                trouble = levels.into(directory, entry, here) if stat.S_ISDIR(status.st_mode) else None
            else:
                trouble = status
            if trouble is not None:
                yield Trouble(here, trouble)
    finally:
        levels.close()


class _Level:
    """A directory on the way down."""

    def __init__(self, handle: int, path: bytes, names: Iterator[bytes]) -> None:
        self.handle = handle  # -1 while it is closed
        self.path = path
        self.names = names
        self._identity = (0, 0)

    def close(self) -> None:
        """Let go of the descriptor for now."""
        if self.handle >= 0:
            self._identity = _identity(self.handle)
            os.close(self.handle)
            self.handle = -1

    def is_open_again(self, base: int, child: int) -> bool:
        """From the directory `child` in it, or by its path; False when neither leads to it any more."""
        ways = (
            partial(os.open, "..", _DIRECTORY, dir_fd=child),
            partial(open_beneath, base, self.path, _DIRECTORY),
        )
        for way in ways if self.handle < 0 else ():
            try:
                handle = way()
            except OSError:
                continue
            if _identity(handle) == self._identity:
                self.handle = handle
                return True
            os.close(handle)
        return self.handle >= 0


class _Levels:
    """The directories from the top down to where a walk is; the deepest ones are open."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._levels: list[_Level] = []

    def __bool__(self) -> bool:
        return bool(self._levels)

    def enter(self, handle: int, path: bytes, names: Iterator[bytes]) -> None:
        self._levels.append(_Level(handle, path, names))
        if len(self._levels) > KEPT_OPEN:
            self._levels[-KEPT_OPEN - 1].close()

    def into(self, above: int, name: bytes, path: bytes) -> str | None:
        """Enter what is a directory in `above`; or why that cannot be listed, if it is one still."""
        try:
            self.enter(*_listed(above, name, path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return error.strerror or str(error)
        return None

    def deepest(self) -> tuple[int, bytes, Iterator[bytes]]:
        level = self._levels[-1]
        return level.handle, level.path, level.names

    def leave(self) -> Iterator[Trouble]:
        """Go back up; past what nothing leads to any more."""
        left = self._levels.pop()
        try:
            while self._levels and not self._levels[-1].is_open_again(self._base, left.handle):
                yield Trouble(self._levels.pop().path, "it was moved while it was read")
        finally:
            os.close(left.handle)

    def close(self) -> None:
        for level in self._levels:
            level.close()


def _identity(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino


def _looked_at(directory: int, name: bytes) -> os.stat_result | str | None:
    """What is there, if anything is, or why nobody is told. A disk that fails raises: it tells nothing of
    what lies there."""
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        return error.strerror or str(error)


def _listed(parent: int, name: bytes, path: bytes) -> tuple[int, bytes, Iterator[bytes]]:
    directory = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        return directory, path, iter(sorted(map(os.fsencode, os.listdir(directory))))
    except OSError:
        os.close(directory)
        raise


def extended_attributes(directory: int, name: bytes, wanted: Callable[[bytes], bool]) -> dict[bytes, bytes]:
    """The extended attributes of `name` in `directory` that are `wanted`; none where there is no support."""
    return _attributes(b"/proc/self/fd/%d/%b" % (directory, name), wanted, follow_symlinks=False)


def attributes_of(handle: int, wanted: Callable[[bytes], bool]) -> dict[bytes, bytes]:
    """The same of an open file, which is much quicker."""
    return _attributes(handle, wanted, follow_symlinks=True)


def _attributes(
    file: int | bytes, wanted: Callable[[bytes], bool], follow_symlinks: bool
) -> dict[bytes, bytes]:
    try:
        names = os.listxattr(file, follow_symlinks=follow_symlinks)
        if not names:
            return {}
        encoded = [os.fsencode(attribute) for attribute in names]
        return {
            attribute: os.getxattr(file, attribute, follow_symlinks=follow_symlinks)
            for attribute in encoded
            if wanted(attribute)
        }
    except OSError:
        return {}


def comparable_attribute(name: bytes) -> bool:
    """The extended attributes that a restore can and should bring back: users', ACLs, capabilities."""
    return name.startswith((b"user.", b"system.posix_acl_")) or name == b"security.capability"
