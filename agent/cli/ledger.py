"""`readiness ledger`: verify that nothing was altered, or export every record."""

import json
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from agent.adapters.ledger.check import Examination, examine
from agent.adapters.ledger.ledger import open_raw
from agent.app.config import load_config
from agent.app.ledger import write_lines
from agent.cli.parts.output import Invocation, print_error, print_json
from agent.core.model.chain import StoredRecord, exported
from agent.core.text.plain import count, printable
from agent.errors import Exit, LedgerDamaged, StateError, UsageError

SHORTEST_HEAD = 8  # hex digits; fewer could match by accident


@click.group()
def command() -> None:
    """Verify or export the record of everything that was done."""


@command.command()
@click.option("--head", metavar="HASH", default="", help="A head that an old report printed, or its start.")
@click.pass_obj
def verify(invocation: Invocation, head: str) -> Exit:
    """Check every record: nothing altered, removed or moved.

    With --head, the hash printed in an old report or mail must still be part of the chain; that also finds
    what somebody did who recomputed the whole chain.

    Exit statuses: 0 whole; 1 not whole, every fault is named; 3 it could not be read.
    """
    try:
        found = examine(_ledger_path(invocation), _known_head(head))
    except LedgerDamaged as error:  # elsewhere it keeps an answer from being given; here it is the answer
        print_error(invocation, error)
        return Exit.BAD
    status = Exit.BAD if found.faults else Exit.GOOD
    if invocation.as_json:
        print_json("ledger.verify", status, {"whole": not found.faults, **_plain(found)})
        return status
    for line in verification_lines(found, bool(head)):
        click.echo(printable(line))
    return status


@command.command()
@click.option(
    "--output", metavar="FILE", default="", help="Write to FILE (mode 0600) instead of the terminal."
)
@click.pass_obj
def export(invocation: Invocation, output: str) -> Exit:
    """Print every record as one line of JSON, oldest first, as it is stored.

    The README shows how to verify the chain from these lines alone.
    """
    with open_raw(_ledger_path(invocation)) as records:
        if output:
            number = _write_file(Path(output), records)
            result: Any = {"output": output, "records": number}
        elif invocation.as_json:
            result = {"records": [exported(record) for record in records]}
        else:
            sys.stdout.writelines(map(_line, records))
            return Exit.GOOD
    if invocation.as_json:
        print_json("ledger.export", Exit.GOOD, result)
    else:
        click.echo(printable(f"Wrote {count(number, 'record')} to {output}."))
    return Exit.GOOD


def verification_lines(found: Examination, head_was_asked: bool) -> Iterator[str]:
    """The answer first, then each fault."""
    records = count(found.records, "record")
    if not found.faults:
        known = ", and holds the head that was asked for" if head_was_asked else ""
        yield f"The ledger is whole: {records}, head {grouped(found.head)}{known}."
        return
    yield f"The ledger is not whole: {count(len(found.faults), 'fault')}, with {records} read."
    for fault in found.faults:
        yield f"  {fault.what:<11} {fault.message}"


def grouped(digest: str) -> str:
    """The first twelve hex digits in groups, as reports print a head: "7f3a 91c2 e0d4"."""
    return " ".join((digest[0:4], digest[4:8], digest[8:12]))


def _plain(found: Examination) -> dict[str, Any]:
    faults = [{"sequence": f.sequence, "what": f.what, "message": f.message} for f in found.faults]
    return {"records": found.records, "head": found.head, "faults": faults}


def _ledger_path(invocation: Invocation) -> Path:
    return Path(load_config(invocation.config_file).settings.state) / "ledger.db"


def _known_head(text: str) -> str:
    digits = re.sub(r"[\s:…]|\.\.\.", "", text).lower()
    if text and not re.fullmatch(rf"[0-9a-f]{{{SHORTEST_HEAD},64}}", digits):
        raise UsageError(
            f"--head {printable(text)} is not a head: it takes {SHORTEST_HEAD} to 64 hexadecimal digits.",
            "Copy it from an old report, with or without the spaces.",
        )
    return digits


def _write_file(target: Path, records: Iterator[StoredRecord]) -> int:
    try:
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            raise UsageError(f"{target} is not a regular file.", "Leave --output out to write to a pipe.")
        return write_lines(str(target), map(_line, records))
    except OSError as error:
        raise StateError(
            f"The export cannot be written to {target}: {error.strerror}.", "Choose another --output."
        ) from error


def _line(record: StoredRecord) -> str:
    return json.dumps(exported(record)) + "\n"
