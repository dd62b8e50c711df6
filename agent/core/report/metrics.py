"""The answer and its figures in Prometheus's text format, for the node exporter's textfile collector.

https://prometheus.io/docs/instrumenting/exposition_formats/: seconds, bytes and Unix times throughout.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from agent.core.model.records import Verdict
from agent.core.report.promises import promises
from agent.core.verdict.judgement import Assessment, Judgement
from agent.core.verdict.plan_b_lag import lags

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, float]


class Exposed(Struct, frozen=True, kw_only=True):
    """What would be lost of a process right now."""

    process: str
    files: int
    bytes: int
    oldest_s: float | None  # age of the oldest change that no snapshot holds; None when there is none
    at: datetime  # when it was looked at


# name -> what it means
HELP = {
    "verdict": "1 for the verdict that holds, 0 for the others; without process: the business.",
    "rpo_objective_seconds": "Recovery point objective: at most this much work may be lost.",
    "recovery_point_age_seconds": "Age of the newest good snapshot; left out while in doubt.",
    "rto_objective_seconds": "Recovery time objective: back within this time.",
    "recovery_time_seconds": "Measured recovery time, people's steps included; left out while in doubt.",
    "last_snapshot_timestamp_seconds": "When the newest good snapshot was taken.",
    "last_proven_timestamp_seconds": "When a drill passed last.",
    "snapshot_duration_seconds": "How long the newest snapshot took.",
    "drill_duration_seconds": "How long the newest drill took.",
    "plan_b_lag_seconds": "How far the newest good copy is behind the first repository.",
    "findings": "Open findings.",
    "retention_frozen": "1 while no snapshot of it is removed before a person has looked.",
    "exposed_files": "Files that changed since the last good snapshot.",
    "exposed_bytes": "Bytes in the files that changed since the last good snapshot.",
    "exposed_oldest_change_age_seconds": "Age of the oldest change that no snapshot holds; 0 without one.",
    "exposed_looked_at_timestamp_seconds": "When the files were looked at last.",
    "deadline_timestamp_seconds": "The promised reopening of the coming weekend.",
    "ledger_records_total": "Records in the ledger.",
    "written_timestamp_seconds": "When these figures were written.",
}
COUNTERS = {"ledger_records_total"}


def metrics(assessment: Assessment, exposed: Iterable[Exposed]) -> str:
    """The whole file."""
    samples: dict[str, list[Sample]] = {name: [] for name in HELP}
    for name, labels, value in (*_business(assessment), *_processes(assessment), *_exposures(exposed)):
        samples[name].append((labels, value))
    return "".join(line for name, own in samples.items() if own for line in _lines(name, own))


def _lines(name: str, samples: list[Sample]) -> Iterator[str]:
    full = f"readiness_{name}"
    yield f"# HELP {full} {HELP[name]}\n"
    yield f"# TYPE {full} {'counter' if name in COUNTERS else 'gauge'}\n"
    for labels, value in samples:
        inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"{full}{'{' + inner + '}' if inner else ''} {value:.15g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


Row = tuple[str, Labels, float]


def _business(assessment: Assessment) -> Iterator[Row]:
    yield from _verdict(assessment.verdict, ())
    yield "deadline_timestamp_seconds", (), assessment.window.opens.timestamp()
    yield "ledger_records_total", (), assessment.evidence.sequence
    yield "written_timestamp_seconds", (), assessment.at.timestamp()


def _verdict(verdict: Verdict, labels: Labels) -> Iterator[Row]:
    for each in Verdict:
        yield "verdict", (*labels, ("verdict", each.value)), each is verdict


def _processes(assessment: Assessment) -> Iterator[Row]:
    for judgement, promise in zip(assessment.judgements, promises(assessment).processes, strict=True):
        labels = (("process", judgement.process),)
        yield from _verdict(judgement.verdict, labels)
        figures: dict[str, float | None] = {
            "rpo_objective_seconds": judgement.rpo.objective_s,
            "recovery_point_age_seconds": promise.loses_s,
            "rto_objective_seconds": judgement.rto.objective_s,
            "recovery_time_seconds": promise.takes_s,
            "last_snapshot_timestamp_seconds": _unix(judgement.last_snapshot_at),
            "last_proven_timestamp_seconds": _unix(judgement.last_proven_at),
        }
        yield from ((name, labels, value) for name, value in figures.items() if value is not None)
        for severity in ("error", "warning"):
            found = sum(finding.severity == severity for finding in judgement.findings)
            yield "findings", (*labels, ("severity", severity)), found
        yield "retention_frozen", labels, bool(assessment.evidence.freezes.get(judgement.process))
        yield from _durations(judgement)
        for lag in lags(judgement.standings):
            if lag.seconds is not None:
                yield "plan_b_lag_seconds", (*labels, ("repository", lag.repository)), lag.seconds


def _durations(judgement: Judgement) -> Iterator[Row]:
    for standing in judgement.standings:
        labels = (("process", judgement.process), ("repository", standing.repository))
        for snapshot in standing.copy.snapshots[:1]:
            yield "snapshot_duration_seconds", labels, snapshot.seconds
        for drill in standing.copy.drills[:1]:
            yield "drill_duration_seconds", labels, drill.seconds.total


def _exposures(exposed: Iterable[Exposed]) -> Iterator[Row]:
    for one in exposed:
        labels = (("process", one.process),)
        yield "exposed_files", labels, one.files
        yield "exposed_bytes", labels, one.bytes
        yield "exposed_oldest_change_age_seconds", labels, one.oldest_s or 0
        yield "exposed_looked_at_timestamp_seconds", labels, one.at.timestamp()


def _unix(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
