"""`readiness report`: the answer with its evidence, as text, HTML or JSON."""

import json
from pathlib import Path
from typing import Any, get_args

import click
from msgspec import to_builtins

from agent.app import trends
from agent.app.answer import assess
from agent.app.config import load_config
from agent.app.reports import report_for, text_report, write_report
from agent.app.telling import notify
from agent.cli.parts.output import Invocation, print_json
from agent.cli.parts.report_bundle import Asked, is_bundle, write
from agent.cli.parts.report_sent import print_sent
from agent.core.report.status import status_result
from agent.core.report.views import Audience, Report
from agent.core.verdict.judgement import Assessment
from agent.errors import Exit

FORMATS = ("text", "html", "json")
EXTENSIONS = {".html": "html", ".htm": "html", ".json": "json"}


@click.command(name="report")
@click.option(
    "--for",
    "audience",
    type=click.Choice(get_args(Audience)),
    default="admin",
    show_default=True,
    help="The owner reads the answer, the admin what to do, the auditor all evidence.",
)
@click.option("--format", "wanted", type=click.Choice(FORMATS), help="Otherwise as FILE's extension says.")
@click.option("--output", metavar="FILE", help="Write it there instead of to standard output.")
@click.option(
    "--from", "first", metavar="DATE", help="For the auditor: evidence from this day on, as FILE.zip."
)
@click.option("--to", "last", metavar="DATE", help="The last day of that evidence.")
@click.option(
    "--send", is_flag=True, help="Mail it now: the owner's to the owner, others to the administrator."
)
@click.pass_obj
def command(
    invocation: Invocation,
    audience: Audience,
    wanted: str | None,
    output: str | None,
    first: str | None,
    last: str | None,
    send: bool,
) -> Exit:
    """Write the readiness report, or with --send mail it now.

    With --from and --to it is a bundle of evidence for the auditor: every drill that was due or made on these
    days, what was promised then, the records behind it, a checklist, and a script that verifies all of it.

    A new FILE can be read by you alone (0600); one that was there keeps its permissions. The exit status is 0
    once the report is written, whatever it says: for the verdict ask `readiness status`. It is 3 when it was
    to be sent and no mail server took it; it waits then, and the service goes on trying.
    """
    asked = Asked(first=first, last=last, audience=audience, form=wanted, output=output, send=send)
    if is_bundle(asked):
        return write(invocation, asked)
    config = load_config(invocation.config_file)
    assessment = assess(config)
    report = report_for(assessment, audience)
    if output is not None:
        _write(invocation, output, wanted, assessment, report)
    if send:
        sent = notify.send_report(config, assessment, audience)
        return print_sent(invocation, sent, quiet=output is not None and invocation.as_json)
    return Exit.GOOD if output is not None else _print(invocation, wanted, assessment, report)


def _print(invocation: Invocation, wanted: str | None, assessment: Assessment, report: Report) -> Exit:
    if wanted == "json" or (invocation.as_json and wanted is None):
        print_json("report", Exit.GOOD, _result(assessment, report))
    else:
        click.echo(_written(wanted or "text", assessment, report))
    return Exit.GOOD


def _write(
    invocation: Invocation, output: str, wanted: str | None, assessment: Assessment, report: Report
) -> None:
    kind = wanted or EXTENSIONS.get(Path(output).suffix.lower(), "text")
    write_report(output, _written(kind, assessment, report) + "\n")
    if invocation.as_json:
        print_json("report-file", Exit.GOOD, {"file": output, "format": kind, "verdict": assessment.verdict})
    else:
        click.echo(f"{report.state}: the report is in {output}")


def _written(kind: str, assessment: Assessment, report: Report) -> str:
    if kind == "json":
        result = _result(assessment, report)
        at = assessment.at.isoformat(timespec="seconds")
        return json.dumps({"schema": "readiness.report/1", "at": at, "exit": 0, "result": result})
    return trends.html_report(assessment, report) if kind == "html" else text_report(report)


def _result(assessment: Assessment, report: Report) -> dict[str, Any]:
    """The words of the report, and the numbers behind them as `readiness.status/1` has them."""
    return {"report": to_builtins(report), "status": status_result(assessment)}
