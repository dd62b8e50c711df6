"""What every command prints alike: runs with their findings, the JSON envelope, the one-sentence refusal."""

import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Protocol, TypeVar

import click
import msgspec

from agent.adapters.host.interrupts import hear_no_more
from agent.core.configuration.config import Config
from agent.core.model.findings import Finding
from agent.core.model.runs import Outcome
from agent.core.text.plain import printable
from agent.errors import ConfigError, Exit, ReadinessError


class Invocation:
    """The global options of one run, shared by all commands."""

    def __init__(self, config_file: str) -> None:
        self.config_file = config_file
        self.as_json = False
        self.verbose = False


def untold(config: Config) -> str:
    """That people do not hear of trouble; empty where they do."""
    if config.mail is not None:
        return ""
    who = "Only the outside watcher" if config.alarm.ping else "Nobody"
    return f"{who} is told when something is wrong: there is no [mail] in {printable(config.file)}."


class Run(Protocol):
    """The record of one run."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def findings(self) -> tuple[Finding, ...]: ...


R = TypeVar("R", bound=Run)


def print_runs(
    invocation: Invocation,
    schema: str,
    rows: str,
    runs: Iterable[tuple[R, str]],
    row: Callable[[R], dict[str, Any]],
    of_none: Exit = Exit.NOT_TESTED,
) -> Exit:
    """Print each run in its words as soon as it is over, or with --json all `rows` at the end.

    Returns the exit status of the worst, `of_none` when there was none.
    """
    records = []
    for record, words in runs:
        records.append(record)
        if not invocation.as_json:
            click.echo(words)
            print_findings(record.findings)
    status = _worst([record.outcome for record in records]) if records else of_none
    if invocation.as_json:
        print_json(schema, status, {rows: [row(record) for record in records]})
    return status


def print_json(schema: str, exit_status: Exit, result: Any) -> None:
    """Print the envelope that scripts rely on: one object, ASCII only, undecodable bytes as surrogates."""
    envelope = {
        "schema": f"readiness.{schema}/1",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit": int(exit_status),
        "result": msgspec.to_builtins(result),
    }
    hear_no_more()  # else an interrupt that comes right now would say a second object
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


def _worst(outcomes: Iterable[Outcome]) -> Exit:
    """The exit status of several outcomes: bad before not tested before good."""
    seen = set(outcomes)
    if "failed" in seen:
        return Exit.BAD
    return Exit.NOT_TESTED if "not_tested" in seen else Exit.GOOD
