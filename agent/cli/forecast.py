"""`readiness forecast`: when would each process be back."""

import click

from agent.app.answer import assess
from agent.app.config import load_config
from agent.app.reports import forecast_screen
from agent.cli.parts.output import Invocation, print_json
from agent.core.report.status import forecast_result
from agent.errors import Exit

FITS = {True: Exit.GOOD, False: Exit.BAD, None: Exit.NOT_TESTED}


@click.command(name="forecast")
@click.pass_obj
def command(invocation: Invocation) -> Exit:
    """When would each process be back, if everything is lost at closing time?

    One process after another, in the order of dependencies, tiers and value: each takes what its drills took,
    and the minutes that its steps by people are declared with. Exits 0 when all are back before the business
    opens, 1 when not, 3 when that is not known.
    """
    assessment = assess(load_config(invocation.config_file))
    status = FITS[assessment.timetable.fits]
    if invocation.as_json:
        print_json("forecast", status, forecast_result(assessment))
    else:
        click.echo(forecast_screen(assessment))
    return status
