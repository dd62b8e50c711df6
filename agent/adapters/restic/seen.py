"""What of a repository and its password file can be seen without restic, which has few words for it."""

import os
import stat

from agent.core.configuration.config import Repository
from agent.core.configuration.location import local_path, missing_secret_hint
from agent.core.text.plain import printable
from agent.errors import ResticError

LONGEST_SECRET = 1 << 16  # bytes; a longer file is not blank
CLOSED = "may not be read"
BACK_FROM_A_COPY = "Put its config and keys back from a copy of them."


def wrong_secret(path: str) -> str:
    """Why nobody can take a password from this file ("is blank"); nothing when it can be tried."""
    try:
        facts = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return "is not there"
    except OSError:
        return CLOSED
    if not stat.S_ISREG(facts.st_mode):
        return "is no file" if stat.S_ISDIR(facts.st_mode) else ""
    if facts.st_size == 0:
        return "is empty"
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return "is blank" if not file.read(LONGEST_SECRET).strip() else ""
    except OSError:
        return CLOSED


def lost_heart(local: str) -> str:
    """That a repository on this machine has lost what all of it hangs on; or nothing."""
    if _size(f"{local}/config") == 0 or _is_empty(f"{local}/keys"):
        shown = printable(local)
        return f"The repository in {shown} has lost its config or its keys: nothing there can be read."
    return ""


def seen_ourselves(error: ResticError, repository: Repository) -> ResticError:
    """The same trouble with its cause, where that can be seen."""
    local = local_path(repository.url)
    if error.code == "password-missing":
        path = repository.password_file
        why = wrong_secret(path) or "cannot be used"
        message = f"The password file {printable(path)} {why}: nobody can open {repository.name}."
        hint = error.hint if why in (CLOSED, "cannot be used") else missing_secret_hint(path, "repository")
        return ResticError(message, hint.replace(" into it ", f" into {printable(path)} "), error.code)
    if local is None:
        return error
    if error.code == "wrong-password" and _size(f"{local}/config") and (lost := lost_heart(local)):
        return ResticError(lost, BACK_FROM_A_COPY, "repository-damaged")
    if error.code == "repository-unreadable":
        hint = f"Let the user that runs readiness read all that is in {printable(local)}."
        return ResticError(error.message, hint, error.code)
    return error


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return None


def _is_empty(directory: str) -> bool:
    try:
        with os.scandir(directory) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return True
    except OSError:
        return False
