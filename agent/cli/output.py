"""What every command prints alike: the JSON envelope and the one-sentence refusal."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import click
import msgspec

from agent.core.model import Finding, Outcome
from agent.core.text import printable
from agent.errors import ConfigError, Exit, ReadinessError


class Invocation:
    """The global options of one run, shared by all commands."""

    def __init__(self, config_file: str) -> None:
        self.config_file = config_file
        self.as_json = False
        self.verbose = False


def print_json(schema: str, exit_status: Exit, result: Any) -> None:
    """Print the envelope that scripts rely on: one object, ASCII only, undecodable bytes as surrogates."""
    envelope = {
        "schema": f"readiness.{schema}/1",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit": int(exit_status),
        "result": msgspec.to_builtins(result),
    }
    click.echo(json.dumps(envelope))


def print_error(invocation: Invocation, error: ReadinessError) -> None:
    """Say what is wrong on standard error; with `--json` also as an object on standard output."""
    if invocation.as_json:
        detail: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
        if isinstance(error, ConfigError):
            detail["problems"] = error.problems
        print_json("error", Exit(error.exit), detail)
    for line in (error.message, error.hint):
        if line:
            print(printable(line, keep_newlines=True), file=sys.stderr)  # noqa: T201


def print_findings(findings: Iterable[Finding]) -> None:
    """Each finding on a line of its own; what to do about them follows once for all that share it."""
    for hint, alike in groupby(findings, key=lambda found: found.hint):
        for found in alike:
            click.echo(f"  {found.code}: {printable(found.message)}")
        if hint:
            click.echo(f"    {printable(hint)}")


def worst(outcomes: Iterable[Outcome]) -> Exit:
    """The exit status of several outcomes: bad before not tested before good."""
    seen = set(outcomes)
    if "failed" in seen:
        return Exit.BAD
    return Exit.NOT_TESTED if "not_tested" in seen or not seen else Exit.GOOD
