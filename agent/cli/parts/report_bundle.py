"""`readiness report --for auditor --from DATE --to DATE --output FILE.zip`: evidence of a period."""

import click
from msgspec import Struct, to_builtins

from agent.app.answer import assess
from agent.app.config import load_config
from agent.app.telling import notify
from agent.cli.parts.output import Invocation, print_json
from agent.cli.parts.report_sent import print_sent
from agent.core.report.views import Audience
from agent.core.text.plain import count, printable
from agent.errors import Exit, UsageError


class Asked(Struct, frozen=True, kw_only=True):
    """What the command line says of a bundle."""

    first: str | None
    last: str | None
    audience: Audience
    form: str | None
    output: str | None
    send: bool = False


def is_bundle(asked: Asked) -> bool:
    """Whether a bundle is asked for. Raises UsageError for what does not fit together."""
    is_zip = (asked.output or "").lower().endswith(".zip")
    if asked.first is None and asked.last is None:
        if is_zip:
            hint = "Add --for auditor --from DATE --to DATE, or name a file for text, html or json."
            raise UsageError(
                f"{printable(asked.output or '')} would be a bundle, which needs a period.", hint
            )
        return False
    if asked.audience != "auditor":
        raise UsageError("--from and --to make a bundle, which is for the auditor.", "Add --for auditor.")
    if asked.first is None or asked.last is None:
        raise UsageError("--from and --to belong together.", "Both days belong to the period.")
    if asked.form is not None:
        raise UsageError("A bundle has formats of its own.", "Leave --format out.")
    if not is_zip:
        raise UsageError("A bundle needs a file to go to, whose name ends in .zip.", "Add --output FILE.zip.")
    return True


def write(invocation: Invocation, asked: Asked) -> Exit:
    """Make the bundle and say what it is."""
    from agent.app import audit  # noqa: PLC0415 - other reports need nothing of it

    assert asked.first is not None and asked.last is not None and asked.output is not None
    config = load_config(invocation.config_file)
    period = audit.period(config, asked.first, asked.last)
    written = audit.write_audit(config, period, asked.output)
    sent = None
    if asked.send:
        told = (written.file, written.sha256, written.drills, (period.first, period.last))
        sent = notify.send_bundle(config, assess(config), *told)
    days = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    if invocation.as_json:
        print_json("report-bundle", Exit.GOOD, {**to_builtins(written), **days})
        return print_sent(invocation, sent, quiet=True) if sent else Exit.GOOD
    drills, records = count(written.drills, "drill"), count(written.records, "record")
    click.echo(f"The bundle is in {printable(written.file)}: {drills} of {period.first} to {period.last}.")
    click.echo(f"SHA-256  {written.sha256}")
    click.echo(f"Ledger   {records}, head {written.head}")
    return print_sent(invocation, sent) if sent else Exit.GOOD
