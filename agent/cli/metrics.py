"""`readiness metrics`: the verdict and its figures for Prometheus."""

import click

from agent.app import exposure
from agent.app.answer import assess
from agent.app.config import load_config
from agent.app.reports import write_metrics
from agent.cli.parts.output import Invocation, print_json
from agent.core.report.metrics import metrics
from agent.core.report.status import status_result
from agent.errors import Exit


@click.command(name="metrics")
@click.option("--output", metavar="FILE", help="Write them there instead of to standard output.")
@click.pass_obj
def command(invocation: Invocation, output: str | None) -> Exit:
    """Print the verdict, ages, objectives, exposure and durations in Prometheus's text format.

    FILE, for the node exporter's textfile collector, is replaced whole and can be read by everybody. The
    exit status is 0 once they are written, whatever they say.
    """
    config = load_config(invocation.config_file)
    assessment = assess(config)
    text = metrics(assessment, exposure.exposed(config))
    if output:
        write_metrics(output, text)
    if invocation.as_json:
        print_json("metrics", Exit.GOOD, status_result(assessment, exposure.noted_exposures(config)))
    elif not output:
        click.echo(text, nl=False)
    return Exit.GOOD
