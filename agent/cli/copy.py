"""`readiness copy`: bring plan B up to date."""

from contextlib import closing
from typing import Any

import click

from agent.adapters.rendering.progress import ended, suitable_progress
from agent.app import copies
from agent.app.config import chosen_processes, load_config
from agent.cli.parts.output import Invocation, print_runs
from agent.core.model.records import CopyRecord
from agent.core.text.plain import count, duration
from agent.errors import Exit


@click.command(name="copy")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.option("--to", "target", metavar="REPOSITORY", help="Copy into this repository alone.")
@click.pass_obj
def command(invocation: Invocation, processes: tuple[str, ...], target: str | None) -> Exit:
    """Copy the good snapshots of the named critical processes, or of all, into plan B.

    That is every repository but the first, unless it is fed by snapshots of its own.
    """
    config = load_config(invocation.config_file)
    chosen = chosen_processes(config, processes)
    targets = copies.fed_by_copy(config, target)
    progress = suitable_progress(quiet=invocation.as_json)
    with ended(progress), closing(copies.copies(config, chosen, targets, progress)) as copied:
        runs = ((record, _line(record)) for record in copied)
        return print_runs(invocation, "copy", "copies", runs, _row)


def _line(record: CopyRecord) -> str:
    copied = f"{count(record.copied, 'snapshot')} copied from {record.source}"
    if record.outcome == "passed":
        return f"{record.process}: {record.repository} has everything ({copied}, {duration(record.seconds)})"
    word = "is NOT what it should be" if record.outcome == "failed" else "could not be brought up to date"
    behind = f", {count(record.behind, 'snapshot')} behind" if record.behind else ""
    lag = f", {duration(record.lag)} older than {record.source}" if record.lag else ""
    return f"{record.process}: {record.repository} {word} ({copied}{behind}{lag})"


def _row(record: CopyRecord) -> dict[str, Any]:
    return {
        "process": record.process,
        "repository": record.repository,
        "source": record.source,
        "outcome": record.outcome,
        "copied": record.copied,
        "behind": record.behind,
        "lag": record.lag,
        "seconds": record.seconds,
        "findings": record.findings,
    }
