"""`readiness validate`: check the config and the machine, every problem at once."""

from typing import TYPE_CHECKING

import click

from agent.app.setup import places, validate
from agent.cli.parts.output import Invocation, print_json, untold
from agent.core.configuration.problem import Problem, place
from agent.core.model.places import where_copies_lie
from agent.core.text.plain import count, printable
from agent.errors import Exit

if TYPE_CHECKING:
    from agent.config import Reading


@click.command(name="validate")
@click.pass_obj
def command(invocation: Invocation) -> Exit:
    """Check the config and the machine: every problem at once, with file, line, key and what to do.

    Errors end with status 78. Warnings alone end with 0.
    """
    reading = validate(invocation.config_file)
    status = Exit.CONFIG if reading.errors else Exit.GOOD
    found = places(reading.config) if reading.config else []
    rows = [(one.repository, one.process, one.placed.place, one.placed.reason) for one in found]
    if invocation.as_json:
        keys = ("repository", "process", "place", "place_reason")
        told = [dict(zip(keys, row, strict=True)) for row in rows]
        result = {"file": invocation.config_file, "problems": reading.problems, "places": told}
        print_json("validate", status, result)
    else:
        blocks = [_answer(reading, invocation.config_file), *map(_block, reading.problems)]
        if reading.config and not reading.errors:
            copies = f"Where copies lie: {where_copies_lie(rows)}." if rows else ""
            blocks += [printable(text) for text in (copies, untold(reading.config)) if text]
        click.echo("\n\n".join(blocks))
    return status


def _answer(reading: "Reading", file: str) -> str:
    errors = len(reading.errors)
    warnings = len(reading.problems) - errors
    also = f" and {count(warnings, 'warning')}" if warnings else ""
    if errors:
        return f"{count(errors, 'problem')}{also} in {printable(file)}:"
    config = reading.config
    assert config is not None  # a file that is no config is an error
    processes = count(len(config.processes), "process", "processes")
    repositories = count(len(config.repositories), "repository", "repositories")
    good = f"The config is good: {processes}, {repositories}"
    return f"{good}. {count(warnings, 'warning')}:" if warnings else f"{good}."


def _block(problem: Problem) -> str:
    label = "warning: " if problem.severity == "warning" else ""
    lines = [
        f"{place(problem)}: {label}{problem.message}",
        *(f"    {hint}" for hint in problem.hint.split("\n")),
    ]
    return "\n".join(printable(line) for line in lines if line.strip())
