"""What is wrong in words that a shop owner knows: no repository, no snapshot, no drill.

For each code: what it means, and what to ask the administrator for. `{name}` stands for the process.
"""

from collections.abc import Sequence

from agent.core.text.layout import cut
from agent.core.text.phrases import joined
from agent.core.text.plain import printable

ONE_COPY = "drill-failed, but another copy is proven"  # no code of a record
IN_SERVER = "repository-same-device, but on no disk of the data"  # likewise
LOOK = "have a look at {name}"
AGAIN = "test the restore of {name}"
FILES = "find the missing files of {name}"
STORE = "look after the place where the backups are kept"
GONE = ("the place with the backups of {name} is gone or was replaced", STORE)
SHUT = ("the backups of {name} cannot be opened", "bring back the password of the backups")
UNREACHABLE = ("{name}: the backups cannot be reached", STORE)
LOST = ("{name}: files that belong into the backup are missing", FILES)
BAD_FILES = ("{name}: the restored files are not as they should be", "look into the failed restore of {name}")
UNTESTED = ("the last restore test of {name} could not be done", AGAIN)
QUICKER = "make the restore of {name} quicker, or promise less"
KEPT = ("old backups of {name} are kept until somebody has looked", LOOK)
ELSEWHERE = "keep a second copy in another place"
NO_BACKUP = "make a backup of {name} and test it"

