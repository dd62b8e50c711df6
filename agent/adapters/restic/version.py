"""Which restic an executable is, and whether it is one that we can work with."""

import re

from agent.adapters.host.command import CommandMissing, run
from agent.adapters.restic import errors as restic_errors
from agent.errors import ResticError

OLDEST = (0, 14, 0)
ANSWER_SECONDS = 30.0
Version = tuple[int, int, int]


def installed_version(executable: str) -> Version:
    """The version of a restic executable; ResticError when it is missing, too old or no restic."""
    hint = "Install restic 0.14.0 or newer (apt install restic), or name it as restic in [agent]."
    try:
        completed = run([executable, "version"], deadline=ANSWER_SECONDS)
    except CommandMissing as error:
        raise ResticError(error.message, error.hint or hint, "restic-missing") from error
    died = completed.status < 0 or re.search(rb"^(fatal error|panic): ", completed.stderr, re.M)
    if completed.timed_out or (completed.status and died):  # it is there, and had no memory to start in
        raise restic_errors.trouble("saying its version", completed)
    found = re.match(rb"restic (\d{1,4})\.(\d{1,4})\.(\d{1,4})", completed.stdout)
    if completed.status != 0 or not found:
        raise ResticError(f"{executable} does not say which restic it is.", hint, "restic-missing")
    version = (int(found[1]), int(found[2]), int(found[3]))
    if version < OLDEST:
        raise ResticError(f"restic {'.'.join(map(str, version))} is too old.", hint, "restic-too-old")
    return version
