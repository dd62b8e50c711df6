"""`readiness forecast`: when would each process be back."""

import click

from agent.app.answer import assess
from agent.app.config import load_config
from agent.app.reports import forecast_screen
from agent.cli.parts.output import Invocation, print_json
from agent.core.report.status import EXITS, forecast_result
from agent.errors import Exit


@click.command(name="forecast")
@click.pass_obj
def command(invocation: Invocation) -> Exit:
    """When would each process be back, if everything is lost at closing time?

    One process after another, in the order of dependencies, tiers and value: each takes what its drills took,
    and the minutes that its steps by people are declared with. There is no time where a restore is not proven
    or in doubt. The exit status is that of the verdict: 0 READY, 4 AT RISK, 1 NOT READY, 3 UNKNOWN.
    """
    assessment = assess(load_config(invocation.config_file))
    status = EXITS[assessment.verdict]
    if invocation.as_json:
        print_json("forecast", status, forecast_result(assessment))
    else:
        click.echo(forecast_screen(assessment))
    return status
