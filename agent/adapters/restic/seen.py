"""What of a repository and its password file can be seen without restic, which has few words for it."""

import os
import shlex
import stat

from agent.adapters.host.secret_file import is_open
from agent.core.configuration.config import Repository
from agent.core.configuration.location import local_path, missing_secret_hint
from agent.core.text.plain import printable
from agent.errors import ResticError

LONGEST_SECRET = 1 << 16  # bytes; a longer file is not blank
CLOSED = "may not be read"
DATA_BACK = (
    "Put its data back from a copy, or mount their disk. If they are gone, so are the backups in it: make "
    "another repository, under a new name in the config."
)
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
    if is_open(facts):
        return f"{is_open(facts)} and refused"
    return "is empty" if facts.st_size == 0 else _is_blank(path)


def _is_blank(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return "is blank" if not file.read(LONGEST_SECRET).strip() else ""
    except OSError:
        return CLOSED


def secret_hint(path: str, why: str) -> str:
    """What to do where `wrong_secret` says why."""
    if why.endswith("refused"):
        return f"Run: chmod 600 {shlex.quote(path)}"
    return missing_secret_hint(path, "repository").replace(" into it ", f" into {printable(path)} ")


def require_private(repository: Repository) -> None:
    """ResticError when others may read or change the password; what else is wrong with it, restic says."""
    why = wrong_secret(repository.password_file)
    if why.endswith("refused"):
        raise seen_ourselves(ResticError("", code="password-missing"), repository)


def lost_heart(local: str) -> tuple[str, str]:
    """That a repository on this machine has lost what all of it hangs on, and what to do; or nothing."""
    shown = printable(local)
    if _size(f"{local}/config") == 0 or _is_empty(f"{local}/keys"):
        lost = f"The repository in {shown} has lost its config or its keys: nothing there can be read."
        return lost, BACK_FROM_A_COPY
    if _is_empty(f"{local}/snapshots"):
        return "", ""  # a new one holds nothing yet
    if lost_data(local):
        return lost_data(local), DATA_BACK
    if _is_empty(f"{local}/index"):
        lost = f"The repository in {shown} lists snapshots, and has no index: nothing can be restored."
        return lost, "Make it anew from the data: restic repair index (restic rebuild-index before 0.16)."
    return "", ""


def lost_data(local: str) -> str:
    """That it lists snapshots, and holds no data at all: asked in this order, as restic writes data first."""
    if _is_empty(f"{local}/snapshots") or not _is_bare(f"{local}/data"):
        return ""
    return f"The repository in {printable(local)} lists snapshots, and has lost all of its data."


def seen_ourselves(error: ResticError, repository: Repository) -> ResticError:
    """The same trouble with its cause, where that can be seen."""
    local = local_path(repository.url)
    if error.code == "password-missing":
        path = repository.password_file
        why = wrong_secret(path) or "cannot be used"
        message = f"The password file {printable(path)} {why}: nobody can open {repository.name}."
        hint = error.hint if why in (CLOSED, "cannot be used") else secret_hint(path, why)
        return ResticError(message, hint, error.code)
    if local is None:
        return error
    if error.code == "wrong-password" and _size(f"{local}/config") and (lost := lost_heart(local))[0]:
        return ResticError(*lost, "repository-damaged")
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


def _is_bare(data: str) -> bool:
    """No file is there, nor in a directory below; the first that is found is enough."""
    try:
        with os.scandir(data) as entries:
            for entry in entries:
                if not entry.is_dir() or not _is_empty(entry.path):
                    return False
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
