"""`readiness notify`: tell people what changed, and send what waits."""

from typing import Any
from zoneinfo import ZoneInfo

import click

from agent.app.telling import notify
from agent.cli.parts.output import Invocation, print_json
from agent.core.configuration.config import Config
from agent.core.letters.alarm_evidence import sentence_then
from agent.core.telling.incidents import Incident
from agent.core.telling.outbox import Outbox
from agent.core.text.layout import wrapped
from agent.core.text.phrases import moment
from agent.core.text.plain import count, printable
from agent.errors import Exit
from agent.operations.telling.notify import Notified

WIDTH = 80


@click.command(name="notify")
@click.pass_obj
def command(invocation: Invocation) -> Exit:
    """Tell people: mail what changed and what is due, send what waits, and give the outside watcher its sign.

    The service runs it every quarter of an hour and after everything that it does. The exit status is 3
    while mail waits because no server takes it, otherwise 0: for the verdict ask `readiness status`.
    """
    config = notify.load(invocation.config_file)
    told, sign = notify.notify(config)
    status = Exit.NOT_TESTED if told.outbox.blocked else Exit.GOOD
    if invocation.as_json:
        print_json("notify", status, {**_result(told), "ping": sign})
        if told.outbox.blocked:
            click.echo(told.outbox.trouble, err=True)  # the service logs it
        return status
    for line in _words(config, told):
        click.echo(line)
    if sign.trouble:
        click.echo(f"The outside watcher did not hear us: {sign.trouble}")
    return status


def _words(config: Config, told: Notified) -> list[str]:
    said = [f"wrote: {message.subject}" for message in told.written]
    said += [_line(incident) for incident in told.incidents if incident.gone is None]
    trouble = wrapped(printable(told.outbox.trouble), WIDTH) if told.outbox.trouble else ()
    return [
        _answer(config, told),
        *trouble,
        *(line for one in said for line in wrapped(one, WIDTH, "  ", "    ")),
    ]


def _answer(config: Config, told: Notified) -> str:
    written, waiting = len(told.written), len(told.outbox.waiting)
    if config.mail is None:
        return f"Nobody was told anything: there is no [mail] in {printable(config.file)}."
    if waiting == 0:
        return (
            f"{count(written, 'mail was', 'mails were')} sent, and none waits." if written else "Nothing new."
        )
    return f"{count(waiting, 'mail waits', 'mails wait')} to be sent{_since(config, told.outbox)}."


def _since(config: Config, box: Outbox) -> str:
    if box.blocked is None:
        return ""
    return f" since {moment(box.blocked, ZoneInfo(config.business.time_zone), box.tried or box.blocked)}"


def _line(incident: Incident) -> str:
    where = f"{', '.join(incident.processes)}: " if incident.processes else ""
    return f"{incident.name} {printable(where)}{sentence_then(incident)}"


def _result(told: Notified) -> dict[str, Any]:
    """What scripts and the service read; texts of mails stay in the ledger."""
    return {
        "incidents": [
            {
                "name": incident.name,
                "code": incident.code,
                "severity": incident.severity,
                "processes": incident.processes,
                "repository": incident.repository or None,
                "opened": incident.opened,
                "gone": incident.gone,
                "message": incident.sentence,
                "hint": incident.hint,
            }
            for incident in told.incidents
        ],
        "written": [
            {"message": one.message, "role": one.role, "subject": one.subject} for one in told.written
        ],
        "waiting": len(told.outbox.waiting),
        "blocked": told.outbox.blocked,
        "trouble": told.outbox.trouble,
        "prove": told.prove,
    }
