"""`readiness exposure`: what would be lost now?"""

from typing import Any

import click

from agent.app.config import chosen_processes, load_config
from agent.app.exposure import exposures
from agent.cli.parts.output import Invocation, print_findings, print_json
from agent.core.snapshot.exposed import Exposure, what_changed
from agent.core.text.plain import count, duration
from agent.errors import Exit


@click.command(name="exposure")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@click.pass_obj
def command(invocation: Invocation, processes: tuple[str, ...]) -> Exit:
    """Look at every file of the named critical processes, or of all: what would be lost now?

    Changes nothing but our own notes. The exit status is 1 when more would be lost than was promised, or when
    something looks wrong.
    """
    config = load_config(invocation.config_file)
    chosen = chosen_processes(config, processes)
    found = []
    for exposure in exposures(config, chosen):
        found.append(exposure)
        if not invocation.as_json:
            click.echo(_line(exposure))
            print_findings(exposure.findings)
    status = Exit.GOOD if all(map(_is_good, found)) else Exit.BAD
    if invocation.as_json:
        print_json("exposure", status, {"exposures": [_row(exposure) for exposure in found]})
    return status


def _is_good(exposure: Exposure) -> bool:
    """Nothing is wrong with it, and no more would be lost than was promised."""
    return exposure.within_rpo and all(each.severity == "info" for each in exposure.findings)


def _line(exposure: Exposure) -> str:
    if exposure.since is None:
        return f"{exposure.process}: no good snapshot: all of {count(exposure.files, 'file')} would be lost"
    if not exposure.files:
        return f"{exposure.process}: nothing changed since the last good snapshot"
    late = "" if exposure.within_rpo else f", more than the promised {duration(exposure.rpo)}"
    age = exposure.age(exposure.at)
    oldest = f", the oldest change {duration(age)} ago{late}" if age is not None else ""
    return f"{exposure.process}: since the last good snapshot {what_changed(exposure)}{oldest}"


def _row(exposure: Exposure) -> dict[str, Any]:
    return {
        "process": exposure.process,
        "at": exposure.at,
        "since": exposure.since,
        "files": exposure.files,
        "changed": exposure.changed,
        "new": exposure.new,
        "gone": exposure.gone,
        "bytes": exposure.bytes,
        "oldest_at": exposure.oldest,
        "oldest_s": exposure.age(exposure.at),
        "rpo": {"objective_s": exposure.rpo, "met": exposure.within_rpo},
        "findings": exposure.findings,
    }
