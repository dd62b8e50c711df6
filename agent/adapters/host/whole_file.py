"""A report or figures written to a file: whole or not at all, and never through a link of somebody else."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from agent.adapters.host.identity import has_file_rights
from agent.adapters.host.trusted import Untrusted, Way, deciders, way_to
from agent.core.text.plain import printable
from agent.errors import StateError

PRIVATE = 0o600  # a report tells where a business is weak
PUBLIC = 0o644  # figures are read by another program's user
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_STREAM = re.compile(r"/dev/(?:(?P<name>stdout|stderr)|fd/(?P<fd>\d+))|/proc/self/fd/(?P<number>\d+)")


def write_report(file: str, text: str, new_mode: int = PRIVATE) -> None:
    """Put `text` in the place of `file`; a new file gets `new_mode`.

    A symbolic link is followed where nobody less trusted may change it, else replaced. With rights over all
    files the owner stays who it was, and a new file is root's, except in the state. What is no regular file,
    as /dev/stdout, is written to directly, if nobody less trusted made it. Raises StateError.
    """
    with _explained(file):
        stream = _stream(file)
        if stream is not None:
            _write_to(os.dup(stream), text)
            return
        with way_to(file, deciders()) as way:
            found = _found(way)
            if found is None or stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
                with _renamed(way, found, new_mode) as new:
                    new.write(text.encode())
            else:
                _require_ours(way, found)
                flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
                _write_to(os.open(way.name, flags, dir_fd=way.directory), text)


def write_bundle(file: str, content: bytes) -> None:
    """Put `content` in the place of `file`, for its owner alone. Raises StateError."""
    with _explained(file), written_whole(file) as new:
        new.write(content)


@contextmanager
def written_whole(file: str, replace: bool = True) -> Iterator[BinaryIO]:
    """What is written to this appears as `file` at the end of the block, whole, for its owner alone.

    Links as for `write_report`. Raises OSError, also where `file` is no regular file, or is there already and
    not to be replaced.
    """
    with way_to(file, deciders()) as way:
        found = _found(way)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise FileExistsError(17, "it is not a regular file")
        with _renamed(way, found, PRIVATE, keep=False, replace=replace) as new:
            yield new


@contextmanager
def _explained(file: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "Name a file in a directory that exists and may be written to."
        if isinstance(error, Untrusted):
            hint = "Name a file to which no link leads that somebody else may change."
        raise StateError(f"{printable(file)} cannot be written: {printable(reason)}.", hint) from error


def _stream(file: str) -> int | None:
    """The number of the descriptor that a path means."""
    found = _STREAM.fullmatch(re.sub("/+", "/", file))
    if found is None:
        return None
    return {"stdout": 1, "stderr": 2}.get(found["name"] or "", int(found["fd"] or found["number"] or -1))


def _found(way: Way) -> os.stat_result | None:
    """What lies at the name; None for nothing, and for a link of somebody else."""
    try:
        found = os.stat(way.name, dir_fd=way.directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return None if stat.S_ISLNK(found.st_mode) else found


def _require_ours(way: Way, found: os.stat_result) -> None:
    """Who writes to a pipe waits for its reader, and a device may be anything."""
    may_be_theirs = not stat.S_ISCHR(found.st_mode) and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if way.weakness or may_be_theirs or found.st_uid not in deciders():
        raise PermissionError(1, "it is not a regular file, and others may change it")


def _write_to(handle: int, text: str) -> None:
    with os.fdopen(handle, "wb") as opened:
        opened.write(text.encode())


@contextmanager
def _renamed(
    way: Way, found: os.stat_result | None, new_mode: int, keep: bool = True, replace: bool = True
) -> Iterator[BinaryIO]:
    """A new file, and at the end of the block it takes its name; `keep`: and the mode of what was there."""
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(21, "it is a directory")
    above = os.fstat(way.directory)
    kept = found if found is not None and _is_meant(way, found, above) else None
    name = f".{os.urandom(8).hex()}.new"
    handle = os.open(name, _NEW, 0o600, dir_fd=way.directory)
    try:
        with os.fdopen(handle, "wb") as new:
            yield new
            new.flush()
            os.fsync(handle)
            if has_file_rights():
                os.fchown(handle, *_owner(kept, above))
            os.fchmod(handle, kept.st_mode & 0o777 if kept and keep else new_mode)
        if replace:
            os.replace(name, way.name, src_dir_fd=way.directory, dst_dir_fd=way.directory)
        else:
            os.link(name, way.name, src_dir_fd=way.directory, dst_dir_fd=way.directory)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=way.directory)


def _is_meant(way: Way, found: os.stat_result, above: os.stat_result) -> bool:
    """Whether the owner and the mode of a file are to stay: in a place where all may write anybody could
    have made it first, to read what comes into it."""
    others_may = way.weakness is not None or bool(above.st_mode & stat.S_ISVTX)
    return not others_may or found.st_uid in {os.geteuid(), above.st_uid, *deciders()}


def _owner(kept: os.stat_result | None, above: os.stat_result) -> tuple[int, int]:
    """User and group. By hand root is who writes, though as the service's user, to whom the state belongs."""
    found = kept or above
    return (found.st_uid, found.st_gid) if kept or found.st_uid == os.geteuid() else (0, 0)
