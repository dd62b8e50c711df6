"""`readiness report --for auditor --from --to --output` as people and scripts use it."""

import csv
import io
import json
import stat
import subprocess
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.cli import run
from agent.core.audit.archive import TOP
from agent.core.model.drills import ProofResult
from support.builders.audit_year import Business, promising, verified
from support.builders.ledger_records import CONFIG, tampering

TODAY = datetime.now(UTC).date()
HOSTILE = '=HYPERLINK("http://evil")\n@SUM(A1)\x1b[31m\u202e\x7f\x00,+1'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (tmp_path / "readiness.toml").write_text(CONFIG.format(state=state))
    return tmp_path


def readiness(place: Path, *arguments: str) -> int:
    return run(["--config", str(place / "readiness.toml"), *arguments])


def audit(place: Path, *arguments: str, first: str = "2026-01-01", last: str = str(TODAY)) -> int:
    output = str(place / "bundle.zip")
    asked = ("--for", "auditor", "--from", first, "--to", last, "--output", output)
    return readiness(place, "report", *asked, *arguments)


def traded(place: Path, drills: int = 3, name: str = "orders") -> None:
    begin = datetime.now(UTC) - timedelta(days=drills + 1)
    with open_ledger(place / "state" / "ledger.db") as ledger:
        shop = Business(ledger)
        shop.configure(begin - timedelta(days=1), promising())
        for day in range(drills):
            shop.drill(begin + timedelta(days=day), process=name)


def names(place: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(place / "bundle.zip") as opened:
        return {name[len(TOP) :]: opened.read(name) for name in opened.namelist()}


def test_it_says_where_the_bundle_is_and_what_it_holds(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traded(place)
    assert audit(place) == 0
    first, second, third = capsys.readouterr().out.splitlines()

    digest = subprocess.run(["sha256sum", place / "bundle.zip"], capture_output=True, check=True).stdout[:64]
    assert first == f"The bundle is in {place / 'bundle.zip'}: 3 drills of 2026-01-01 to {TODAY}."
    assert second == f"SHA-256  {digest.decode()}"
    assert third.startswith("Ledger   7 records, head ")
    assert verified(place / "bundle.zip", third.rpartition(" ")[2], digest.decode()) == []


def test_scripts_get_one_object(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traded(place)
    assert audit(place, "--json") == 0
    answer = json.loads(capsys.readouterr().out)

    assert answer["schema"] == "readiness.report-bundle/1"
    assert {key: answer["result"][key] for key in ("drills", "records", "from", "to")} == {
        "drills": 3,
        "records": 7,
        "from": "2026-01-01",
        "to": str(TODAY),
    }


def test_nobody_else_may_read_it_whatever_was_there(place: Path) -> None:
    (place / "bundle.zip").write_bytes(b"older")
    (place / "bundle.zip").chmod(0o644)
    assert audit(place) == 0

    assert stat.S_IMODE((place / "bundle.zip").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2026-01-01", "--to", "2026-02-01"], "Add --for auditor."),
        (["--for", "owner", "--from", "2026-01-01", "--to", "2026-02-01"], "Add --for auditor."),
        (["--for", "auditor", "--from", "2026-01-01"], "--from and --to belong together."),
        (["--for", "auditor", "--to", "2026-01-01"], "--from and --to belong together."),
        (["--for", "auditor", "--from", "2026-01-01", "--to", "2026-02-01"], "Add --output FILE.zip."),
        (
            ["--for", "auditor", "--from", "2026-01-01", "--to", "2026-02-01", "--output", "b.pdf"],
            "Add --output FILE.zip.",
        ),
        (
            [*("--for", "auditor", "--from", "2026-01-01", "--to", "2026-02-01"), "--format", "html"],
            "Leave --format out.",
        ),
        (["--for", "auditor", "--output", "bundle.zip"], "Add --for auditor --from DATE --to DATE"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert readiness(place, "report", *arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-02-01", "2026-01-31", "--to 2026-01-31 lies before --from 2026-02-01."),
        ("2026-01-01", str(TODAY + timedelta(days=2)), "lies in the future, by the clock in Europe/Berlin."),
        ("2026-13-01", "2026-02-01", "--from 2026-13-01 is not a day."),
        ("20260101", "2026-02-01", "--from 20260101 is not a day."),
        ("2026-01-01", "yesterday\x1b[2J", "--to yesterday\\x1b[2J is not a day."),
        ("0001-01-01", "2026-02-01", "--from 0001-01-01 lies before anything"),
    ],
)
def test_a_period_without_evidence_is_refused_in_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], first: str, last: str, said: str
) -> None:
    assert audit(place, first=first, last=last) == 2
    assert said in capsys.readouterr().err
    assert not (place / "bundle.zip").exists()


def test_of_a_ledger_that_is_not_whole_nobody_gets_evidence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traded(place)
    with tampering(place / "state" / "ledger.db") as database:
        database.execute("DELETE FROM record WHERE sequence = 3")
    assert audit(place) == 3

    assert "record 3 is missing" in capsys.readouterr().err
    assert not (place / "bundle.zip").exists()


def test_before_anything_was_recorded_there_is_an_empty_bundle(place: Path) -> None:
    assert audit(place) == 0

    assert verified(place / "bundle.zip") == []
    assert json.loads(names(place)["population.json"])["rows"] == []


def test_hostile_names_reach_no_spreadsheet_and_no_terminal(place: Path) -> None:
    begin = datetime.now(UTC) - timedelta(days=2)
    with open_ledger(place / "state" / "ledger.db") as ledger:
        shop = Business(ledger)
        shop.configure(begin - timedelta(days=1), promising(name=HOSTILE, owner=HOSTILE))
        proof = ProofResult(name=HOSTILE, outcome="failed", seconds=1, message=HOSTILE, output=HOSTILE)
        shop.drill(begin, process=HOSTILE, repository=HOSTILE, instead_of=HOSTILE, proofs=(proof,))
        shop.run(begin + timedelta(hours=1), "not_tested", drill={"process": HOSTILE}, drills=False)
    assert audit(place) == 0
    files = names(place)

    assert verified(place / "bundle.zip") == []
    for name, content in files.items():
        if name not in ("ledger.jsonl.gz", "verify.py"):
            seen = {char for char in content.decode() if unicodedata.category(char)[0] == "C"}
            assert seen <= {"\r", "\n"}, name
    rows = list(csv.reader(io.StringIO(files["population.csv"].decode(), newline="")))
    assert [len(row) for row in rows] == [len(rows[0])] * 3
    assert {cell[0] for row in rows for cell in row if cell} & set("=+-@") == set()
    assert any(cell.startswith("'=HYPERLINK") for cell in rows[1])


def test_the_auditors_report_without_a_period_is_what_it_was(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert readiness(place, "report", "--for", "auditor") == 0
    assert "UNKNOWN - " in capsys.readouterr().out
