"""The auditor's bundle: all its files, from the records, the report of the day, and a script."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins

from agent.core.audit.archive import with_sums
from agent.core.audit.checklist import checklist
from agent.core.audit.population import population, stamp
from agent.core.audit.records import History, Item, Period, Row
from agent.core.audit.texts import checklist_text, readme, scope_text, table
from agent.core.report.views import Report

NUMBERS = ("drill_record", "run_record", "config_record")


class Gathered(Struct, frozen=True, kw_only=True):
    """What was read from the ledger. `exported`: by number, the records that can be evidence."""

    history: History
    exported: Mapping[int, dict[str, Any]]
    ledger: bytes  # every record as a line of JSON, compressed


class Paper(Struct, frozen=True, kw_only=True):
    """What was rendered or read elsewhere."""

    report: Report
    text: str
    html: str
    script: bytes
    version: str


class Bundle(Struct, frozen=True, kw_only=True):
    """The files by name, and what they hold."""

    files: dict[str, bytes]
    rows: tuple[Row, ...]
    items: tuple[Item, ...]


def bundle(gathered: Gathered, period: Period, paper: Paper) -> Bundle:
    """Everything but the archive around it."""
    history, report = gathered.history, paper.report
    found = population(history, period)
    items = checklist(history, period, found, len(report.not_tested))
    rows = [to_builtins(row) for row in found]
    columns = list(Row.__struct_fields__)
    texts = {
        "README.txt": readme(report, period, history, len(rows)),
        "about.json": _json(_about(history, period, paper)),
        "checklist.json": _json({"items": to_builtins(items)}),
        "checklist.txt": checklist_text(items),
        "population.csv": table(columns, rows),
        "population.json": _json({"columns": columns, "rows": rows}),
        "report.html": paper.html,
        "report.txt": f"{paper.text}\n",
        "scope.txt": scope_text(report.not_tested, report.at),
    }
    files = {name: text.encode() for name, text in texts.items()}
    files |= {"ledger.jsonl.gz": gathered.ledger, "verify.py": paper.script}
    return Bundle(files=with_sums({**files, **_evidence(gathered, rows)}), rows=found, items=items)


def _about(history: History, period: Period, paper: Paper) -> dict[str, Any]:
    return {
        "schema": "readiness.audit/1",
        "readiness": paper.version,
        "business": paper.report.business,
        "written": stamp(history.at),
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "zone": period.zone,
        "begins": stamp(period.begins),
        "ends": stamp(period.ends),
        "records": history.records,
        "head": history.head,
    }


def _evidence(gathered: Gathered, rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """The records that rows name, each with the rows that it is the evidence for."""
    of_record: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        for number in {row["drill_record"], row["run_record"]} - {None}:
            of_record.setdefault(number, []).append(row)
    named = {row[name] for row in rows for name in NUMBERS} - {None}
    return {
        f"evidence/{number:06}.json": _json(
            {"population": of_record.get(number, []), "record": gathered.exported[number]}
        ).encode()
        for number in sorted(named)
    }


def _json(value: Any) -> str:
    """Readable, ASCII, and without control characters."""
    return json.dumps(value, indent=1).replace("\x7f", "\\u007f") + "\n"
