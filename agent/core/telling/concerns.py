"""What is wrong at one moment, as people have to hear of it: reasons grouped by what they are about.

A trouble goes through stages ("the newest snapshot failed", "the newest good one is too old"): they share a
topic, so that they make one story and not three. What follows from another trouble is left out.
"""

from collections.abc import Sequence, Set

from msgspec import Struct

from agent.core.configuration.config import Config
from agent.core.evidence.account import SHUT
from agent.core.evidence.post import PUTS_OFF
from agent.core.model.notices import Severity
from agent.core.model.records import Verdict
from agent.core.verdict.judgement import Assessment, Reason, badness

HOUR, DAY = 3600, 86400
LATER = 4 * HOUR  # what can wait longer becomes worse by itself: too old, or unproven

TOPICS = {
    **dict.fromkeys(
        (
            "no-snapshot",
            "no-good-snapshot",
            "snapshot-stale",
            "data-stale",
            "snapshot-failing",
            "paths-not-covered",
            "vital-not-covered",
        ),
        "snapshot",
    ),
    **dict.fromkeys(("drill-failed", "drill-not-tested"), "drill"),
    **dict.fromkeys(("never-proven", "proof-expired", "proof-expiring", "proof-partial"), "proof"),
    **dict.fromkeys(("rto-missed", "rto-missed-in-sequence", "rto-tight", "growth"), "time"),
    **dict.fromkeys(("vital-not-proven", "content-not-proven"), "content"),
    **dict.fromkeys(("repository-missing", "repository-changed"), "repository"),
    **dict.fromkeys(("password-missing", "wrong-password", "repository-unreadable"), "password"),
    **dict.fromkeys(("agent-silent", "agent-stopped", "agent-dying"), "agent"),
}
OF_A_REPOSITORY = (
    "repository",
    "repository-damaged",
    "repository-same-device",
    "password",
    "address-changed",
    "same-repository",
)  # whatever process noticed it
OF_THE_MACHINE = ("clock-went-back",)
OF_A_COPY = (
    *("drill", "plan-b-behind", "copy-missing", "snapshots-vanished"),
    *("no-sound-copy", "paths-not-drilled"),
)
CONSEQUENCES = ("window-unknown",)  # of what is said of single processes
# they last as long as the copies lie where they lie: no mail is the better for them
FOR_READERS = ("copies-same-machine", "place-unknown")
GONE = ("repository-missing", "repository-changed")
CLOSED = (*GONE, *SHUT)
IN_WHAT_IS_CLOSED = ("drill-failed", "drill-not-tested", "plan-b-behind", "repository-damaged")
WITHOUT_ANY_PLACE = ("snapshot-failing", "snapshot-stale")  # and nothing can be done about it there

# nothing can be restored, or somebody may be at work to that end
GRAVE = (
    *("drill-failed", "no-good-snapshot", "repository-missing", "repository-changed"),
    *("repository-damaged", "snapshots-vanished"),
)
WORST = ("mass-change", "ledger-damaged")
FAILING = (
    *("snapshot-failing", "drill-not-tested", "repository-damaged", "plan-b-behind"),
    *("agent-stopped", "agent-dying", "mail-blocked", "mail-refused", "alarm-test-unseen"),
)

# seconds that it has to last before anybody is told: it may only be the beginning, or be tried again
PATIENCE = {
    **dict.fromkeys(("never-proven", "no-snapshot", "paths-not-covered", "vital-not-covered"), DAY),
    **dict.fromkeys(("plan-b-behind", "copy-missing"), DAY),
    # after the machine was off, a snapshot is on its way
    **dict.fromkeys(("clock-went-back", "mail-blocked", "snapshot-stale", "data-stale"), HOUR),
    **dict.fromkeys(("proof-expired", "vital-not-proven", "vital-moving"), LATER),
    "content-not-proven": DAY,  # the next drill may meet it at rest
    "drill-not-tested": 2 * DAY,  # the next one may be of another copy; what was proven still counts
}


class Concern(Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `key` names what it is about, the same each time that happens."""

    key: str
    severity: Severity
    verdict: Verdict
    code: str
    processes: tuple[str, ...]
    repository: str
    sentence: str
    hint: str

    @property
    def topic(self) -> str:
        return self.key.split("|")[0]


def concerns(assessment: Assessment) -> tuple[Concern, ...]:
    """Everything that is wrong, worst first; of each topic its worst stage."""
    everything = [*(r for one in assessment.judgements for r in one.reasons), *assessment.reasons]
    grouped: dict[str, list[Reason]] = {}
    closed = {
        reason.repository
        for reason in everything
        if reason.code in CLOSED and reason.verdict != Verdict.READY  # a note tells of one run
    }
    for reason in everything:
        if not _follows(reason, closed, assessment.config):
            grouped.setdefault(key_of(reason), []).append(reason)
    found = [_concern(key, reasons, assessment.config) for key, reasons in grouped.items()]
    return tuple(sorted(found, key=lambda one: (one.severity, -badness(one.verdict))))


def _follows(reason: Reason, closed: Set[str], config: Config) -> bool:
    """It comes from something else that is said, or stands in reports for whoever reads them.

    `closed`: repositories that vanished, were replaced, or that nobody can open.
    """
    if reason.code in WITHOUT_ANY_PLACE:
        fed = [one.name for one in config.repositories if one.fed_by == "snapshot"]
        return {config.repositories[0].name, *fed} <= closed
    if reason.code in (*CONSEQUENCES, *FOR_READERS):
        return True
    return reason.code in IN_WHAT_IS_CLOSED and reason.repository in closed


def topic_of(code: str) -> str:
    """What a reason's code is about."""
    return TOPICS.get(code, code)


def key_of(reason: Reason) -> str:
    """ "topic|process|repository", with what does not matter for the topic left empty."""
    topic = topic_of(reason.code)
    process = "" if topic in (*OF_A_REPOSITORY, *OF_THE_MACHINE) else reason.process
    repository = reason.repository if topic in (*OF_A_REPOSITORY, *OF_A_COPY) else ""
    return f"{topic}|{process}|{repository}"


def patience(code: str, sentence: str) -> int:
    """For how many seconds a concern has to be seen before anybody is told."""
    if code == "snapshot-failing":  # one that was refused will be refused again
        return LATER if "could not be taken" in sentence else 0
    if code == "mail-refused":
        return DAY if PUTS_OFF in sentence else 0
    return PATIENCE.get(code, 0)


def _concern(key: str, reasons: Sequence[Reason], config: Config) -> Concern:
    worst = max(reasons, key=lambda reason: badness(reason.verdict))
    # a mail that no mail goes out arrives too late: it is written for the second channel
    silent = worst.code == "mail-blocked" and not config.alarm.webhook
    concerned = tuple(dict.fromkeys(r.process for r in reasons if r.process and r.code == worst.code))
    first = any(process.tier == 1 for process in config.processes if process.name in concerned)
    return Concern(
        key=key,
        severity=3 if silent else severity_of(worst, first),
        verdict=worst.verdict,
        code=worst.code,
        processes=concerned,
        repository=worst.repository,
        sentence=worst.sentence,
        hint=worst.hint,
    )


def severity_of(reason: Reason, of_the_first: bool) -> Severity:
    """1 wakes people; `of_the_first`: it concerns a process of tier 1."""
    if reason.code in WORST or (
        reason.verdict == Verdict.NOT_READY and of_the_first and reason.code in GRAVE
    ):
        return 1
    return 2 if reason.verdict in (Verdict.NOT_READY, Verdict.UNKNOWN) or reason.code in FAILING else 3
