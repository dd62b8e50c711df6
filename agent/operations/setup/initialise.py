"""Set readiness up: a config to start from, a password file and the repository. Destroys nothing."""

import posixpath
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from agent.core.configuration.location import (
    PASSWORD_IN_URL,
    REMOTE,
    is_inside,
    local_path,
    without_password,
)
from agent.core.configuration.starter import Starter, process_names, starter_config
from agent.core.model.places import Placed, warning_of
from agent.core.text.plain import printable
from agent.errors import ResticError, UsageError


class RepositoryCreator(Protocol):
    """The repository to be, with the password file to be. Both raise ResticError."""

    def repository_id(self) -> str:
        """The identity of the repository that is there; code `repository-missing` when there is none."""
        ...

    def create(self) -> str:
        """Make it; returns its identity."""
        ...


class SetupFiles(Protocol):
    """The files and directories that a set-up needs. Methods that write raise SetupFailed."""

    def real_directory(self, path: str) -> str | None:
        """The absolute path behind all links, or None when it is no directory."""
        ...

    def real_path(self, path: str) -> str:
        """The absolute path behind all links, of what need not exist yet."""
        ...

    def exists(self, path: str) -> bool: ...

    def place_of(self, url: str, path: str) -> Placed:
        """Where a repository lies, or would lie, as seen from a directory."""
        ...

    def make_private(self, directory: str) -> None:
        """Make a directory of mode 0700, with its parents; one that exists is left as it is."""
        ...

    def make_parent(self, path: str) -> None:
        """Make the directory that `path` is to lie in."""
        ...

    def write_password(self, path: str) -> None:
        """Write a new strong password to a new file of mode 0600."""
        ...

    def write(self, path: str, text: str, replace: bool) -> None:
        """Write a file of mode 0600 as a whole or not at all; only replaces an old one when told to."""
        ...

    def remove(self, path: str) -> None: ...


class Wish(Struct, frozen=True, kw_only=True):
    """What the command line asked for; empty `repository` and `state` stand for the defaults."""

    config_file: str
    directories: tuple[str, ...]
    state: str
    time_zone: str
    repository: str = ""
    force: bool = False


class Initialised(Struct, frozen=True, kw_only=True):
    """What is there now."""

    config_file: str
    password_file: str
    password_is_new: bool
    repository: str
    repository_id: str
    repository_is_new: bool
    state: str
    processes: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...] = ()


OpenRepository = Callable[[str, str, str], RepositoryCreator]  # url, password file, state directory


def initialise(wish: Wish, files: SetupFiles, open_repository: OpenRepository) -> Initialised:
    """Write what is missing, the config last, so that a failure leaves no half-done config behind."""
    config_file = files.real_path(wish.config_file)
    state = files.real_path(wish.state)
    directories = _directories(wish.directories, files)
    url = _url(wish.repository, state, files)
    password_file = posixpath.join(posixpath.dirname(config_file), "primary.password")
    _refuse_swallowing(directories, state, url, files)
    _refuse_overwriting(wish, config_file, files)
    processes = tuple(zip(process_names(directories), directories, strict=True))

    files.make_private(state)
    files.make_parent(config_file)
    password_is_new = not files.exists(password_file)
    if password_is_new:
        files.write_password(password_file)
    repository = open_repository(url, password_file, state)
    identity, is_new = _ensure(repository, url, password_file, password_is_new, files)
    starter = Starter(
        processes=processes, url=url, password_file=password_file, state=state, time_zone=wish.time_zone
    )
    files.write(config_file, starter_config(starter), wish.force)
    return Initialised(
        config_file=config_file,
        password_file=password_file,
        password_is_new=password_is_new,
        repository=url,
        repository_id=identity,
        repository_is_new=is_new,
        state=state,
        processes=processes,
        warnings=_warnings(url, processes, files),
    )


def _directories(written: Sequence[str], files: SetupFiles) -> list[str]:
    found: dict[str, None] = {}
    for directory in written:
        real = files.real_directory(directory)
        if real is None:
            raise UsageError(
                f"{directory} is not a directory.", "Name the directories that the business lives in."
            )
        if any(0xD800 <= ord(char) <= 0xDFFF for char in real):
            raise UsageError(
                f"The name of {directory} is not UTF-8, and no config can hold it.",
                "Name the directory above it, which brings it along.",
            )
        found[real] = None
    return list(found)


def _url(written: str, state: str, files: SetupFiles) -> str:
    if not written:
        return posixpath.join(state, "repository")
    if PASSWORD_IN_URL.search(written):
        raise UsageError(
            "The repository's address holds a password, which every user can see in the list of processes.",
            "Leave the password out here and add it to the config afterwards.",
        )
    local = local_path(written)
    if local is None:
        return written
    if ":" in local.partition("/")[0]:
        raise UsageError(
            f"{written} is no address that restic takes.",
            f"It takes directories and {', '.join(REMOTE)} with a colon.",
        )
    return files.real_path(local)


def _refuse_swallowing(directories: Sequence[str], state: str, url: str, files: SetupFiles) -> None:
    """A source that holds our state or the repository would back up the backups."""
    local = local_path(url)
    for directory in directories:
        if is_inside(state, directory):
            raise UsageError(
                f"The state directory {state} would lie inside {directory} and back itself up.",
                "Choose another with --state DIR, or name smaller directories.",
            )
        if local is not None and (is_inside(local, directory) or is_inside(directory, local)):
            raise UsageError(
                f"The repository {local} and the source {directory} would lie inside each other.",
                "Choose another place with --repository, best on another disk or machine.",
            )
        if is_inside(directory, posixpath.join(state, "scratch")):
            raise UsageError(
                f"{directory} lies inside the scratch of drills, which is cleared.",
                "Choose another state directory with --state DIR.",
            )


def _refuse_overwriting(wish: Wish, config_file: str, files: SetupFiles) -> None:
    if not wish.force and files.exists(config_file):
        raise UsageError(
            f"{config_file} exists already, and nothing was changed.",
            "Edit it, name another file with --config, or use --force to replace it.",
        )


def _ensure(
    repository: RepositoryCreator, url: str, password_file: str, password_is_new: bool, files: SetupFiles
) -> tuple[str, bool]:
    """The repository's identity, and whether it was made now."""
    try:
        return repository.repository_id(), False
    except ResticError as error:
        if error.code == "repository-missing":
            return repository.create(), True
        if password_is_new:
            files.remove(password_file)  # it opens nothing, so nothing is lost
        if error.code == "wrong-password":
            raise _not_ours(url, password_file, password_is_new) from error
        raise


def _not_ours(url: str, password_file: str, password_is_new: bool) -> ResticError:
    place = printable(without_password(url))
    if password_is_new:
        return ResticError(
            f"There is a repository at {place} already, and its password is not known here.",
            f"Put its password into {password_file} (chmod 600), or choose another --repository.",
            "wrong-password",
        )
    return ResticError(
        f"{password_file} does not open the repository at {place}; neither was changed.",
        f"Put the right password into it, or choose another --repository, or move {password_file} away.",
        "wrong-password",
    )


def _warnings(url: str, processes: Sequence[tuple[str, str]], files: SetupFiles) -> tuple[str, ...]:
    near: dict[Placed, list[str]] = {}
    for name, path in processes:
        placed = files.place_of(url, path)
        if placed.is_near:
            near.setdefault(placed, []).append(name)
    return tuple(
        f"The repository {warning_of(placed, ', '.join(names))}. Keep a second one elsewhere."
        for placed, names in near.items()
    )
