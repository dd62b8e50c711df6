"""What `restic check` says, read for one question: is something damaged?

Its exit status is 1 for damage, before 0.17 for everything else as well, and a connection that breaks
in the middle ends as "repository contains errors" too.
"""

import json
import re

from agent.adapters.host.command import Completed
from agent.adapters.restic import errors as restic_errors
from agent.core.text.plain import printable

TOLD = 3  # lines that are handed on
LONGEST = 300

# nothing but damage explains these words; "The repository is damaged" ends every check that found errors
DAMAGED = re.compile(
    r"ciphertext verification failed|does not match|hash mismatch|invalid data returned"
    r"|(?<!the repository )is damaged",
    re.IGNORECASE,
)
FOUND_ERRORS = "repository contains errors"  # what a check says that came to its end
MEDIUM = "input/output error"  # of a file that is there: as good as lost
BROKEN_OFF = {
    "repository-unreachable",
    "repository-unreadable",
    "restic-killed",
    "restic-crashed",
    "no-space",
}
# advice, and what is tried again
_SAID_ANYWAY = re.compile(
    r"^(the repository (contains|is) damaged|damaged pack files can|restic (repair|rebuild)|fatal: )"
    r"|retrying after",
    re.IGNORECASE,
)


def damage_in(completed: Completed) -> tuple[str, ...]:
    """The first telling lines about damage; nothing when there is none, or when it cannot be told."""
    if completed.timed_out or completed.status == 0:
        return ()
    lines = _lines(completed.stderr)
    words = "\n".join(lines)
    broken_off = restic_errors.trouble("checking", completed).code in BROKEN_OFF and MEDIUM not in words
    if not DAMAGED.search(words) and (FOUND_ERRORS not in words or broken_off):
        return ()
    telling = [line for line in lines if not _SAID_ANYWAY.search(line)] or lines[-1:]
    telling.sort(key=lambda line: not DAMAGED.search(line))  # stable
    return tuple(printable(restic_errors.without_secrets(line))[:LONGEST] for line in telling[:TOLD])


def _lines(stderr: bytes) -> list[str]:
    """What restic said, line by line, whether as prose or as JSON."""
    lines = [_words(line) for line in stderr.decode(errors="surrogateescape").splitlines()]
    return [line[: restic_errors.LONGEST_TOLD] for words in lines for line in words.splitlines() if line]


def _words(line: str) -> str:
    try:
        message = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict):
        words = message.get("message")
        return words.strip() if isinstance(words, str) else ""
    return line.strip()
