"""The checklist's questions about what drills restored, and against what that was held."""

from agent.core.audit.facts import Facts, drill_of, met, names, not_met, numbers, of_each_process, unknown
from agent.core.audit.records import Item
from agent.core.audit.targets import NEWEST
from agent.core.evidence.evidence import is_full
from agent.core.model.config_record import ConfigRecord
from agent.core.model.records import Entry, RetentionRecord
from agent.core.text.plain import count

LOSSES = ("file-damaged", "file-missing", "file-changed", "proof-failed")


def of_restores(known: Facts) -> tuple[Item, ...]:
    """Questions 3 to 5, and 7 to 13."""
    return (
        _tier_one(known),
        _recovery_points(known),
        _isolated(known),
        _objectives(known),
        *_compared(known),
        _negative_control(known),
        _second_copy(known),
    )


def _compared(known: Facts) -> tuple[Item, ...]:
    return (
        of_each_process(
            8,
            known,
            lambda drill: drill.files.verified > 0 and not drill.files.damaged,
            "The newest test of every process compared the SHA-256 of what came back with what was recorded, "
            "but for files that changed while they were saved",
            "Files came back with other content, or none was compared, in the newest test",
        ),
        of_each_process(
            9,
            known,
            lambda drill: drill.files.expected > 0 and not (drill.files.missing or drill.files.unexpected),
            "The newest test of every process counted expected, restored and missing entries: none lacks",
            "Entries are missing or unexpected in the newest test",
        ),
        of_each_process(
            10,
            known,
            lambda drill: bool(drill.proofs) and all(proof.outcome == "passed" for proof in drill.proofs),
            "In the newest full test of every process all proofs passed on restored data",
            "No proof is configured, or one failed or did not run, in the newest full test",
            full=True,
        ),
        of_each_process(
            11,
            known,
            lambda drill: drill.snapshot in known.history.witnesses,
            "Every newest test was held against a witness that was made from the live files when the "
            "snapshot was taken, and whose digest was recorded then",
            "The ledger holds no digest of a witness for the snapshot of the newest test",
        ),
    )


def _tier_one(known: Facts) -> Item:
    first = [one.name for one in known.processes if one.tier == 1]
    if not first:
        return unknown(3, "No record names a process of tier 1.")
    full = [e for e in known.year if drill_of(e).outcome == "passed" and is_full(drill_of(e))]
    mine = {name: [entry for entry in full if drill_of(entry).process == name] for name in first}
    never = [name for name, entries in mine.items() if not entries]
    if never:
        return not_met(3, f"No full restore passed in the 12 months before the end: {names(never)}.")
    newest_only = [
        name
        for name, entries in mine.items()
        if all(drill_of(entry).selection in NEWEST for entry in entries)
    ]
    records = numbers(entries[-1] for entries in mine.values())
    if newest_only:
        why = f"Restored in full, but only ever from the newest snapshot: {names(newest_only)}."
        return not_met(3, why, records)
    return met(3, f"Restored in full, from newest and older snapshots: {names(first)}.", records)


def _recovery_points(known: Facts) -> Item:
    restored = [entry for entry in known.tested if drill_of(entry).files.restored]
    vague = [e for e in restored if len(drill_of(e).snapshot) != 64 or not drill_of(e).snapshot_at]
    if not restored:
        return unknown(4, "No drill restored anything in the period.")
    if vague:
        return not_met(4, "Drills restored something without naming snapshot and time.", numbers(vague))
    why = f"Each of {count(len(restored), 'drill')} that restored something names snapshot and time."
    return met(4, why, numbers(restored))


def _isolated(known: Facts) -> Item:
    walled = [entry for entry in known.tested if drill_of(entry).isolation]
    open_ = [e for e in walled if any(wall.startswith("without ") for wall in drill_of(e).isolation)]
    if open_:
        why = f"In {count(len(open_), 'drill')} proofs ran without all the walls around them."
        return not_met(5, why, numbers(open_))
    why = "readiness restores into its scratch alone, but no record proves that nothing else was touched."
    if walled:
        why = f"In {count(len(walled), 'drill')} all walls stood around the commands of proofs. {why}"
    return unknown(5, why, numbers(walled))


def _objectives(known: Facts) -> Item:
    rows = [row for row in known.rows if row.result in ("passed", "failed") and row.drill_record]
    missed = [row for row in rows if "missed" in (row.rto, row.rpo)]
    unsaid = [row for row in rows if "unknown" in (row.rto, row.rpo)]
    records = tuple(row.drill_record for row in missed or unsaid or rows if row.drill_record)
    shown = {row.process for row in rows if (row.rto, row.rpo) == ("met", "met")}
    lacking = [one.name for one in known.processes if one.name not in shown]
    if missed:
        return not_met(7, f"{count(len(missed), 'drill')} missed an objective.", records)
    if unsaid or not known.processes:
        return unknown(7, "The objectives that held were not recorded for every drill.", records)
    if lacking:
        return unknown(7, f"No drill of the period shows both objectives: {names(lacking)}.", records)
    mute = len([row for row in rows if row.result == "failed"])
    silent = f" {count(mute, 'drill')} failed and showed no recovery time." if mute else ""
    said = "population.csv says it of each drill; none that passed missed, and every process met both."
    return met(7, said + silent, records)


def _negative_control(known: Facts) -> Item:
    bad = [e for e in known.year if any(found.code in LOSSES for found in drill_of(e).findings)]
    why = "No record tells of a drill on a copy that was damaged on purpose."
    if bad:
        why += f" That drills can fail shows in {count(len(bad), 'record')} of the year."
    return unknown(12, why, numbers(bad))


def _second_copy(known: Facts) -> Item:
    body = known.config.body if known.config else None
    if not isinstance(body, ConfigRecord):
        return unknown(13, "No record says which repositories there were.")
    others = body.repositories[1:]
    if not others:
        return not_met(13, "Only one repository is configured.", numbers([known.config]))
    passed = [e for e in known.year if drill_of(e).outcome == "passed" and is_full(drill_of(e))]
    second = [entry for entry in passed if drill_of(entry).repository in others]
    lacking = {one.name for one in body.processes} - {drill_of(entry).process for entry in second}
    if lacking:
        whose = names(sorted(lacking))
        why = f"Not restored in full from a second copy in the 12 months before the end: {whose}."
        return not_met(13, why, numbers(second))
    refused = [e for e in known.history.retentions if e.at < known.period.ends and _is_refused(e, others)]
    if not refused:
        why = "Every process was restored from a second copy; whether that can be changed no record shows."
        return unknown(13, why, numbers(second))
    why = "Every process was restored from a second copy, and a server refused to remove anything from it."
    return met(13, why, numbers([*second, refused[-1]]))


def _is_refused(entry: Entry, repositories: tuple[str, ...]) -> bool:
    body = entry.body
    return (
        isinstance(body, RetentionRecord)
        and body.repository in repositories
        and any(found.code == "retention-refused" for found in body.findings)
    )
