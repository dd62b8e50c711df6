"""Check what only the machine can tell about a config: every problem at once, nothing changed."""

import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager

from agent.core.configuration.config import Config, Repository
from agent.core.configuration.location import PASSWORD_IN_URL, local_path
from agent.core.configuration.problem import At, Noted
from agent.core.text.plain import printable
from agent.errors import ResticError
from agent.operations.ports.ledger import LedgerReader
from agent.operations.ports.machine import Machine
from agent.operations.setup.mail import check_mail
from agent.operations.setup.places import check_places
from agent.operations.setup.secrets import check_environment, check_password
from agent.operations.setup.sources import check_scratch_room, check_sources

OpenLedger = Callable[[], AbstractContextManager[LedgerReader]]


def validate(config: Config, machine: Machine, open_ledger: OpenLedger) -> list[Noted]:
    """Everything on this machine that keeps the config from doing what it says."""
    return [
        *_check_config_file(config, machine),
        *_check_restic(config, machine),
        *(noted for repository in config.repositories for noted in _check_repository(repository, machine)),
        *_check_twins(config, machine),
        *(noted for process in config.processes for noted in check_sources(process, machine)),
        *check_mail(config.mail, machine),
        *check_places(config, machine),
        *check_scratch_room(config, machine, open_ledger),
    ]


def _check_config_file(config: Config, machine: Machine) -> list[Noted]:
    """Who may read it; who may change it was asked before anything in it was used."""
    file = machine.real_path(config.file)
    facts = machine.facts(file)
    secret = any(PASSWORD_IN_URL.search(repository.url) for repository in config.repositories)
    if facts is None or not secret or not facts.mode & 0o004:
        return []
    hint = f"Run: chmod o-r {shlex.quote(file)}"
    return [Noted((), "holds a password in a repository's url and can be read by every user", hint)]


def _check_restic(config: Config, machine: Machine) -> list[Noted]:
    try:
        machine.restic_version(config.settings.restic)
    except ResticError as error:
        return [Noted(("agent", "restic"), error.message, error.hint)]
    return []


def _check_repository(repository: Repository, machine: Machine) -> list[Noted]:
    at: At = ("repository", repository.name)
    noted = check_password((*at, "password_file"), repository.password_file, "repository", machine)
    if repository.environment_file:
        noted += check_environment((*at, "environment_file"), repository.environment_file, machine)
    local = local_path(repository.url)
    if local is not None:
        noted += _check_local((*at, "url"), local, repository.password_file, machine)
    return noted


def _check_twins(config: Config, machine: Machine) -> list[Noted]:
    """One repository under two names, through a link or a mount, is one copy."""
    first: dict[object, str] = {}
    noted = []
    for repository in config.repositories:
        local = local_path(repository.url)
        if local is None:
            continue
        real = machine.real_path(local)
        facts = machine.facts(f"{real}/config")
        place = (facts.identity if facts else None) or real
        if place in first:
            message = f"is the same place as that of repository {first[place]}, so it is no second copy"
            hint = "Put the second repository on another medium or site."
            noted.append(Noted(("repository", repository.name, "url"), message, hint))
        else:
            first[place] = repository.name
    return noted


def _check_local(at: At, path: str, password_file: str, machine: Machine) -> list[Noted]:
    """A repository on this machine must be there already: nobody but `init` makes one."""
    shown = printable(path)
    facts = machine.facts(machine.real_path(path))
    make = f"Mount it, or make it: restic init -r {shlex.quote(path)} -p {shlex.quote(password_file)}"
    if facts is None:
        return [Noted(at, f"{shown} is not there", make)]
    if facts.kind != "directory":
        return [Noted(at, f"{shown} is no directory that can be read", "Name the repository's directory.")]
    if not machine.can_read(path) or not machine.can_write(path):
        return [Noted(at, f"{shown} may not be read and written by us", "Run as its owner, or as root.")]
    if machine.facts(f"{machine.real_path(path)}/config") is None:
        return [Noted(at, f"{shown} holds no restic repository", make)]
    return []
