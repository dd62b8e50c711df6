"""`readiness drill`: rehearse the restore."""

import re
from contextlib import closing
from typing import Any

import click

from agent.adapters.rendering.progress import ended, suitable_progress
from agent.app.config import chosen_processes, load_config
from agent.app.drill_here import Wish
from agent.app.drills import drills
from agent.cli.parts.output import Invocation, print_runs
from agent.core.model.drills import DrillRecord
from agent.core.text.phrases import joined
from agent.core.text.plain import count, duration, printable, size
from agent.errors import Exit

# what is wrong although everything came back as it was, and where there is nothing to bring it back from
ALL_THE_SAME = {
    "snapshot-stale": "it is too old",
    "snapshots-vanished": "other snapshots are gone",
    "proof-failed": "a proof says that the data is not good",
}
NO_REPOSITORY = {
    "repository-changed": "another repository stands there",
    "repository-missing": "the repository is not there",
}
WORDS = ("latest", "last-good", "random")


class SnapshotChoice(click.ParamType[str]):
    """latest, last-good, random, or the ID of a snapshot."""

    name = "latest|last-good|random|ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in WORDS and not re.fullmatch(r"[0-9a-f]{4,64}", value):
            self.fail(f"{value} is neither latest, last-good nor random, nor a snapshot's ID.", param, ctx)
        return str(value)


class Percentage(click.ParamType[float]):
    """A share such as 10%, above 0 and at most 100."""

    name = "N%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        number = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%?", value)
        if not number or not 0 < float(number[1]) <= 100:
            self.fail(f"{value} is not a percentage above 0 and at most 100.", param, ctx)
        return float(number[1]) / 100


@click.command(name="drill")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.option("--from", "source", metavar="REPOSITORY", help="Drill from this repository, not the first.")
@click.option(
    "--snapshot",
    "select",
    type=SnapshotChoice(),
    metavar="latest|last-good|random|ID",
    default="latest",
    help="Which snapshot; last-good walks back to the newest that passes. Default: latest.",
)
@click.option(
    "--sample", "share", type=Percentage(), default=1.0, help="Drill a part that goes on with each drill."
)
@click.option("--keep", is_flag=True, help="Keep the restored files in the scratch.")
@click.pass_obj
def command(
    invocation: Invocation,
    processes: tuple[str, ...],
    source: str | None,
    select: str,
    share: float,
    keep: bool,
) -> Exit:
    """Rehearse the restore of the named critical processes, or of all: cold, timed, verified, proven."""
    config = load_config(invocation.config_file)
    chosen = chosen_processes(config, processes)
    progress = suitable_progress(quiet=invocation.as_json)
    wish = Wish(source=source, select=select, share=share, keep=keep)
    rehearsals = drills(config, chosen, wish, progress)
    with ended(progress), closing(rehearsals) as drilled:
        runs = ((record, _text(record, kept)) for record, kept in drilled)
        return print_runs(invocation, "drill", "drills", runs, _row)


def _text(record: DrillRecord, kept: str) -> str:
    return "\n".join([_line(record), *(f"  {printable(line)}" for line in _details(record, kept))])


def _line(record: DrillRecord) -> str:
    instead = ""
    if record.instead_of:
        instead = f"from {record.repository}, because {record.instead_of} could not be used: "
    if record.outcome == "passed":
        how = "restored and proven" if record.rung == "L5" else "restored and verified"
        if record.compared and record.compared.of_bytes and not record.compared.bytes:
            how = "restored and proven, though no content could be compared,"
        return f"{record.process}: {instead}PASSED, {how} in {duration(record.seconds.total)}"
    if record.outcome == "failed":
        return f"{record.process}: {instead}FAILED, {_failed(record)}"
    return f"{record.process}: {instead}NOT TESTED, which is neither good nor bad"


def _failed(record: DrillRecord) -> str:
    """Whether what was restored is what it was, and all the same something is wrong, or there was nothing."""
    codes = [found.code for found in record.findings if found.severity == "error"]
    came_back = record.files.verified and not record.files.missing and not record.files.damaged
    if came_back and codes and all(code in ALL_THE_SAME for code in codes):
        return f"it came back as it was, but {joined(list(dict.fromkeys(ALL_THE_SAME[c] for c in codes)))}"
    nothing = next((NO_REPOSITORY[code] for code in codes if code in NO_REPOSITORY), "")
    return (not record.snapshot and nothing) or "this could not be brought back as it was"


def _details(record: DrillRecord, kept: str) -> list[str]:
    lines = []
    if record.snapshot_at:
        age = duration(record.recovery_point_age or 0)
        lines.append(f"snapshot {record.snapshot[:8]} from {record.repository}, {age} old at the start")
    if record.files.expected:
        spent = record.seconds
        lines.append(
            f"{count(record.files.restored, 'entry', 'entries')}, {size(record.bytes)}: restored in "
            f"{duration(spent.restore)}, verified in {duration(spent.verify)}"
            + (f", proven in {duration(spent.prove)}" if record.proofs else "")
        )
    if record.statement:
        lines.append(record.statement)
    for proof in record.proofs:
        word = {"passed": "proven", "failed": "DISPROVEN", "not_tested": "not proven"}[proof.outcome]
        reason = f" ({printable(proof.message)})" if proof.message else ""
        lines.append(f"{word}: {printable(proof.name)}{reason}")
    for refused in record.refused:
        lines.append(f"refused snapshot {refused.snapshot[:8]}: {printable(refused.reason)}")
    if kept:
        lines.append(f"the restored files are kept in {kept}")
    return lines


def _row(record: DrillRecord) -> dict[str, Any]:
    return {
        "process": record.process,
        "repository": record.repository,
        "snapshot": record.snapshot,
        "snapshot_at": record.snapshot_at,
        "outcome": record.outcome,
        "rung": record.rung,
        "seconds": record.seconds,
        "files": record.files,
        "bytes": record.bytes,
        "share": record.share,
        "compared": record.compared,
        "statement": record.statement,
        "proofs": record.proofs,
        "isolation": record.isolation,
        "refused": record.refused,
        "instead_of": record.instead_of,
        "findings": record.findings,
    }
