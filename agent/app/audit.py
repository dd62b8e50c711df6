"""Composition root of the auditor's bundle."""

from hashlib import sha256
from pathlib import Path

from msgspec import Struct

import agent
from agent.adapters.host.whole_file import write_bundle
from agent.adapters.ledger.ledger import open_raw
from agent.app import trends
from agent.app.answer import assess
from agent.app.clock import SystemClock
from agent.app.config import take_file_rights
from agent.app.ledger import ledger_path
from agent.app.reports import report_for, text_report
from agent.core.audit.archive import archive, fits
from agent.core.audit.asked_period import asked_period
from agent.core.audit.bundle import Paper, bundle
from agent.core.audit.records import Period
from agent.core.configuration.config import Config
from agent.errors import StateError
from agent.operations.reading.audit import gather

SCRIPT = Path(agent.__file__).with_name("verify_bundle.py")


class Written(Struct, frozen=True, kw_only=True):
    """A bundle that lies in its file; `sha256` and `head` are hexadecimal."""

    file: str
    sha256: str
    bytes: int
    drills: int
    records: int
    head: str


def period(config: Config, first: str, last: str) -> Period:
    """The days that were asked for, in the business's zone. Raises UsageError."""
    return asked_period(first, last, config.business.time_zone, SystemClock().now())


def write_audit(config: Config, asked: Period, file: str) -> Written:
    """Make the bundle of a period and put it into `file`, whole or not at all.

    Raises LedgerDamaged when the ledger is not whole, StateError when the file cannot be written.
    """
    judged = assess(config)
    with open_raw(ledger_path(config)) as records:
        gathered = gather(records, judged.evidence.sequence, judged.at)
    report = report_for(judged, "auditor")
    paper = Paper(
        report=report,
        text=text_report(report),
        html=trends.html_report(judged, report),
        script=SCRIPT.read_bytes(),
        version=agent.__version__,
    )
    made = bundle(gathered, asked, paper)
    if not fits(made.files):
        raise StateError("The bundle would be larger than an archive can be.", "Ask for a shorter period.")
    content = archive(made.files)
    take_file_rights()
    write_bundle(file, content)
    history = gathered.history
    return Written(
        file=file,
        sha256=sha256(content).hexdigest(),
        bytes=len(content),
        drills=len(made.rows),
        records=history.records,
        head=history.head,
    )
