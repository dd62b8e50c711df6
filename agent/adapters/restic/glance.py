"""A glance at a repository without restic, for answers that have only milliseconds."""

import os
from collections.abc import Container, Iterator, Sequence
from threading import Thread

from agent.adapters.restic.seen import CLOSED, lost_heart, secret_hint, wrong_secret
from agent.core.configuration.config import CriticalProcess, Repository
from agent.core.configuration.location import local_path
from agent.core.evidence.account import DAMAGED, MISSING, VANISHED
from agent.core.model.findings import Finding, finding
from agent.core.model.sights import BESIDE, Kept, Look
from agent.core.text.plain import printable

OF_THE_SERVICE = "/run/credentials/"  # there only while the service runs, and for nobody else
PATIENCE = 2.0  # seconds for all of them: a dead network file system never answers


def glances(
    repositories: Sequence[Repository],
    processes: Sequence[CriticalProcess],
    kept: Sequence[Kept] = (),
) -> tuple[Look, ...]:
    """What is wrong with each that can be seen at once; nothing of one that does not answer in time.

    Also which lie on the file system of a process's own files: a mount may have come or gone; and whether the
    snapshots are there that the answer rests on (`kept`).
    """
    found: dict[str, list[Finding]] = {}

    def look() -> None:
        for repository in repositories:
            found[repository.name] = list(_wrong(repository, kept))
        for repository in repositories:
            found[repository.name] += _beside(repository, processes)

    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return tuple(Look(name, each) for name, findings in tuple(found.items()) for each in findings)


def _wrong(repository: Repository, kept: Sequence[Kept]) -> Iterator[Finding]:
    """What may not be looked at is no trouble: whoever asks may be somebody else than who works there."""
    local = local_path(repository.url)
    if local is not None:
        yield from _wrong_place(repository, local, kept)
    if repository.password_file.startswith(OF_THE_SERVICE):
        return
    trouble = wrong_secret(repository.password_file)
    if trouble and trouble != CLOSED:  # it may be open to whoever works there
        message = f"Its password file {printable(repository.password_file)} {trouble}: nobody can open it."
        yield finding("password-missing", "", message, secret_hint(repository.password_file, trouble))


def _wrong_place(repository: Repository, local: str, kept: Sequence[Kept]) -> Iterator[Finding]:
    shown = printable(local)
    if not _is_there(local):
        message = f"Nothing is at {shown}, where repository {repository.name} should be."
        hint = "Mount or reconnect the medium. If it is really gone, the backups in it are gone."
        yield finding(MISSING, "", message, hint)
    elif not _is_there(f"{local}/config"):
        message = f"{shown} holds no restic repository any more."
        yield finding(MISSING, "", message, "Mount the medium, or put the repository back.")
    elif (lost := lost_heart(local))[0]:
        yield finding(DAMAGED, "", *lost)
    else:
        yield from _removed(repository.name, local, kept)


def _removed(repository: str, local: str, kept: Sequence[Kept]) -> Iterator[Finding]:
    """Snapshots that are gone, unless a file of another name came since: `restic tag` gives them new IDs."""
    for each in kept:
        gone = each.repository == repository and not _is_there(f"{local}/snapshots/{each.snapshot}")
        if gone and not _has_newer(f"{local}/snapshots", each.since.timestamp(), each.known):
            name = each.snapshot[:8]
            message = f"The newest good snapshot of {each.process}, {name}, is no longer in {repository}."
            hint = f"Find out who removed it, then run: readiness snapshot {each.process}"
            yield finding(VANISHED, each.process, message, hint)


def _has_newer(directory: str, since: float, known: Container[str]) -> bool:
    try:
        with os.scandir(directory) as entries:
            return any(one.name not in known and one.stat().st_mtime >= since for one in entries)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _beside(repository: Repository, processes: Sequence[CriticalProcess]) -> Iterator[Finding]:
    local = local_path(repository.url)
    there = {_device(local), _device(f"{local}/data")} - {None} if local is not None else set()
    for process in processes if there else ():
        if any(_device(path) in there for path in process.paths):
            message = f"{printable(repository.url)} lies on the file system of {process.name} now."
            yield finding(BESIDE, process.name, message)


def _device(path: str) -> int | None:
    try:
        return os.stat(path).st_dev  # noqa: PTH116
    except OSError:
        return None


def _is_there(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
