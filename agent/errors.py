"""Every way this program can refuse, each with a hint; and every exit status, in one place."""

import errno
from collections.abc import Sequence
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of the command line; scripts and monitoring rely on them."""

    GOOD = 0  # good: READY, passed
    BAD = 1  # tested and bad: NOT READY, a drill failed
    USAGE = 2  # wrong usage
    NOT_TESTED = 3  # could not be tested, or nothing proven: UNKNOWN
    AT_RISK = 4  # AT RISK
    BUSY = 75  # another readiness is at work on the same repository or process; try again
    CONFIG = 78  # the config is wrong
    INTERRUPTED = 130  # interrupted


class ReadinessError(Exception):
    """Something refused to go on.

    `message` says what is wrong and where in one sentence; `hint` says what to do.
    `code` is the stable kebab-case word that findings and `--json` carry.
    """

    exit = Exit.NOT_TESTED
    code = "not-tested"

    def __init__(self, message: str, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class ConfigError(ReadinessError):
    """The config cannot be used; carries every problem that was found."""

    exit = Exit.CONFIG
    code = "config-wrong"

    def __init__(self, message: str, hint: str = "", problems: Sequence[object] = ()) -> None:
        super().__init__(message, hint)
        self.problems = list(problems)


class UsageError(ReadinessError):
    """The command line asks for something that does not exist."""

    exit = Exit.USAGE
    code = "usage"


class Busy(ReadinessError):
    """Another readiness is at work on the same repository or process, or writes to the same ledger."""

    exit = Exit.BUSY
    code = "busy"


class Interrupted(ReadinessError):
    """A person or the system asked us to stop."""

    exit = Exit.INTERRUPTED
    code = "interrupted"


class StateError(ReadinessError):
    """The state directory or the ledger cannot be read or written."""

    code = "state-unusable"


class LedgerDamaged(StateError):
    """The ledger's file or its chain is not what we wrote: nothing that rests on it can be said."""

    code = "ledger-damaged"


class ResticError(ReadinessError):
    """restic could not do what was asked; `code` tells which kind of trouble it was."""

    code = "restic-failed"
    of_source = False  # while copying: it is about the repository that is copied from
    of_target = False  # or about that which is copied into


class MailError(ReadinessError):
    """No mail went out, to anybody; `code` tells which kind of trouble it was."""

    code = "mail-failed"


DEFECT_HINT = "That is a defect. Run the same with -v for the details, and report them."


def refusal(error: Exception) -> ReadinessError:
    """What ended a run, as one sentence and what to do; what nobody foresaw is a defect of ours."""
    if isinstance(error, ReadinessError):
        return error
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        code = "no-space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        return StateError(f"{where}{error.strerror}.", "Mend that, and try again.", code)
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return ReadinessError(f"readiness itself failed ({what}).", DEFECT_HINT)
