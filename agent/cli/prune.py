"""`readiness prune`: free the space of removed snapshots."""

from contextlib import closing
from typing import Any

import click

from agent import app, app_upkeep
from agent.cli.output import Invocation, print_findings, print_json, worst
from agent.core.model import PruneRecord
from agent.core.text import duration
from agent.errors import Exit


@click.command(name="prune")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
@click.pass_obj
def command(invocation: Invocation, repositories: tuple[str, ...]) -> Exit:
    """Free the space of removed snapshots in the named repositories, or in all."""
    config = app.load_config(invocation.config_file)
    chosen = app_upkeep.chosen_repositories(config, repositories)
    records = []
    with closing(app_upkeep.prunings(config, chosen)) as pruned:
        for record in pruned:
            records.append(record)
            if not invocation.as_json:
                click.echo(_line(record))
                print_findings(record.findings)
    status = worst([record.outcome for record in records])
    if invocation.as_json:
        print_json("prune", status, {"prunes": [_row(record) for record in records]})
    return status


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
