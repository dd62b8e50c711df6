"""What every reason of a verdict means; docs/reference/reasons.md is made from this table."""

from agent.core.model.records import Verdict

# code -> (the verdict that this reason alone causes, READY for a note; what it means)
REASONS: dict[str, tuple[Verdict, str]] = {
    # tested and bad
    "drill-failed": (Verdict.NOT_READY, "the newest drill from a copy failed, and none since has passed"),
    "no-good-snapshot": (Verdict.NOT_READY, "every snapshot failed, or was refused by a drill"),
    "snapshot-stale": (
        Verdict.NOT_READY,
        "the newest good snapshot is older than the recovery point objective",
    ),
    "data-stale": (
        Verdict.NOT_READY,
        "a dump that a `newest_file` proof names is older than the recovery point objective",
    ),
    "repository-damaged": (
        Verdict.NOT_READY,
        "a check, or any other work there, found damage; AT RISK while another copy is proven, or since a "
        "full drill from it passed",
    ),
    "password-missing": (
        Verdict.UNKNOWN,
        "the password file of a repository is not there, empty, blank, closed to us, or open to others and "
        "so refused; AT RISK while another copy is proven",
    ),
    "wrong-password": (
        Verdict.UNKNOWN,
        "the password did not open a repository when it was last met; AT RISK while another copy is proven",
    ),
    "repository-unreadable": (
        Verdict.UNKNOWN,
        "what is kept in a repository may not be read by the user that runs readiness; AT RISK while another "
        "copy is proven",
    ),
    "address-changed": (
        Verdict.UNKNOWN,
        "the config names another address or name of a repository than where anybody met it; AT RISK while "
        "another copy is proven",
    ),
    "rto-missed": (
        Verdict.NOT_READY,
        "the measured recovery, with its steps, is longer than the recovery time objective",
    ),
    "window-missed": (Verdict.NOT_READY, "not everything would be back before the promised opening"),
    # not proven
    "clock-went-back": (
        Verdict.UNKNOWN,
        "records lie in the future, by more than an hour or a quarter of the `rpo`: no age can be trusted",
    ),
    "no-snapshot": (
        Verdict.UNKNOWN,
        "none was taken yet, all are dated in the future, or drills refused the newest",
    ),
    "paths-not-covered": (
        Verdict.UNKNOWN,
        "the process was given a path, or an exclude was taken back, and no snapshot holds it yet",
    ),
    "never-proven": (Verdict.UNKNOWN, "no drill has passed yet"),
    "proof-expired": (Verdict.UNKNOWN, "the last proven restore is older than `max_proof_age`"),
    "vital-not-proven": (
        Verdict.UNKNOWN,
        "the content of a vital path was compared in no drill that counts: it was being written each time, "
        "or holds zero bytes only",
    ),
    "agent-silent": (
        Verdict.UNKNOWN,
        "the service should be running and has given no sign of life for half an hour",
    ),
    "state-unwritable": (Verdict.UNKNOWN, "nothing can be recorded: a failure would not be known"),
    "window-unknown": (Verdict.UNKNOWN, "a process has no measured restore, so the whole cannot be planned"),
    "no-process": (Verdict.UNKNOWN, "no critical process is configured"),
    # slipping
    "snapshot-failing": (
        Verdict.AT_RISK,
        "the newest snapshot failed or could not be taken; an older one is still fresh enough",
    ),
    "drill-not-tested": (
        Verdict.AT_RISK,
        "the newest drill could not be carried out; an older one still counts",
    ),
    "proof-partial": (Verdict.AT_RISK, "only samples were drilled, and together they are not the whole"),
    "vital-not-covered": (
        Verdict.AT_RISK,
        "a path was declared vital after the newest snapshot, and nobody has looked whether that holds it",
    ),
    "content-not-proven": (
        Verdict.AT_RISK,
        "more than 2 % of the content was compared in no drill that counts: it was being written each time, "
        "or holds zero bytes only",
    ),
    "no-proof": (Verdict.AT_RISK, "a process of tier 1 has no proof"),
    "proof-not-run": (
        Verdict.AT_RISK,
        "a proof, as it is in the config today, did not run in any drill that counts",
    ),
    "paths-not-drilled": (
        Verdict.AT_RISK,
        "more belongs to the process than what was last drilled: a path, or what an exclude kept out",
    ),
    "same-repository": (
        Verdict.AT_RISK,
        "two names in the config stand for one repository, or for a clone of it: they count as one copy",
    ),
    "agent-stopped": (Verdict.AT_RISK, "somebody stopped the service more than an hour ago"),
    "agent-dying": (Verdict.AT_RISK, "the service ended without a word three times within an hour"),
    "no-sound-copy": (
        Verdict.AT_RISK,
        "no copy off the data's device is fresh, proven and quick all at once",
    ),
    "rto-missed-in-sequence": (Verdict.AT_RISK, "in time by itself, late because others come first"),
    "rto-tight": (Verdict.AT_RISK, "more than 80 % of the recovery time objective is used"),
    "growth": (
        Verdict.AT_RISK,
        "growing as it does, it will miss its recovery time objective within 30 days",
    ),
    "copy-missing": (
        Verdict.AT_RISK,
        "the first repository holds no good snapshot of the process, while another one does",
    ),
    "plan-b-behind": (
        Verdict.AT_RISK,
        "plan B holds no good snapshot, or lags by more than two copies and the rpo",
    ),
    "proof-expiring": (Verdict.AT_RISK, "more than 80 % of `max_proof_age` has passed"),
    "repository-same-device": (
        Verdict.AT_RISK,
        "every copy lies on the same disk as the data, in memory, or at an address of this machine itself",
    ),
    # notes: they change no verdict and wait for a person
    "copies-same-machine": (Verdict.READY, "every copy lies in this machine, one at least on another disk"),
    "place-unknown": (
        Verdict.READY,
        "where a copy lies could not be seen, and none is known to lie elsewhere",
    ),
    "mail-blocked": (Verdict.READY, "no mail server takes our mail; what is written waits"),
    "mail-refused": (Verdict.READY, "the mail server refuses one of the addresses in `[mail]` for good"),
    "alarm-test-unseen": (Verdict.READY, "nobody acknowledged the newest alarm test within a day"),
    "ping-failing": (Verdict.READY, "the outside watcher that `ping` names could not be told"),
    "retention-frozen": (
        Verdict.READY,
        "no snapshot is removed and no space freed until a person has looked",
    ),
}
