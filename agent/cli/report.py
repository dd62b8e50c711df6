"""`readiness report`: the answer with its evidence, as text, HTML or JSON."""

import json
from pathlib import Path
from typing import Any, get_args

import click
from msgspec import to_builtins

from agent import app, app_trends
from agent.cli.output import Invocation, print_json
from agent.cli.report_bundle import Asked, is_bundle, write
from agent.core.judgement import Assessment
from agent.core.status import status_result
from agent.core.views import Audience, Report
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
@click.pass_obj
def command(
    invocation: Invocation,
    audience: Audience,
    wanted: str | None,
    output: str | None,
    first: str | None,
    last: str | None,
) -> Exit:
    """Write the readiness report.

    With --from and --to it is a bundle of evidence for the auditor: every drill that was due or made on these
    days, what was promised then, the records behind it, a checklist, and a script that verifies all of it.

    A new FILE can be read by you alone (0600); one that was there keeps its permissions. The exit status is 0
    once the report is written, whatever it says: for the verdict ask `readiness status`.
    """
    asked = Asked(first=first, last=last, audience=audience, form=wanted, output=output)
    if is_bundle(asked):
        return write(invocation, asked)
    assessment = app.assessment(app.load_config(invocation.config_file))
    report = app.report(assessment, audience)
    if output is None and (wanted == "json" or (invocation.as_json and wanted is None)):
        print_json("report", Exit.GOOD, _result(assessment, report))
        return Exit.GOOD
    kind = wanted or EXTENSIONS.get(Path(output or "").suffix.lower(), "text")
    text = _written(kind, assessment, report)
    if output is None:
        click.echo(text)
        return Exit.GOOD
    app.write_report(output, text + "\n")
    if invocation.as_json:
        print_json("report-file", Exit.GOOD, {"file": output, "format": kind, "verdict": assessment.verdict})
    else:
        click.echo(f"{report.state}: the report is in {output}")
    return Exit.GOOD


def _written(kind: str, assessment: Assessment, report: Report) -> str:
    if kind == "json":
        result = _result(assessment, report)
        at = assessment.at.isoformat(timespec="seconds")
        return json.dumps({"schema": "readiness.report/1", "at": at, "exit": 0, "result": result})
    return app_trends.html_report(assessment, report) if kind == "html" else app.rendered(report, kind)


def _result(assessment: Assessment, report: Report) -> dict[str, Any]:
    """The words of the report, and the numbers behind them as `readiness.status/1` has them."""
    return {"report": to_builtins(report), "status": status_result(assessment)}