WORDS: dict[str, tuple[str, str]] = {
    # reasons
    ONE_COPY: (
        "one copy of {name} cannot be restored, another can",
        "look into the failed restore of {name}",
    ),
    "drill-failed": ("{name} cannot be restored", "look into the failed restore of {name}"),
    "no-good-snapshot": ("there is no good backup of {name}", NO_BACKUP),
    "snapshot-stale": ("the newest backup of {name} is too old", "make a backup of {name}"),
    "data-stale": ("the newest copy of the data of {name} is too old", "copy the data of {name} more often"),
    "rto-missed": ("restoring {name} takes longer than promised", QUICKER),
    "window-missed": ("not everything would be back before you open", "plan for a quicker recovery"),
    "clock-went-back": ("a clock is wrong, so the age of nothing is certain", "set the clock of the server"),
    "no-snapshot": ("there is no backup of {name} yet", NO_BACKUP),
    "paths-not-covered": ("new folders of {name} are in no backup yet", "make a backup of {name}"),
    "never-proven": ("no restore of {name} has been proven yet", AGAIN),
    "proof-expired": ("no restore of {name} has been proven lately", AGAIN),
    "window-unknown": ("nobody knows when everything would be back", "test the restore of everything"),
    "no-process": ("nobody has said yet what has to be protected", "set up what has to be protected"),
    "snapshot-failing": ("the newest backup of {name} did not work", "make a backup of {name}"),
    "drill-not-tested": UNTESTED,
    "proof-partial": ("only a part of {name} was restored in a test", "test the restore of all of {name}"),
    "vital-not-proven": (
        "the most important files of {name} could never be compared in a test",
        "let {name} write its files in a way that they can be saved",
    ),
    "vital-not-covered": (
        "nobody knows yet whether the newest backup of {name} holds all that is important",
        "make a backup of {name}",
    ),
    "content-not-proven": (
        "some files of {name} could never be compared in a test",
        "let {name} write its files in a way that they can be saved",
    ),
    "no-proof": (
        "nobody checks whether the restored data of {name} make sense",
        "add a check of the data of {name}",
    ),
    "proof-not-run": ("a check of the restored data of {name} was not done", AGAIN),
    "paths-not-drilled": ("new folders of {name} were never restored in a test", AGAIN),
    "no-sound-copy": (
        "no copy of {name} that would outlive this server is good by itself",
        "make a backup of {name} and test it",
    ),
    "rto-missed-in-sequence": (
        "{name} would be back later than promised, because others come first",
        "change the order of recovery, or find a second pair of hands",
    ),
    "rto-tight": ("restoring {name} takes nearly as long as promised", QUICKER),
    "growth": ("restoring {name} soon takes longer than promised, because the data grow", QUICKER),
    "plan-b-behind": ("the second copy of {name} is behind", "bring the second copy up to date"),
    "proof-expiring": ("the last proven restore of {name} will soon be too old to count", AGAIN),
    "retention-frozen": KEPT,
    "repository-same-device": (
        "one broken disk takes {name} and the backups",
        ELSEWHERE,
    ),
    IN_SERVER: ("{name} and the backups would be lost with this server", ELSEWHERE),
    "copies-same-machine": ("the backups of {name} would be lost with this server", ELSEWHERE),
    "place-unknown": ("nobody knows where a copy of {name} lies", ELSEWHERE),
    "repository-damaged": ("a copy of {name} is damaged", "repair the damaged copy, and test it"),
    "repository-missing": GONE,
    "repository-changed": GONE,
    "same-repository": ("two copies are one and the same", "make a second copy of its own"),
    **dict.fromkeys(("password-missing", "wrong-password"), SHUT),
    "repository-unreadable": ("the backups of {name} may not be read", "let readiness read the backups"),
    "address-changed": ("the backups of {name} are looked for in a new place", AGAIN),
    "copy-missing": ("the first copy of {name} does not exist", "find out why no backup arrives there"),
    "snapshots-vanished": (
        "backups of {name} have disappeared",
        "find out who or what removed backups of {name}",
    ),
    "mass-change": (
        "very many files of {name} were changed at once",
        "find out who changed the files of {name}: it may be an attack",
    ),
    "agent-silent": ("the server has stopped testing itself", "start readiness again"),
    "agent-stopped": ("the server has stopped testing itself", "start readiness again"),
    "agent-dying": ("the server keeps failing to test itself", "start readiness again"),
    "state-unwritable": ("the server cannot write down what it tests", "make room on the disk of readiness"),
    "ping-failing": (
        "the watcher outside hears nothing from the server",
        "look after the connection to the watcher outside",
    ),
    "mail-blocked": ("mails to you do not go out", "find out why mails do not go out"),
    "mail-refused": ("somebody who should get mail does not get it", "check the mail addresses"),
    "alarm-test-unseen": ("nobody answered the last alarm test", "find out who gets alarms, and answer it"),
    "ledger-damaged": ("the book of all tests was damaged or altered", "find out who altered the records"),
    # findings
    **dict.fromkeys(("source-missing", "source-empty", "source-is-symlink", "view-differs"), LOST),
    **dict.fromkeys(("source-collapsed", "vital-missing", "vital-excluded", "exclude-drops-data"), LOST),
    **dict.fromkeys(("file-unreadable", "file-zeroed", "file-larger-than-disk", "snapshot-incomplete"), LOST),
    "source-shrunk": ("many files of {name} have disappeared within weeks", FILES),
    **dict.fromkeys(
        ("dump-cut", "dump-shrunk"),
        ("the copy of a database of {name} is not whole", "look at the newest dump of {name}"),
    ),
    "dump-gone": ("the copy of a database of {name} is gone", "look why it is not made any more"),
    "link-leads-out": ("{name} needs files that are in no backup", LOOK),
    "source-swapped": (
        "files of others came into a snapshot of {name}",
        "look who writes to the data of {name}",
    ),
    "source-replaced": ("the data of {name} are on another disk than before", LOOK),
    **dict.fromkeys(
        ("database-damaged", "database-collapsed"),
        ("a database of {name} is damaged or has lost entries", "look at the database of {name}"),
    ),
    "vital-moving": (
        "important files of {name} were being written during the backup",
        "let {name} write its files in a way that they can be saved",
    ),
    **dict.fromkeys(
        ("sqlite-not-copied", "live-database"),
        (
            "a database of {name} is saved in a way that may not work",
            "have the database of {name} copied right",
        ),
    ),
    "not-looked-into": ("nobody knows whether a database or a dump of {name} is sound", LOOK),
    "snapshot-lost": ("a backup of {name} has disappeared", NO_BACKUP),
    "watch-limit": ("changes of {name} are noticed later than usual", LOOK),
    "no-events": ("changes of {name} are noticed later than usual", LOOK),
    **dict.fromkeys(("repository-locked", "repository-unreachable"), UNREACHABLE),
    "environment-file-wrong": UNREACHABLE,
    **dict.fromkeys(("retention-unproven", "retention-too-much", "retention-refused"), KEPT),
    "retention-unknown": KEPT,
    **dict.fromkeys(
        ("copy-incomplete", "copy-refuted", "copy-impossible"),
        ("the second copy of {name} is not complete", "bring the second copy up to date"),
    ),
    "snapshot-in-future": ("a clock is wrong", "set the clock of the server"),
    **dict.fromkeys(("witness-missing", "witness-changed"), ("a backup of {name} cannot be checked", AGAIN)),
    **dict.fromkeys(("file-missing", "file-damaged", "file-changed", "file-unexpected"), BAD_FILES),
    "proof-failed": ("the restored data of {name} are not good", "look into the failed restore of {name}"),
    **dict.fromkeys(("path-too-long", "sparse-expanded", "restic-complained"), UNTESTED),
    **dict.fromkeys(("complaint-unexplained", "nothing-compared", "snapshot-unknown"), UNTESTED),
    **dict.fromkeys(
        ("scratch-too-small", "no-space"), ("there is too little room on a disk for {name}", "make room")
    ),
    **dict.fromkeys(("timed-out", "interrupted", "not-tested"), UNTESTED),
    **dict.fromkeys(("restic-missing", "restic-too-old", "restic-killed"), UNTESTED),
    **dict.fromkeys(("restic-crashed", "restic-garbled", "restic-failed"), UNTESTED),
}
# what concerns no single process, when it is over
MENDED = {
    **dict.fromkeys(("agent-silent", "agent-stopped", "agent-dying"), "the server tests itself again"),
    "state-unwritable": "the server can write down what it tests again",
    "ping-failing": "the watcher outside hears from the server again",
    "mail-blocked": "mails go out again",
    "mail-refused": "no mail address is refused any more",
    "alarm-test-unseen": "the alarm test was answered, or a new one was sent",
    "clock-went-back": "the clock is right again",
    "window-missed": "everything would be back before you open",
}
UNKNOWN_CODE = ("something is wrong with {name}", LOOK)


def trouble(code: str, processes: Sequence[str], limit: int = 2, copy: str = "") -> str:
    """What is wrong, without a full stop: "orders cannot be restored"; with the copy that it is about."""
    concerned = names(processes, limit) + (f" (copy {printable(copy)[:60]})" if copy else "")
    return WORDS.get(code, UNKNOWN_CODE)[0].replace("{name}", concerned)


def wish(code: str, processes: Sequence[str]) -> str:
    """What to ask the administrator for: "test the restore of orders"."""
    return WORDS.get(code, UNKNOWN_CODE)[1].replace("{name}", names(processes, 2))


def names(processes: Sequence[str], limit: int) -> str:
    """Processes by name, "everything" where no single one is meant; with a limit of 0 as short as can be."""
    if not limit and len(processes) > 1:
        return f"{len(processes):,} processes"
    return (
        joined([cut(printable(name), 60 if limit else 20) for name in processes], limit or 1) or "everything"
    )
