"""What waits for a person although everything would come back: notes, which change no verdict."""

from collections.abc import Collection, Iterator

from agent.core.model.records import CheckRecord, CopyRecord, PruneRecord, RetentionRecord, Verdict
from agent.core.text.phrases import shortened
from agent.core.verdict.judgement import Case, Reason

# said by rules of their own, or, of a server that lets nothing be removed, no trouble at all
SAID_ELSEWHERE = {
    "retention-frozen",
    "retention-refused",
    "repository-damaged",
    "repository-changed",
    "snapshots-vanished",
}


def retention_frozen(case: Case, said: Collection[str]) -> Iterator[Reason]:
    """Why nothing is removed before a person has looked, unless a reason has `said` it."""
    causes = [freeze for freeze in case.freezes if freeze.code not in said]
    if causes:
        since = case.when(causes[0].at)
        why = " ".join(shortened(freeze.message) for freeze in causes)
        sentence = f"No old snapshot is removed, and no space freed, before somebody has looked: {why}"
        yield case.reason(
            "retention-frozen",
            Verdict.READY,
            f"{sentence} (Since {since}.)",
            f"When all is well, or meant: readiness snapshot --accept {case.process.name}",
        )


def upkeep_undone(case: Case) -> Iterator[Reason]:
    """What the newest retention, prune and check could not do."""
    held = {one.repository for one in case.standings if one.copy.snapshots}
    for record in case.upkeep:
        if isinstance(record, CopyRecord):
            continue  # the rule on plan B says it
        for found in record.findings:
            if record.repository in held and found.severity != "info" and found.code not in SAID_ELSEWHERE:
                sentence = (
                    f"{_what(record)} {record.repository} ({case.when(record.started)}): {found.message}"
                )
                hint = found.hint
                yield case.reason(found.code, Verdict.READY, shortened(sentence), hint, record.repository)


def _what(record: RetentionRecord | CheckRecord | PruneRecord) -> str:
    if isinstance(record, CheckRecord):
        return "The check of"
    return "Freeing space in" if isinstance(record, PruneRecord) else "Removing old snapshots from"
