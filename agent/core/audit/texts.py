"""The texts of an auditor's bundle. Everything from outside is made printable before it gets here."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from agent.core.audit.facts import NEVER_MET
from agent.core.audit.records import History, Item, Period
from agent.core.report.views import Fact, Report
from agent.core.text.phrases import joined
from agent.core.text.plain import count

WIDTH = 78
NAMED = 12  # numbers of records that the text names; the JSON names all
FORMULA = tuple("=+-@'")  # what a spreadsheet would take for more than text

README = """\
RESTORE DRILLS OF {business}
{first} to {last}, days in {zone}
Written {at}
{drills}. Ledger: {records}, head {head}

Confidential: this names files, machines and people.

WHAT IS WHAT
  population.csv     Every drill that was due or made in the period, one a line:
                     also those that fell out, failed, came to no result, or were
                     made by hand; what was promised then, and what was measured.
  population.json    The same for programs.
  evidence/N.json    Record N of the ledger, word for word, for every record that
                     the population names: drills, runs of the service, configs.
  checklist.txt      22 questions, each met, not met or unknown, with records.
  checklist.json     The same for programs.
  scope.txt          What was NOT tested, as of the day this was written.
  report.txt, .html  The report of the day this was written.
  ledger.jsonl.gz    The whole ledger, record 1 to the last, a line of JSON each.
  about.json         Period, number of records, head of the ledger.
  SHA256SUMS         The SHA-256 of every file: sha256sum -c SHA256SUMS
  verify.py          Verifies all of it, with nothing but Python 3.8 or newer.

HOW TO VERIFY
  python3 verify.py                            what was unpacked
  python3 verify.py BUNDLE.zip --sha256 HASH   the archive, with HASH from a mail
  python3 verify.py --head "{short}"    a head from an old report or mail

  Read verify.py before you trust it, or take it from readiness's own sources,
  where it is agent/verify_bundle.py: whoever replaces this bundle can replace
  the script in it as well.

WHAT IT FINDS
  A byte of the archive or of any file in it that was changed; a file that is
  missing or was added; a record of the ledger that was altered, removed, moved
  or put in between; a drill that the population leaves out or tells otherwise
  than its record; objectives that are not those that held; evidence that is not
  the record. With --head also that the whole ledger was written anew since that
  report, with --sha256 that the bundle is not the one that was announced.

WHAT IT CANNOT FIND
  Everything replaced at once, this script included, unless you compare with
  something that came to you before: a SHA-256 or a head in a mail.
  False new records: whoever is root on that machine can make them. The chain
  shows that old records were not changed, not that new ones told the truth.
  What no record says, rewritten together with SHA256SUMS: the checklist, the
  scope, the report, and in the population how, local, part and sentence.
  A line "never run" in the population that was taken out: no record stands
  behind it. The rhythm in the config records tells what was due.
  What readiness does not look at: scope.txt and the answers "unknown".

HOW TO READ THE POPULATION
  result   passed, failed; "not tested": tried, and came to no result; "fell
           out": the service was not there when it was due, and caught up later;
           "never run": due by the rhythm of the config, and nobody made it.
  how      schedule; again: the run before did not pass; by hand; instead of
           NAME: from another copy, because NAME could not be used.
  rto, rpo met, missed; "not shown": this drill says nothing of it, as it was a
           sample, did not pass, or took an older snapshot on purpose;
           "unknown": nobody recorded what was promised then.
  *_s      seconds. recovery_s is the time measured, with the steps that are
           declared for people; point_s the age of what came back.
"""


def readme(report: Report, period: Period, history: History, drills: int) -> str:
    """What is what, and how to verify it."""
    return README.format(
        business=report.business.upper() or "A BUSINESS",
        first=period.first,
        last=period.last,
        zone=period.zone,
        at=report.at,
        drills=count(drills, "drill"),
        records=count(history.records, "record"),
        head=history.head,
        short=f"{history.head[:4]} {history.head[4:8]} {history.head[8:12]}",
    )


def checklist_text(items: Sequence[Item]) -> str:
    """The checklist, one paragraph a question."""
    states = [item.state for item in items]
    lines = [
        f"{states.count('met')} met, {states.count('not met')} not met, {states.count('unknown')} unknown."
    ]
    lines += ["Unknown: nobody looked, or readiness cannot know. It never counts as met."]
    never = joined([str(number) for number in NEVER_MET], len(NEVER_MET))
    lines += [*_wrapped("", f"No record can show {never}, so they are never met: ask what else does."), ""]
    for item in items:
        lines += _wrapped(f"{item.number:2}  {item.state.upper():<9}", f"{item.question}.")
        lines += _wrapped(" " * 13, item.why)
        if item.records:
            lines += _wrapped(" " * 13, _records(item.records))
    return "\n".join(lines) + "\n"


def scope_text(not_tested: Sequence[Fact], at: str) -> str:
    """What was not tested."""
    lines = [f"NOT TESTED, as of {at}", ""]
    for fact in not_tested:
        lines += _wrapped("  ", f"{fact.label}: {fact.text}")
    return "\n".join(lines) + "\n"


def table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """The rows for spreadsheets; no cell can be taken for a formula."""
    cells = [["" if row[name] is None else str(row[name]) for name in columns] for row in rows]
    lines = [columns, *([_harmless(cell) for cell in line] for line in cells)]
    return "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell


def _records(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:NAMED])
    more = f" and {len(numbers) - NAMED:,} more" if len(numbers) > NAMED else ""
    return f"Record{'' if len(numbers) == 1 else 's'} {shown}{more}."


def _wrapped(first: str, text: str) -> Iterator[str]:
    rest = " " * max(len(first), 4) if first else ""
    yield from textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest) or [first]
