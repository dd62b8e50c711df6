"""Composition root of the auditor's bundle."""

from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from agent import __version__, app, app_trends
from agent.adapters.ledger import open_raw
from agent.adapters.report_file import write_bundle
from agent.core.audit.archive import archive, fits
from agent.core.audit.asked_period import asked_period
from agent.core.audit.bundle import Paper, bundle
from agent.core.audit.records import Period
from agent.core.configuration import Config
from agent.errors import StateError
from agent.operations.audit import gather

SCRIPT = Path(__file__).with_name("verify_bundle.py")


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
    return asked_period(first, last, config.business.time_zone, app.SystemClock().now())


def write_audit(config: Config, asked: Period, file: str) -> Written:
    """Make the bundle of a period and put it into `file`, whole or not at all.

    Raises LedgerDamaged when the ledger is not whole, StateError when the file cannot be written.
    """
    judged = app.assessment(config)
    with open_raw(app.ledger_path(config)) as records:
        gathered = gather(records, judged.evidence.sequence, judged.at)
    report = app.report(judged, "auditor")
    paper = Paper(
        report=report,
        text=app.text_report(report),
        html=app_trends.html_report(judged, report),
        script=SCRIPT.read_bytes(),
        version=__version__,
    )
    made = bundle(gathered, asked, paper)
    if not fits(made.files):
        raise StateError("The bundle would be larger than an archive can be.", "Ask for a shorter period.")
    content = archive(made.files)
    app.take_file_rights()
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
