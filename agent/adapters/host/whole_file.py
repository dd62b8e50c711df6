"""A report or figures written to a file: whole or not at all."""

import os
import stat
import tempfile
from pathlib import Path

from agent.adapters.host.identity import has_file_rights
from agent.errors import StateError

PRIVATE = 0o600  # a report tells where a business is weak
PUBLIC = 0o644  # figures are read by another program's user


def write_report(file: str, text: str, new_mode: int = PRIVATE) -> None:
    """Put `text` in the place of `file`, following symbolic links; a new file gets `new_mode`.

    With rights over all files the owner stays who it was, and a new file is root's, except in the state.
    What is no regular file (such as /dev/stdout) is written to directly. Raises StateError.
    """
    try:
        target = Path(file)
        mode = target.stat().st_mode if target.exists() else stat.S_IFREG | new_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "it is a directory")
        if stat.S_ISREG(mode):
            _replace(target.resolve(), text.encode(), stat.S_IMODE(mode))
        else:
            target.write_text(text, encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        raise _refusal(file, error) from error


def write_bundle(file: str, content: bytes) -> None:
    """Put `content` in the place of `file`, for its owner alone. Raises StateError."""
    try:
        target = Path(file)
        if target.exists() and not target.is_file():
            raise FileExistsError(17, "it is not a regular file")
        _replace(target.resolve(), content, PRIVATE)
    except (OSError, ValueError, RuntimeError) as error:
        raise _refusal(file, error) from error


def _refusal(file: str, error: Exception) -> StateError:
    reason = getattr(error, "strerror", None) or str(error)
    return StateError(
        f"{file} cannot be written: {reason}.",
        "Name a file in a directory that exists and may be written to.",
    )


def _replace(target: Path, content: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
            if has_file_rights():
                os.fchown(new.fileno(), *_owner(target))
            os.fchmod(new.fileno(), mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _owner(target: Path) -> tuple[int, int]:
    """User and group. By hand root is who writes, though as the service's user, to whom the state belongs."""
    there = target.exists()
    found = (target if there else target.parent).stat()
    return (found.st_uid, found.st_gid) if there or found.st_uid == os.geteuid() else (0, 0)
