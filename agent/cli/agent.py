"""`readiness agent`: the service."""

import click

from agent.app.config import load_config
from agent.cli.parts.output import Invocation
from agent.errors import Exit


@click.command(name="agent")
@click.option("--clean-up", is_flag=True, help="Only clear away what killed runs left behind, and end.")
@click.option(
    "--rehearse",
    metavar="PROCESS:REPOSITORY",
    help="Only make this drill, for the readiness that waits for it.",
)
@click.pass_obj
def command(invocation: Invocation, clean_up: bool, rehearse: str | None) -> Exit:
    """Run the service: snapshots, copies, checks, drills and reports when they are due, until told to stop.

    SIGHUP reads the config again, SIGTERM ends. Log lines go to standard error.
    """
    from agent.app import drill_apart, service  # noqa: PLC0415 - the help must not wait for it

    config = load_config(invocation.config_file)
    if rehearse:
        drill_apart.rehearse(config, rehearse)
    elif clean_up:
        service.clean_up(config)
    else:
        service.serve(config, verbose=invocation.verbose)
    return Exit.GOOD
