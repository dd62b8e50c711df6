"""`readiness ack`: a person has seen it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import click

from agent.app.config import load_config
from agent.app.telling import notify
from agent.cli.parts.output import Invocation, print_json
from agent.core.text.phrases import moment, span
from agent.errors import Exit


@click.command(name="ack")
@click.argument("finding")
@click.pass_obj
def command(invocation: Invocation, finding: str) -> Exit:
    """Say that you have seen FINDING, such as F-1207 from a mail, or an alarm test, such as T-20261201.

    For a day nobody is reminded of it and nobody else is told. It closes nothing: a finding is closed when
    it is gone and, where that is a matter of drills, one has passed. How long an alarm test took to be seen
    is recorded.
    """
    by = notify.person()
    config = load_config(invocation.config_file)
    seen = notify.acknowledge(config, finding, by)
    if invocation.as_json:
        until = seen.until.isoformat(timespec="seconds") if seen.until else None
        result = {"name": seen.name, "by": by, "until": until, "reaction_s": seen.reaction}
        print_json("ack", Exit.GOOD, result)
    elif seen.until is None:
        click.echo(f"{seen.name}: the alarm test was seen after {span(seen.reaction or 0)}.")
    else:
        until_words = moment(seen.until, ZoneInfo(config.business.time_zone), seen.until - timedelta(days=1))
        click.echo(f"{seen.name}: nobody is reminded of it, and nobody else told, until {until_words}.")
        drilled = seen.incident is None or seen.incident.needs_a_drill
        click.echo(f"It stays open until it is gone{' and a drill has passed' if drilled else ''}.")
    return Exit.GOOD
