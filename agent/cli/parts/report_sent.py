"""What became of a report that was to be mailed at once."""

from typing import TYPE_CHECKING

import click

from agent.cli.parts.output import Invocation, print_json
from agent.core.text.layout import wrapped
from agent.core.text.phrases import joined
from agent.core.text.plain import printable
from agent.errors import Exit

if TYPE_CHECKING:
    from agent.operations.telling.notify import Sent

WIDTH = 80


def print_sent(invocation: Invocation, sent: "Sent", quiet: bool = False) -> Exit:
    """Say to whom it went, or why it waits; `quiet`: the one object of --json was printed already."""
    status = Exit.NOT_TESTED if sent.waits else Exit.GOOD
    to = printable(joined(sent.message.recipients))
    trouble = printable(sent.outbox.trouble) if sent.waits else ""
    if invocation.as_json and not quiet:
        result = {"recipients": sent.message.recipients, "waits": sent.waits, "trouble": trouble}
        print_json("report-sent", status, {"message": sent.message.message, **result})
    elif not invocation.as_json:
        click.echo(f"The mail to {to} waits: it is tried again." if sent.waits else f"Sent to {to}.")
        for line in wrapped(trouble, WIDTH, "  ") if trouble else ():
            click.echo(line)
    return status
