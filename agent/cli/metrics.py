"""`readiness metrics`: the verdict and its figures for Prometheus."""

import click

from agent import app, app_exposure
from agent.cli.output import Invocation, print_json
from agent.core.metrics import metrics
from agent.core.status import status_result
from agent.errors import Exit


@click.command(name="metrics")
@click.option("--output", metavar="FILE", help="Write them there instead of to standard output.")
@click.pass_obj
def command(invocation: Invocation, output: str | None) -> Exit:
    """Print the verdict, ages, objectives, exposure and durations in Prometheus's text format.

    FILE, for the node exporter's textfile collector, is replaced whole and can be read by everybody. The
    exit status is 0 once they are written, whatever they say.
    """
    config = app.load_config(invocation.config_file)
    assessment = app.assessment(config)
    text = metrics(assessment, app_exposure.exposed(config))
    if output:
        app.write_metrics(output, text)
    if invocation.as_json:
        print_json("metrics", Exit.GOOD, status_result(assessment, app_exposure.noted_exposures(config)))
    elif not output:
        click.echo(text, nl=False)
    return Exit.GOOD
