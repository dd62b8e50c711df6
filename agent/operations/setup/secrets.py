"""Files that hold secrets: there, readable by us, and by nobody else."""

import shlex

from agent.core.configuration.location import FileFacts, missing_secret_hint
from agent.core.configuration.problem import At, Noted
from agent.core.text.plain import printable
from agent.errors import ResticError
from agent.operations.ports.machine import Machine


def check_password(at: At, path: str, whose: str, machine: Machine) -> list[Noted]:
    """The file with the password of a repository or a mail server is there, filled, and nobody else's."""
    shown = printable(path)
    facts = machine.facts(machine.real_path(path))
    if facts is None:
        return [Noted(at, f"{shown} is not there", missing_secret_hint(path, whose))]
    if facts.kind != "file":
        return [Noted(at, f"{shown} is no file that can be read", "Name a file that holds the password.")]
    noted = _check_closed(at, path, facts, machine)
    if facts.size == 0:
        noted.append(Noted(at, f"{shown} is empty", f"Write the {whose}'s password into it."))
    elif not machine.can_read(path):
        noted.append(Noted(at, f"{shown} may not be read by us", "Run as its owner, or as root."))
    return noted


def check_environment(at: At, path: str, machine: Machine) -> list[Noted]:
    """It holds secrets as the password file does, and must be what restic's calls can use."""
    facts = machine.facts(machine.real_path(path))
    closed = _check_closed(at, path, facts, machine) if facts and facts.kind == "file" else []
    if closed:
        return closed
    try:
        machine.read_environment(path)
    except ResticError as error:
        return [Noted(at, error.message, error.hint)]
    return []


def _check_closed(at: At, path: str, facts: FileFacts, machine: Machine) -> list[Noted]:
    others = _who_else(facts)
    if not others:
        return []
    hint = f"Run: chmod 600 {shlex.quote(machine.real_path(path))}"
    return [Noted(at, f"{printable(path)} is open to {others} (mode {facts.mode:04o})", hint)]


def _who_else(facts: FileFacts) -> str:
    if facts.mode & 0o007:
        return "every user of this machine"
    closed = 0o030 if facts.of_service else 0o070  # the service reads what `init` writes for it as root's
    return "its whole group" if facts.mode & closed else ""
