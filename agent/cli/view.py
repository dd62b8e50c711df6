"""`readiness view`: what there is to see of the sources."""

import click

from agent.app import view
from agent.app.config import load_config
from agent.cli.parts.output import Invocation, print_findings, print_json
from agent.core.text.plain import printable
from agent.errors import Exit


@click.command(name="view")
@click.option("--record", metavar="FILE", help="Write it to FILE for the service to compare with.")
@click.pass_obj
def command(invocation: Invocation, record: str | None) -> Exit:
    """Show on which file system each path of the processes lies.

    Within the service, hold that against what was recorded outside of its sandbox, which must hide nothing.
    """
    config = load_config(invocation.config_file)
    if record:
        view.record(config, record)
    paths, findings = view.look(config)
    status = Exit.BAD if findings else Exit.GOOD
    if invocation.as_json:
        print_json("view", status, {"paths": paths, "findings": findings})
    else:
        for seen in paths:
            click.echo(
                printable(f"{seen['process']}: {seen['path']} lies on {seen['type']} {seen['source']}")
            )
        print_findings(findings)
    return status
