"""What must not lie inside of what: sources, state, scratch and repositories."""

import shlex
from collections.abc import Iterator
from itertools import product

from msgspec import Struct

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.location import is_excluded, is_inside, local_path
from agent.core.configuration.problem import At, Noted
from agent.core.model.places import Placed, warning_of
from agent.core.text.plain import printable
from agent.operations.ports.machine import Machine

ELSEWHERE = "Put it somewhere else, or add it to exclude of process {process}."


class Where(Struct, frozen=True, kw_only=True):
    """Where one repository lies as seen from the files of one process."""

    repository: str
    process: str
    placed: Placed


def check_places(config: Config, machine: Machine) -> list[Noted]:
    """Places inside each other, and places that we could not write to."""
    noted = [*_check_state(config, machine), *_check_scratch(config, machine)]
    for process in config.processes:
        noted += _check_ours_outside(config, process, machine)
    return noted + _check_devices(config, machine)


def where_they_lie(config: Config, machine: Machine) -> list[Where]:
    """Of every repository and every process whose files are there."""
    found = []
    for repository, process in product(config.repositories, config.processes):
        paths = [path for path in process.paths if machine.facts(path)]
        if paths:
            placed = machine.place_of(repository, paths, process.exclude)
            found.append(Where(repository=repository.name, process=process.name, placed=placed))
    return found


def _check_devices(config: Config, machine: Machine) -> list[Noted]:
    """A repository beside its sources is fine as long as there is another one elsewhere."""
    near: dict[str, dict[Placed, list[str]]] = {repository.name: {} for repository in config.repositories}
    for one in where_they_lie(config, machine):
        if one.placed.is_near:
            near[one.repository].setdefault(one.placed, []).append(one.process)
    if not all(near.values()):
        return []
    return [
        Noted(
            ("repository", name, "url"),
            printable(warning_of(placed, ", ".join(processes))),
            "Add a second repository on another medium or site.",
            warning=True,
        )
        for name, found in near.items()
        for placed, processes in found.items()
    ]


def _ours(config: Config) -> Iterator[tuple[At, str, str]]:
    """Key, what it is, and path of everything on this machine that we write."""
    state, scratch = config.settings.state, config.settings.scratch
    yield ("agent", "state"), "the state directory", state
    if not is_inside(scratch, state):
        yield ("agent", "scratch"), "the scratch", scratch
    for repository in config.repositories:
        local = local_path(repository.url)
        if local is not None and not is_inside(local, state):
            yield ("repository", repository.name, "url"), "the repository", local


def _check_ours_outside(config: Config, process: CriticalProcess, machine: Machine) -> list[Noted]:
    noted = []
    roots = [machine.real_path(path) for path in process.paths]
    for at, what, path in _ours(config):
        real = machine.real_path(path)
        root = next((root for root in roots if is_inside(real, root)), None)
        if root is not None and not is_excluded(real, process.exclude):
            message = (
                f"{what} {printable(path)} lies inside the source {printable(root)}: it would back itself up"
            )
            noted.append(Noted(at, message, ELSEWHERE.format(process=process.name)))
    scratch = machine.real_path(config.settings.scratch)
    for index, root in enumerate(roots):
        if is_inside(root, scratch):
            at = ("process", process.name, "paths", index)
            message = f"{printable(root)} lies inside the scratch of drills, which is cleared"
            noted.append(Noted(at, message, "Set another scratch in [agent]."))
    return noted


def _check_state(config: Config, machine: Machine) -> list[Noted]:
    at: At = ("agent", "state")
    state = printable(config.settings.state)
    facts = machine.facts(machine.real_path(config.settings.state))
    if facts is not None and facts.kind != "directory":
        return [Noted(at, f"{state} is no directory that can be read", "Name a directory of its own.")]
    if not machine.can_write(config.settings.state):
        hint = "Run as root, or set another state in [agent]."
        return [Noted(at, f"{state} cannot be written", hint)]
    if facts is not None and facts.mode & 0o022:
        return [
            Noted(
                at,
                f"{state} can be changed by other users",
                f"Run: chmod 700 {shlex.quote(config.settings.state)}",
            )
        ]
    return []


def _check_scratch(config: Config, machine: Machine) -> list[Noted]:
    at: At = ("agent", "scratch")
    scratch = config.settings.scratch
    if not is_inside(scratch, config.settings.state) and not machine.can_restore_to(scratch):
        hint = "Set another scratch in [agent], or run as root; for the service, run scripts/install again."
        return [Noted(at, f"drills cannot restore to {printable(scratch)}", hint)]
    return [
        Noted(at, f"the repository {printable(local)} lies inside the scratch of drills, which is cleared",
              "Set another scratch in [agent].")
        for local in (local_path(repository.url) for repository in config.repositories)
        if local is not None and is_inside(machine.real_path(local), machine.real_path(scratch))
    ]  # fmt: skip
