"""The stable words for everything that can be wrong. One fault, one code; docs list them all."""

from typing import Literal

from msgspec import Struct

from agent.core.text.plain import LONGEST_PATH, shown_path

Severity = Literal["info", "warning", "error"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: what, where, and what to do about it."""

    code: str
    severity: Severity
    process: str
    message: str
    hint: str = ""
    path: str | None = None


# code -> (severity, what it means)
CODES: dict[str, tuple[Severity, str]] = {
    # sources, found while a snapshot is taken
    "source-missing": ("error", "a path of the process is not there"),
    "source-empty": ("error", "a path holds nothing, or nothing any more, as an unmounted file system would"),
    "source-is-symlink": ("error", "a path is a symbolic link; restic would keep the link and no data"),
    "view-differs": ("error", "the sandbox of the service hides something of a path"),
    "source-replaced": ("warning", "a path lies on another file system than in the last good snapshot"),
    "source-swapped": (
        "error",
        "the snapshot holds files that never lay in the sources: a link led to them while restic read",
    ),
    "source-collapsed": ("error", "far fewer files or bytes than in the last good snapshot"),
    "source-shrunk": (
        "warning",
        "hardly anything is left of the most that a directory or file had in four weeks",
    ),
    "dump-cut": ("warning", "the newest dump of a database was cut off, or holds nothing"),
    "dump-shrunk": ("warning", "the newest dump has less than half of what it had within four weeks"),
    "dump-gone": (
        "error",
        "a dump that a job wrote, and that a proof looks at, is gone with all generations",
    ),
    "link-leads-out": ("warning", "a symbolic link leads to something that no process saves"),
    "vital-missing": (
        "error",
        "a vital path is not there, is empty now, or leads to what the snapshot does not hold",
    ),
    "vital-moving": ("warning", "a vital file was being written for as long as the snapshot waited for it"),
    "vital-excluded": (
        "error",
        "exclude patterns keep a vital path, or nearly all in it, out of the snapshot",
    ),
    "exclude-drops-data": ("error", "an exclude pattern keeps out files that the last good snapshot held"),
    "file-unreadable": ("error", "a file could not be read and is not in the snapshot"),
    "file-zeroed": ("error", "a file that had content consists of zero bytes only"),
    "file-larger-than-disk": ("error", "a sparse file claims more bytes than its file system holds"),
    "database-damaged": ("error", "a SQLite database is damaged, empty or cannot be read"),
    "database-collapsed": ("error", "a table lost most of its rows since the last good snapshot"),
    "sqlite-not-copied": ("warning", "a live SQLite database is saved as a file only, which may be torn"),
    "not-looked-into": (
        "warning",
        "nothing is known of a SQLite database or a packed dump: its turn has not come yet, or the process "
        "that looks was ended by what it found there, took too long, or is not there",
    ),
    "live-database": (
        "warning",
        "the files of a database server at work are saved, which do not fit together, or a part of them",
    ),
    "snapshot-incomplete": ("error", "restic's snapshot does not hold what the witness lists"),
    "snapshot-lost": ("error", "restic reported a snapshot that is not in the repository"),
    # what the service sees of the sources between snapshots
    "mass-change": ("warning", "many files were rewritten or renamed within minutes, or most are gone"),
    "watch-limit": ("warning", "the kernel or we allow fewer watches than there are directories"),
    "no-events": ("info", "a path lies where changes come without events; only the regular scan sees them"),
    # repositories
    "repository-missing": ("error", "there is no repository at the configured place"),
    "repository-changed": ("error", "another repository stands at the configured place"),
    "repository-locked": ("error", "somebody else's restic holds a lock"),
    "repository-unreachable": ("error", "the server or medium does not answer"),
    "repository-unreadable": ("error", "the repository may not be read"),
    "repository-same-device": ("warning", "the repository lies on the same device as the data"),
    "password-missing": (
        "error",
        "the file with a repository's password is not there, empty, blank, closed, or open to others",
    ),
    "wrong-password": ("error", "the password does not open the repository"),
    "snapshots-vanished": ("error", "snapshots that were taken are no longer in the repository"),
    "repository-damaged": ("error", "restic's check says that something in the repository is damaged"),
    # what keeps old snapshots from being removed
    "retention-frozen": ("warning", "nothing is removed before a person has looked into what happened"),
    "retention-unproven": ("warning", "nothing is removed where the newest drill has not passed"),
    "retention-too-much": ("warning", "more snapshots would be removed at once than at_most allows"),
    "retention-unknown": ("warning", "snapshots that the ledger does not know are not removed"),
    "retention-refused": ("warning", "the server does not let this machine remove anything (append-only)"),
    # copies to plan B
    "copy-incomplete": ("error", "restic reported no trouble, and snapshots did not arrive in plan B"),
    "copy-refuted": ("error", "a drill refused the newest copy in plan B, and there is no newer one to copy"),
    "copy-impossible": ("error", "one restic cannot reach both repositories: their settings contradict"),
    # drills
    "no-snapshot": ("error", "the repository holds no snapshot of this process, host and paths"),
    "snapshot-stale": ("error", "the newest snapshot is older than the recovery point objective"),
    "snapshot-in-future": ("warning", "the snapshot's time lies in the future: a clock is wrong"),
    "witness-missing": ("error", "the snapshot carries no witness to compare with"),
    "witness-changed": ("error", "the witness is not the one that was recorded"),
    "snapshot-unknown": ("warning", "the ledger does not know the snapshot: it proves nothing of ours"),
    "file-missing": ("error", "a file did not come back"),
    "file-damaged": ("error", "a file came back with other content"),
    "file-changed": ("error", "a file came back with another type, mode, owner, time or link"),
    "file-unexpected": ("error", "a file came back that the witness does not know"),
    "proof-failed": ("error", "a proof says that the restored data is not good"),
    "proof-not-run": ("warning", "a proof could not be run"),
    "path-too-long": ("warning", "a path is too long to be restored below the scratch"),
    "sparse-expanded": ("warning", "sparse files need far more room when restored"),
    "restic-complained": ("warning", "restic reported errors although everything was verified"),
    "complaint-unexplained": ("warning", "restic reported errors, and not everything could be compared"),
    "nothing-compared": ("warning", "of all content that was restored none could be compared"),
    "rto-missed": ("error", "the measured recovery is longer than the recovery time objective"),
    # what keeps a snapshot or drill from being made: never good, never bad
    "scratch-too-small": ("error", "the scratch has no room for the restore"),
    "no-space": ("error", "a disk ran full"),
    "timed-out": ("error", "restic made no progress and was ended"),
    "interrupted": ("error", "somebody stopped it"),
    "environment-file-wrong": ("error", "the file with restic's environment cannot be used"),
    "restic-missing": ("error", "restic is not installed"),
    "restic-too-old": ("error", "restic is older than 0.14.0"),
    "restic-killed": ("error", "restic was killed"),
    "restic-crashed": ("error", "restic crashed, and crashed again when tried once more"),
    "restic-garbled": ("error", "restic's answer cannot be understood"),
    "restic-failed": ("error", "restic failed for another reason"),
    "not-tested": ("error", "something else kept the test from being made"),
}


# Trouble with a repository that says something about the backups themselves; all other trouble says
# "could not be tested".
TESTED_AND_BAD = frozenset({"repository-missing", "repository-changed", "repository-damaged"})


def finding(code: str, process: str, message: str, hint: str = "", path: str | None = None) -> Finding:
    """A finding with the severity that its code has everywhere; "not-tested" stands for any other code.

    Only `path`, and a hint that may be a command, hold a very long path as it is.
    """
    if path and len(path) > LONGEST_PATH:
        message = message.replace(path, shown_path(path))
    if code not in CODES:
        code = "not-tested"
    return Finding(code=code, severity=CODES[code][0], process=process, message=message, hint=hint, path=path)
