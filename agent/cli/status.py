"""`readiness status`: one screen, the answer first."""

import os

import click

from agent.app import exposure
from agent.app.answer import assess
from agent.app.config import load_config
from agent.app.reports import report_for, status_screen
from agent.cli.parts.output import Invocation, print_json, untold
from agent.core.report.status import EXITS, status_result
from agent.core.snapshot.exposed import exposure_sentences
from agent.core.text.layout import wrapped
from agent.errors import Exit

WIDTH = 80
COLOURS = {"READY": "green", "AT RISK": "yellow", "NOT READY": "red", "UNKNOWN": "magenta"}


@click.command(name="status")
@click.pass_obj
def command(invocation: Invocation) -> Exit:
    """Could you recover over the weekend? The verdict and why, from what was recorded so far.

    Looks at the config and at what was noted only, so that it takes no time and changes nothing. The exit
    status is that of the verdict: 0 READY, 4 AT RISK, 1 NOT READY, 3 UNKNOWN.
    """
    config = load_config(invocation.config_file)
    assessment = assess(config)
    exposures = exposure.noted_exposures(config)
    status = EXITS[assessment.verdict]
    if invocation.as_json:
        print_json("status", status, status_result(assessment, exposures))
        return status
    report = report_for(assessment, "owner")
    snapshots = {judged.process: judged.last_snapshot_at for judged in assessment.judgements}
    exposed = exposure_sentences(exposures.values(), snapshots, assessment.at)
    screen = status_screen(report, exposed)
    if not os.environ.get("NO_COLOR"):  # click leaves colours out by itself where there is no terminal
        state = click.style(report.state, fg=COLOURS[report.state], bold=True)
        screen = screen.replace(report.state, state, 1)
    click.echo("\n".join([screen, *wrapped(untold(config), WIDTH, "Mail:     ", " " * 10)]))
    return status
