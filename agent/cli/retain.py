"""`readiness retain`: remove the snapshots that nobody needs any more."""

from contextlib import closing
from typing import Any

import click

from agent.app import upkeep
from agent.app.config import chosen_processes, load_config
from agent.cli.parts.output import Invocation, print_runs
from agent.core.model.records import RetentionRecord
from agent.core.text.plain import count
from agent.errors import Exit


@click.command(name="retain")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.option("--in", "name", metavar="REPOSITORY", help="Only in this repository, not in all.")
@click.pass_obj
def command(invocation: Invocation, processes: tuple[str, ...], name: str | None) -> Exit:
    """Remove the snapshots that keep in the config lets go, unless something forbids it."""
    config = load_config(invocation.config_file)
    chosen = chosen_processes(config, processes)
    repositories = upkeep.chosen_repositories(config, [name] if name else [])
    policed = [process for process in chosen if process.keep]
    with closing(upkeep.retentions(config, policed, repositories)) as retained:
        runs = ((record, _line(record)) for record in retained)
        status = print_runs(invocation, "retention", "retentions", runs, _row, of_none=Exit.GOOD)
    for process in chosen:
        if process not in policed and not invocation.as_json:
            click.echo(f"{process.name}: has no keep in the config, so that every snapshot stays")
    return status


def _line(record: RetentionRecord) -> str:
    where = f"{record.process} in {record.repository}"
    if record.outcome == "failed":
        return f"{where}: NOT as it should be, and nothing more is removed"
    if record.outcome == "not_tested":
        return f"{where}: could not be done"
    if record.frozen:
        return f"{where}: frozen, nothing was removed"
    if record.removed:
        return f"{where}: {count(len(record.removed), 'snapshot')} removed, {len(record.kept):,} kept"
    return f"{where}: nothing was removed"


def _row(record: RetentionRecord) -> dict[str, Any]:
    return {
        "process": record.process,
        "repository": record.repository,
        "outcome": record.outcome,
        "removed": record.removed,
        "kept": record.kept,
        "frozen": record.frozen,
        "seconds": record.seconds,
        "findings": record.findings,
    }
