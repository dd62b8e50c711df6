"""`readiness snapshot`: take snapshots now."""

from contextlib import closing
from typing import Any

import click

from agent.adapters.rendering.progress import ended, suitable_progress
from agent.app.config import chosen_processes, load_config
from agent.app.snapshots import snapshots
from agent.cli.parts.output import Invocation, print_runs
from agent.core.model.findings import Finding
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.plain import count, duration, printable, size
from agent.errors import Exit


@click.command(name="snapshot")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.option("--accept", is_flag=True, help="Accept the losses that findings told of; others are told now.")
@click.option("--to", "target", metavar="REPOSITORY", help="Take them into this repository, not the first.")
@click.pass_obj
def command(invocation: Invocation, processes: tuple[str, ...], accept: bool, target: str | None) -> Exit:
    """Take snapshots now, of the named critical processes or of all."""
    config = load_config(invocation.config_file)
    chosen = chosen_processes(config, processes)
    progress = suitable_progress(quiet=invocation.as_json)
    with ended(progress), closing(snapshots(config, chosen, progress, accept, target)) as taken:
        runs = ((record, _line(record)) for record in taken)
        return print_runs(invocation, "snapshot", "snapshots", runs, _row)


def _line(record: SnapshotRecord) -> str:
    what = f"{count(record.files, 'file')}, {size(record.bytes)}, {duration(record.seconds)}"
    if record.outcome == "passed":
        moving = f"; {count(record.moving, 'entry', 'entries')} moving" if record.moving else ""
        good = f"{record.process}: snapshot {record.snapshot[:8]} is good ({what}{moving})"
        return "\n".join((good, *map(_accepted, record.accepted_findings)))
    if record.snapshot:
        return f"{record.process}: snapshot {record.snapshot[:8]} was taken, but is NOT good ({what})"
    reason = "could not be tried" if record.outcome == "not_tested" else "was refused"
    return f"{record.process}: NO snapshot, it {reason}"


def _accepted(found: Finding) -> str:
    return f"  accepted, {found.code}: {printable(found.message)}"


def _row(record: SnapshotRecord) -> dict[str, Any]:
    return {
        "process": record.process,
        "repository": record.repository,
        "snapshot": record.snapshot,
        "outcome": record.outcome,
        "files": record.files,
        "bytes": record.bytes,
        "moving": record.moving,
        "seconds": record.seconds,
        "findings": record.findings,
        "accepted": record.accepted_findings,
    }
