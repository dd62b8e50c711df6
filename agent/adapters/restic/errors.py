"""What restic's exit status and words mean, across 0.14 to 0.19. Old versions say 1 for nearly everything."""

import json
import re

from agent.adapters.host.command import Completed
from agent.core.text.plain import printable
from agent.errors import ResticError

LOOK_AT_IT = "Keep every copy of it as it is and look at its disk; readiness check shows how far it goes."
WRITING = r"(Save|Remove)\("  # how a complaint of a backend that may not write begins

# (exit statuses, words on standard error, our code, hint): an exit status of its own tells, else the first
# row whose words are there. That a place cannot be reached or read comes before that nothing is there: 0.14
# asks "Is there a repository" in each case.
TROUBLE: tuple[tuple[tuple[int, ...], str, str, str], ...] = (
    (
        (),
        r"resolving password failed|an empty password is not",
        "password-missing",
        "Write the repository's password into it (mode 0600), and let readiness read it.",
    ),
    (
        (),
        r"signal (interrupt|terminated) received|fatal error: (runtime: )?(out of memory|cannot allocate)",
        "restic-killed",
        "Somebody stopped it, or memory ran out: journalctl -k shows the latter.",
    ),
    (
        (),
        r"^panic: |^\[signal SIG",  # 0.19.1 does, now and then, when a large source file cannot be read
        "restic-crashed",
        "A fault in restic itself. See whether a newer restic is at hand.",
    ),
    (
        (),
        r"unable to (open|create|locate) cache",
        "not-tested",
        "Look at the disk with the cache: below state and scratch in [agent].",
    ),
    (
        (),
        r"no space left on device|disk quota exceeded|file too large",
        "no-space",
        "Free some space on the file system that restic names, and try again.",
    ),
    (
        (),
        r"connection refused|no such host|dial tcp|network is unreachable|i/o timeout|connection reset"
        r"|no route to host|server misbehaving|unexpected HTTP response|unable to start the sftp|x509:|ssh: "
        r"|input/output error|transport endpoint is not connected|stale file handle",
        "repository-unreachable",
        "Check the network and the server that holds the repository.",
    ),
    (
        (),
        r"config or key \S+ is damaged|<key/\w+>\): invalid data returned|config file has zero size",
        "repository-damaged",
        "Nothing there can be read without them: put its config and keys back from a copy of them.",
    ),
    (
        (),
        r"invalid data returned|ciphertext verification failed",
        "repository-damaged",
        LOOK_AT_IT,
    ),
    (
        (),
        rf"^{WRITING}[^\n]*permission denied|unable to create lock[^\n]*permission denied",
        "restic-failed",
        "Let the user that runs readiness write into the repository.",
    ),
    (
        (),
        r"permission denied",
        "repository-unreadable",
        "Let the user that runs readiness read the repository.",
    ),
    (
        (),
        r"packs from index missing in repo|the repository could be damaged|the repository is damaged"
        r"|id [0-9a-f]{8,64} not found in repository|not found in the repository index",
        "repository-damaged",
        LOOK_AT_IT,
    ),
    (
        (12,),
        r"wrong password or no key found",
        "wrong-password",
        "Check the password file named in the config; restic key list shows which keys the repository has.",
    ),
    (
        (11,),
        r"repository is already locked",
        "repository-locked",
        "Another restic is at work, or one died: look with restic list locks, and try again later.",
    ),
    (
        (10,),
        r"repository does not exist|Is there a repository at the following location"
        r"|unable to open config file",
        "repository-missing",
        "Mount or reconnect the medium. If it is really gone, the backups in it are gone.",
    ),
    (
        (),
        r"no matching ID found|multiple IDs with prefix|failed to find snapshot",
        "no-snapshot",
        "List what is there: restic snapshots.",
    ),
)

LONGEST_TOLD = 2000  # characters of a line that are looked at for secrets, which takes the square of the time
_SECRETS = re.compile(r"(\w+://|:)([^\s/@:]*):(\S+)@")
_ABOUT_ONE_FILE = re.compile(r"^ignoring error for .*: ")


def without_secrets(text: str) -> str:
    """`text` with the password of every URL blanked."""
    return _SECRETS.sub(r"\1\2:***@", text)


def first_line(stderr: bytes, pattern: str = "") -> str:
    """The line of restic's standard error that says most, or one that says `pattern`; safe to show."""
    lines = [line for line in map(_said, stderr.decode(errors="surrogateescape").splitlines()) if line]
    last_words = [line for line in lines if line.startswith(("Fatal:", "panic:"))]
    telling = [line for line in (*last_words, *lines) if re.search(pattern, line, re.IGNORECASE)]
    chosen = (telling or last_words or lines or ["it said nothing"])[0]
    return printable(without_secrets(chosen.removeprefix("Fatal: ")[:LONGEST_TOLD]))[:300]


def _said(line: str) -> str:
    """The words of one line, which since 0.17 may be JSON."""
    try:
        message = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict):
        error = message.get("error")
        words = error.get("message") if isinstance(error, dict) else message.get("message")
        if isinstance(words, str):
            return words.strip()
    return line.strip()


def code_of(words: str) -> str:
    """The code of the first row that these words fit, or ""."""
    rows = [row for row in TROUBLE if re.search(row[1], words, re.IGNORECASE | re.MULTILINE)]
    return rows[0][2] if rows else ""


def _words(stderr: bytes) -> str:
    """What standard error says, without the names of files: those may hold any words."""
    lines = map(_said, stderr.decode(errors="replace").splitlines())
    return "\n".join(_ABOUT_ONE_FILE.sub("", line) for line in lines)


def timed_out(seconds: float, stderr: bytes) -> ResticError:
    """The error for a restic that got nowhere for so long; while it retries, it says why."""
    said = f" It said: {first_line(stderr)}" if stderr.strip() else ""
    return ResticError(
        f"restic showed no progress for {seconds:.0f} s and was ended.{said}",
        "Check that the repository answers; stall_timeout in [agent] says how long to wait.",
        "timed-out",
    )


def trouble(doing: str, completed: Completed) -> ResticError:
    """The error that stands for a restic run that did not end well. `doing` reads "listing snapshots"."""
    words = _words(completed.stderr)
    if completed.timed_out:
        return timed_out(completed.seconds, completed.stderr)
    telling = [row for row in TROUBLE if completed.status in row[0]]
    telling += [row for row in TROUBLE if re.search(row[1], words, re.IGNORECASE | re.MULTILINE)]
    if telling:
        _, pattern, code, hint = telling[0]
        said = first_line(completed.stderr, pattern)
        return ResticError(f"restic failed while {doing}: {said}", hint, code)
    if completed.status < 0 or completed.status in (137, 143):
        return ResticError(
            f"restic was killed while {doing} (signal {abs(completed.status) % 128}).",
            "The kernel does that when memory runs out: journalctl -k shows it.",
            "restic-killed",
        )
    return ResticError(
        f"restic failed while {doing} (exit status {completed.status}): {first_line(completed.stderr)}",
        "Run the same with restic by hand to see more.",
        "restic-failed",
    )
