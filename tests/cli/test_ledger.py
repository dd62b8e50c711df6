"""`readiness ledger verify` and `export` as people and scripts use them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.cli import run
from agent.core.model.drills import DrillRecord
from support.builders.ledger_records import CONFIG, NOW, drill, tampering, write
from support.places import ROOT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (tmp_path / "readiness.toml").write_text(CONFIG.format(state=state))
    return state / "ledger.db"


def ledger(path: Path, *arguments: str) -> int:
    return run(["--config", str(path.parent.parent / "readiness.toml"), "ledger", *arguments])


def test_a_whole_ledger_is_said_to_be_whole_in_the_first_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = write(path, 12)[-1]
    assert ledger(path, "verify") == 0
    grouped = f"{head[:4]} {head[4:8]} {head[8:12]}"
    assert capsys.readouterr().out == f"The ledger is whole: 12 records, head {grouped}.\n"


def test_faults_are_named_behind_the_answer(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("UPDATE record SET at = '' WHERE sequence = 3")
        database.execute("DELETE FROM record WHERE sequence = 6")
    assert ledger(path, "verify") == 1
    assert capsys.readouterr().out.splitlines() == [
        "The ledger is not whole: 2 faults, with 8 records read.",
        "  altered     record 3 was altered: its content does not match its hash",
        "  removed     record 6 is missing",
    ]


def test_the_verification_is_one_json_object_on_request(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(path, 3)
    with tampering(path) as database:
        database.execute("UPDATE record SET at = '' WHERE sequence = 2")
    assert ledger(path, "verify", "--json") == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["schema"], printed["exit"]) == ("readiness.ledger.verify/1", 1)
    assert printed["result"]["whole"] is False
    assert [(fault["sequence"], fault["what"]) for fault in printed["result"]["faults"]] == [(2, "altered")]


@pytest.mark.parametrize("spelling", ["{0}", "{1} {2} {3}", "{1} {2} {3} …", "0X"])
def test_a_head_that_an_old_report_printed_is_found_again(
    path: Path, spelling: str, capsys: pytest.CaptureFixture[str]
) -> None:
    head = write(path, 5)[2]
    given = spelling.format(head.upper(), head[:4], head[4:8], head[8:12])
    assert ledger(path, "verify", "--head", given) == (2 if spelling == "0X" else 0)
    assert "Traceback" not in capsys.readouterr().err


def test_a_head_that_is_not_in_the_chain_is_a_fault(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(path, 5)
    assert ledger(path, "verify", "--head", "0123 4567 89ab") == 1
    assert "no record has the hash 0123456789ab" in capsys.readouterr().out


def test_a_head_that_is_too_short_to_mean_anything_is_wrong_usage(path: Path) -> None:
    write(path, 2)
    assert ledger(path, "verify", "--head", "7f3a") == 2


def test_no_ledger_yet_is_neither_whole_nor_damaged(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ledger(path, "verify") == 3
    assert "There is no ledger at" in capsys.readouterr().err


def test_a_damaged_file_is_bad_and_one_sentence(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(b"\x00" * 5000)
    assert ledger(path, "verify") == 1
    assert "is damaged" in capsys.readouterr().err


def test_a_ledger_that_cannot_be_read_is_not_called_bad(path: Path) -> None:
    path.symlink_to(path)
    assert ledger(path, "verify") == 3


def test_the_export_holds_every_record_as_it_is(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hashes = write(path, 4)
    assert ledger(path, "export") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    keys = ["seq", "at", "kind", "process", "repository", "body", "previous", "hash"]
    assert [list(line) for line in lines] == [keys] * 4
    assert [line["hash"] for line in lines] == hashes


def test_the_export_is_one_json_object_on_request(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(path, 4)
    assert ledger(path, "export", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert [record["seq"] for record in printed["result"]["records"]] == [1, 2, 3, 4]


def test_the_export_goes_into_a_private_file(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(path, 3)
    target = tmp_path / "ledger.jsonl"
    assert ledger(path, "export", "--output", str(target)) == 0
    assert capsys.readouterr().out == f"Wrote 3 records to {target}.\n"
    assert (len(target.read_text().splitlines()), target.stat().st_mode & 0o777) == (3, 0o600)


def test_an_export_that_cannot_be_written_is_one_sentence_and_leaves_nothing(
    path: Path, tmp_path: Path
) -> None:
    write(path, 3)
    assert ledger(path, "export", "--output", str(tmp_path / "missing" / "file")) == 3
    assert ledger(path, "export", "--output", str(tmp_path)) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["readiness.toml", "state"]


def test_an_altered_ledger_can_still_be_exported(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(path, 3)
    with tampering(path) as database:
        database.execute("UPDATE record SET body = '{' WHERE sequence = 2")
    assert ledger(path, "export") == 0
    assert [json.loads(line)["body"] for line in capsys.readouterr().out.splitlines()][1] == "{"


# ---- the recipe of docs/ledger.md ---------------------------------------------------------------


def by_the_recipe(export: str) -> "subprocess.CompletedProcess[str]":
    recipe = re.search(r"```python\n(.*?)```", (ROOT / "docs/ledger.md").read_text(), re.DOTALL)
    assert recipe is not None
    command = [sys.executable, "-I", "-S", "-c", recipe[1]]
    return subprocess.run(command, input=export, capture_output=True, text=True, check=False)


@pytest.fixture
def export(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with open_ledger(path) as records:
        for number in range(6):
            odd: DrillRecord = replace(drill(number, process="büro"), cursor="\udcff\n", bytes=2**60)
            records.append(odd, NOW)
    ledger(path, "export")
    return capsys.readouterr().out


def test_the_documented_recipe_accepts_an_export(export: str) -> None:
    done = by_the_recipe(export)
    assert (done.returncode, done.stdout[:16]) == (0, "whole: 6 records")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ((0, 1, 3, 4, 5), "record 3 is missing or out of order"),
        ((0, 1, 3, 2, 4, 5), "record 3 is missing or out of order"),
    ],
)
def test_the_documented_recipe_finds_lines_that_are_not_in_place(
    export: str, lines: tuple[int, ...], complaint: str
) -> None:
    done = by_the_recipe("\n".join(export.splitlines()[number] for number in lines))
    assert (done.returncode, done.stderr.strip()) == (1, complaint)


def test_the_documented_recipe_finds_an_altered_record(export: str) -> None:
    lines = export.splitlines()
    lines[3] = lines[3].replace('"outcome": "passed"', '"outcome": "failed"')
    done = by_the_recipe("\n".join(lines))
    assert (done.returncode, done.stderr.strip()) == (1, "record 4 was altered")
