"""`readiness prune`: free the space of removed snapshots."""

from contextlib import closing
from typing import Any

import click

from agent.app import upkeep
from agent.app.config import load_config
from agent.cli.parts.output import Invocation, print_runs
from agent.core.model.records import PruneRecord
from agent.core.text.plain import duration
from agent.errors import Exit


@click.command(name="prune")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
@click.pass_obj
def command(invocation: Invocation, repositories: tuple[str, ...]) -> Exit:
    """Free the space of removed snapshots in the named repositories, or in all."""
    config = load_config(invocation.config_file)
    chosen = upkeep.chosen_repositories(config, repositories)
    with closing(upkeep.prunings(config, chosen)) as pruned:
        runs = ((record, _line(record)) for record in pruned)
        return print_runs(invocation, "prune", "prunes", runs, _row)


def _line(record: PruneRecord) -> str:
    if record.frozen:
        return f"{record.repository}: frozen, no space was freed"
    words = {"passed": "done", "failed": "NOT as it should be", "not_tested": "could not be done"}
    return f"{record.repository}: {words[record.outcome]} ({duration(record.seconds)})"


def _row(record: PruneRecord) -> dict[str, Any]:
    return {
        "repository": record.repository,
        "outcome": record.outcome,
        "frozen": record.frozen,
        "seconds": record.seconds,
        "findings": record.findings,
    }
