"""`readiness check`: is the repository itself sound?"""

from contextlib import closing
from typing import Any

import click

from agent.adapters.rendering.progress import ended, suitable_progress
from agent.app import upkeep
from agent.app.config import load_config
from agent.cli.parts.output import Invocation, print_runs
from agent.core.model.records import CheckRecord
from agent.core.text.plain import duration
from agent.errors import Exit


@click.command(name="check")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
@click.pass_obj
def command(invocation: Invocation, repositories: tuple[str, ...]) -> Exit:
    """Check the named repositories, or all: the structure, and the next part of the data."""
    config = load_config(invocation.config_file)
    chosen = upkeep.chosen_repositories(config, repositories)
    progress = suitable_progress(quiet=invocation.as_json)
    with ended(progress), closing(upkeep.checks(config, chosen, progress)) as checked:
        runs = ((record, _line(record)) for record in checked)
        return print_runs(invocation, "check", "checks", runs, _row)


def _line(record: CheckRecord) -> str:
    part = f"part {record.part} of {record.parts}, {duration(record.seconds)}"
    if record.outcome == "passed":
        return f"{record.repository}: sound ({part})"
    if record.outcome == "failed":
        return f"{record.repository}: NOT sound ({part})"
    return f"{record.repository}: NOT TESTED, which is neither good nor bad ({part})"


def _row(record: CheckRecord) -> dict[str, Any]:
    return {
        "repository": record.repository,
        "outcome": record.outcome,
        "part": record.part,
        "parts": record.parts,
        "seconds": record.seconds,
        "findings": record.findings,
    }
