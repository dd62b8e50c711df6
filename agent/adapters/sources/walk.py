"""Walks a tree by directory descriptors: depth first, names sorted as bytes, links never followed.

Descriptors instead of paths keep a walk inside its tree whoever renames what meanwhile, and reach
files whose path is longer than the system takes.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

PATH_LIMIT = 4000  # longer paths are opened piece by piece
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
    try:
        directory = open_beneath(base, parent, _DIRECTORY) if parent else os.dup(base)
    except (FileNotFoundError, NotADirectoryError):
        return
    stack = [(directory, parent, iter([name]))]
    try:
        while stack:
            directory, path, names = stack[-1]
            entry = next(names, None)
            if entry is None:
                os.close(stack.pop()[0])
                continue
            here = path + b"/" + entry if path else entry
            if exclude is not None and exclude.match(b"/" + here):
                if on_excluded:
                    on_excluded(here)
                continue
            status = _looked_at(directory, entry)
            if isinstance(status, OSError):
                if not isinstance(status, FileNotFoundError):
                    yield Trouble(here, status.strerror or str(status))
                continue
            yield Visit(here, status, directory, entry)
            if stat.S_ISDIR(status.st_mode):
                try:
                    stack.append(_listed(directory, entry, here))
                except FileNotFoundError:
                    continue
                except OSError as error:
                    yield Trouble(here, error.strerror or str(error))
    finally:
        for directory, _, _ in stack:
            os.close(directory)


def _looked_at(directory: int, name: bytes) -> os.stat_result | OSError:
    """What is there, or why nobody is told. A disk that fails raises: it tells nothing of what lies there."""
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.ENOENT, *_REFUSED):
            raise
        return error


def _listed(parent: int, name: bytes, path: bytes) -> tuple[int, bytes, Iterator[bytes]]:
    directory = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        return directory, path, iter(sorted(map(os.fsencode, os.listdir(directory))))
    except OSError:
        os.close(directory)
        raise


def open_beneath(base: int, path: bytes, flags: int) -> int:
    """Open `path` relative to the directory descriptor `base`, however long the path is.

    The last component is not followed when it is a link if `flags` says so; earlier ones must be
    directories for very long paths.
    """
    if len(path) < PATH_LIMIT:
        return os.open(path or b".", flags | os.O_CLOEXEC, dir_fd=base)
    cut = path.rfind(b"/", 0, PATH_LIMIT)
    if cut < 0:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    middle = os.open(path[:cut], _DIRECTORY, dir_fd=base)
    try:
        return open_beneath(middle, path[cut + 1 :], flags)
    finally:
        os.close(middle)


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
