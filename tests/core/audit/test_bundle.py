"""The auditor's bundle: which files are in it, and that each drill has its record as evidence."""

import hashlib
import json

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.core.audit.bundle import Bundle
from support.builders.audit_year import BEFORE, END, JANUARY, START, WEEK, Business, made, promising


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Two drills of the service in January, under one config."""
    path = tmp_path_factory.mktemp("bundle") / "ledger.db"
    with open_ledger(path) as ledger:
        shop = Business(ledger)
        shop.configure(BEFORE, promising())
        shop.run(START)
        shop.run(START + WEEK)
    return made(path, JANUARY, END)


def evidence(bundle: Bundle, record: int | None) -> dict:
    found: dict = json.loads(bundle.files[f"evidence/{record:06}.json"])
    return found


def test_every_file_is_in_the_sums_and_is_what_they_say(bundle: Bundle) -> None:
    lines = bundle.files["SHA256SUMS"].decode().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}

    assert sums.keys() == bundle.files.keys() - {"SHA256SUMS"}
    assert sums == {name: hashlib.sha256(bundle.files[name]).hexdigest() for name in sums}


def test_the_drill_the_run_and_the_config_of_each_row_are_evidence(bundle: Bundle) -> None:
    named = {n for row in bundle.rows for n in (row.drill_record, row.run_record, row.config_record) if n}
    files = {name for name in bundle.files if name.startswith("evidence/")}

    assert len(named) == 5  # two drills, two runs, one config
    assert files == {f"evidence/{number:06}.json" for number in named}


def test_a_record_names_the_rows_that_it_is_the_evidence_for(bundle: Bundle) -> None:
    first = next(row for row in bundle.rows if row.result == "passed")

    for record in (first.drill_record, first.run_record):
        rows = evidence(bundle, record)["population"]
        assert [(row["drill_record"], row["run_record"]) for row in rows] == [
            (first.drill_record, first.run_record)
        ]
    assert evidence(bundle, first.config_record)["population"] == []


def test_the_evidence_is_the_record_word_for_word(bundle: Bundle) -> None:
    first = next(row for row in bundle.rows if row.result == "passed")
    record = evidence(bundle, first.drill_record)["record"]

    assert (record["seq"], record["hash"]) == (first.drill_record, first.hash)


def test_the_table_for_programs_and_the_one_for_spreadsheets_have_the_same_rows(bundle: Bundle) -> None:
    told = json.loads(bundle.files["population.json"])
    lines = bundle.files["population.csv"].decode().split("\r\n")

    assert lines[0] == ",".join(told["columns"])
    assert len(lines) - 2 == len(told["rows"]) == len(bundle.rows)


def test_about_says_which_days_in_which_zone(bundle: Bundle) -> None:
    about = json.loads(bundle.files["about.json"])

    assert (about["schema"], about["zone"]) == ("readiness.audit/1", "Europe/Berlin")
    assert (about["from"], about["to"]) == ("2026-01-01", "2026-01-31")
    assert (about["begins"], about["ends"]) == ("2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z")
