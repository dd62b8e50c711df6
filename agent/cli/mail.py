"""`readiness mail test`: does mail arrive?"""

from typing import Any

import click

from agent.app.config import load_config
from agent.app.telling import mail
from agent.cli.parts.output import Invocation, print_json
from agent.core.telling.mail_trial import Trial, answer, lines
from agent.errors import Exit

NOT_YET_READ = "Accepted is not read: ask each of them whether it arrived, and not among the unwanted mail."


@click.group()
def command() -> None:
    """Try the way that mail leaves this machine."""


@command.command(name="test")
@click.pass_obj
def try_it(invocation: Invocation) -> Exit:
    """Send a short test mail to everybody in [mail] at once, and say what was answered for each of them.

    Exit statuses: 0 accepted for all; 1 refused for somebody; 3 not delivered to somebody or nobody.
    """
    trial = mail.try_mail(load_config(invocation.config_file))
    status = _status(trial)
    if invocation.as_json:
        print_json("mail-test", status, _result(trial))
        return status
    for line in (answer(trial), *lines(trial)):
        click.echo(line)
    if trial.accepted:
        click.echo(NOT_YET_READ)
    return status


def _status(trial: Trial) -> Exit:
    fates = {receipt.fate for receipt in trial.receipts}
    if "refused" in fates:
        return Exit.BAD
    return Exit.GOOD if fates == {"accepted"} else Exit.NOT_TESTED


def _result(trial: Trial) -> dict[str, Any]:
    return {
        "via": trial.via,
        "tls": trial.protection,
        "accepted": trial.accepted,
        "recipients": trial.receipts,
    }
