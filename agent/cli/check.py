"""`readiness check`: is the repository itself sound?"""

from contextlib import closing
from typing import Any

import click

from agent import app, app_upkeep
from agent.adapters.progress import ended, suitable_progress
from agent.cli.output import Invocation, print_findings, print_json, worst
from agent.core.model import CheckRecord
from agent.core.text import duration
from agent.errors import Exit


@click.command(name="check")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...")
@click.pass_obj
def command(invocation: Invocation, repositories: tuple[str, ...]) -> Exit:
    """Check the named repositories, or all: the structure, and the next part of the data."""
    config = app.load_config(invocation.config_file)
    chosen = app_upkeep.chosen_repositories(config, repositories)
    progress = suitable_progress(quiet=invocation.as_json)
    records = []
    with ended(progress), closing(app_upkeep.checks(config, chosen, progress)) as checked:
        for record in checked:
            records.append(record)
            if not invocation.as_json:
                click.echo(_line(record))
                print_findings(record.findings)
    status = worst([record.outcome for record in records])
    if invocation.as_json:
        print_json("check", status, {"checks": [_row(record) for record in records]})
    return status


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
