"""What was done to an auditor's bundle, and that the script in it finds it."""

import gzip
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.core.audit.archive import TOP, archive, with_sums
from agent.core.audit.records import period_of
from agent.core.model.chain import canonical
from support.builders.audit_year import (
    DAY,
    PAPER,
    SCRIPT,
    START,
    YEAR,
    Business,
    made,
    promising,
    verified,
    verifier,
    write_year,
)

Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], dict[str, bytes]]:
    path = tmp_path_factory.mktemp("year") / "ledger.db"
    return write_year(path), made(path).files


@pytest.fixture
def files(year: tuple[dict[str, int], dict[str, bytes]]) -> dict[str, bytes]:
    return dict(year[1])


@pytest.fixture
def told(year: tuple[dict[str, int], dict[str, bytes]]) -> dict[str, int]:
    return year[0]


def packed(files: dict[str, bytes], place: Path) -> Path:
    """The archive as somebody makes it who knows readiness well: all sums anew."""
    place.write_bytes(archive(with_sums({name: files[name] for name in files if name != "SHA256SUMS"})))
    return place


def unpacked(files: dict[str, bytes], place: Path) -> Path:
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def records_of(files: dict[str, bytes]) -> Records:
    return [json.loads(line) for line in gzip.decompress(files["ledger.jsonl.gz"]).splitlines()]


def with_records(files: dict[str, bytes], records: Records) -> dict[str, bytes]:
    """The same with another ledger, and with what else names its end."""
    lines = "".join(json.dumps(record) + "\n" for record in records)
    about = json.loads(files["about.json"])
    about |= {"records": len(records), "head": records[-1]["hash"]}
    return {
        **files,
        "ledger.jsonl.gz": gzip.compress(lines.encode()),
        "about.json": json.dumps(about).encode(),
    }


def rechained(records: Records) -> Records:
    """Somebody with time and root computes every hash anew."""
    previous, found = "0" * 64, []
    for number, record in enumerate(records, 1):
        labels = [record[name] for name in ("at", "kind", "process", "repository")]
        content = canonical([previous, number, *labels, canonical(record["body"])])
        digest = sha256(content.encode()).hexdigest()
        found.append({**record, "seq": number, "previous": previous, "hash": digest})
        previous = digest
    return found


def population_of(files: dict[str, bytes]) -> dict[str, Any]:
    return json.loads(files["population.json"])


def with_population(files: dict[str, bytes], change: Callable[[Records], Records]) -> dict[str, bytes]:
    """The same with other rows, in the table too."""
    told = population_of(files)
    rows = change(told["rows"])
    table = verifier["table"](told["columns"], rows)
    changed = json.dumps({**told, "rows": rows}).encode()
    return {**files, "population.json": changed, "population.csv": table}


# ---- nothing was done -----------------------------------------------------------------------


def test_nothing_is_wrong_with_a_bundle_that_nobody_touched(files: dict[str, bytes], tmp_path: Path) -> None:
    bundle = packed(files, tmp_path / "bundle.zip")
    head = records_of(files)[40]["hash"]

    assert verified(bundle) == []
    assert verified(bundle, head[:12]) == []
    assert verified(bundle, "", sha256(bundle.read_bytes()).hexdigest()) == []
    assert verified(unpacked(files, tmp_path / "audit"), head) == []


def test_the_same_bundle_has_the_same_bytes(tmp_path: Path) -> None:
    write_year(tmp_path / "ledger.db")

    assert archive(made(tmp_path / "ledger.db").files) == archive(made(tmp_path / "ledger.db").files)


def test_any_unzip_and_sha256sum_understand_it(files: dict[str, bytes], tmp_path: Path) -> None:
    bundle = packed(files, tmp_path / "bundle.zip")
    with zipfile.ZipFile(bundle) as opened:
        assert opened.testzip() is None
        assert sorted(opened.namelist()) == sorted(TOP + name for name in files)
        opened.extractall(tmp_path)
    check = ["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"]

    assert subprocess.run(check, cwd=tmp_path / TOP, check=False).returncode == 0


def interpreters() -> list[str]:
    """This Python and, where they are, older and newer ones."""
    others = Path.home().glob(".pyenv/versions/3.*/bin/python")
    return [sys.executable, *(str(one) for one in others if int(one.parts[-3].split(".")[1]) >= 8)]


@pytest.mark.parametrize("python", interpreters())
def test_the_script_runs_by_itself(python: str, files: dict[str, bytes], tmp_path: Path) -> None:
    place = unpacked(files, tmp_path / "audit")
    done = subprocess.run(
        [python, "-I", place / "verify.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing is wrong with this bundle.\n")
    assert sorted(path.name for path in place.iterdir()) == sorted({name.split("/")[0] for name in files})


def test_the_script_keeps_to_what_python_3_8_knows() -> None:
    compile(SCRIPT.read_text(), "verify.py", "exec", _feature_version=8)  # type: ignore[call-overload]


def test_the_script_says_what_is_wrong_and_exits_with_1(files: dict[str, bytes], tmp_path: Path) -> None:
    place = unpacked(files, tmp_path / "audit")
    (place / "scope.txt").write_text("Everything was tested.\n")
    done = subprocess.run([sys.executable, place / "verify.py"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "WRONG: scope.txt was changed" in done.stdout
    assert done.stdout.endswith("THIS IS NOT WHAT READINESS WROTE.\n")


# ---- bytes ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle of one drill, with as little text as the script allows."""
    path = tmp_path_factory.mktemp("little") / "ledger.db"
    with open_ledger(path) as ledger:
        shop = Business(ledger)
        shop.configure(START - DAY, promising())
        shop.run(START)
    period = period_of(date(2026, 1, 5), date(2026, 1, 5), "UTC")
    return archive(made(path, period, START + DAY, replace(PAPER, script=b"pass\n")).files)


def headers(whole: bytes) -> Iterator[int]:
    """The place of every byte that belongs to no file's content."""
    at = 0
    while whole[at : at + 4] == b"PK\3\4":
        size, length = int.from_bytes(whole[at + 22 : at + 26], "little"), whole[at + 26]
        yield from range(at, at + 30 + length)
        at += 30 + length + size
    yield from range(at, len(whole))


def changed(whole: bytes, at: int, by: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :]


def unseen(whole: bytes, places: Iterable[int], by: Callable[[], int], tmp_path: Path) -> list[int]:
    """Those of the bytes that can be changed without being found."""
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(whole)
    assert verified(bundle) == []
    found = []
    with bundle.open("r+b", buffering=0) as file:
        for at in places:
            os.pwrite(file.fileno(), bytes([whole[at] ^ by()]), at)
            if not verified(bundle):
                found.append(at)
            os.pwrite(file.fileno(), whole[at : at + 1], at)
    return found


def test_every_byte_that_is_changed_is_found(little: bytes, tmp_path: Path) -> None:
    chance = random.Random(1)

    assert unseen(little, range(len(little)), lambda: chance.randrange(1, 256), tmp_path) == []


@pytest.mark.parametrize("by", [1, 0x20, 0x80, 0xFF])
def test_every_byte_of_the_headers_is_found_in_several_ways(little: bytes, tmp_path: Path, by: int) -> None:
    assert unseen(little, headers(little), lambda: by, tmp_path) == []


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: whole + b"\0",
        lambda whole: b"\0" + whole,
        lambda whole: whole[:-1],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"",
        lambda whole: whole + whole,
        lambda whole: b"MZ" * 500 + whole,
    ],
)
def test_bytes_around_it_and_missing_ones_are_found(
    little: bytes, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    place = tmp_path / "bundle.zip"
    place.write_bytes(harm(little))

    assert verified(place) != []


def test_an_archive_that_another_program_packed_is_not_the_one_that_was_written(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_STORED) as other:
        for name in sorted(files):
            other.writestr(TOP + name, files[name])

    assert verified(tmp_path / "bundle.zip") == ["the archive was changed, or packed by another program"]


def test_a_file_that_stands_twice_in_the_archive_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    named = [(TOP + name, content) for name, content in sorted(files.items())]
    whole = verifier["archive"](sorted([*named, (TOP + "scope.txt", b"Everything was tested.\n")]))
    (tmp_path / "bundle.zip").write_bytes(whole)

    assert verified(tmp_path / "bundle.zip") != []


def test_every_byte_of_the_unpacked_files_is_found(little: bytes, tmp_path: Path) -> None:
    contents = {name[len(TOP) :]: content for name, content in verifier["unpacked"](little)}
    chance = random.Random(2)
    for name, content in contents.items():
        for at in {0, len(content) - 1, *(chance.randrange(len(content)) for _ in range(20))}:
            harmed = {**contents, name: changed(content, at, chance.randrange(1, 256))}
            assert list(verifier["wrong_files"](harmed)) != [], (name, at)


def test_files_that_are_missing_or_added_are_named(files: dict[str, bytes], tmp_path: Path) -> None:
    place = unpacked(files, tmp_path / "audit")
    (place / "scope.txt").unlink()
    (place / "signed-off.txt").write_text("All is well.\n")

    assert verified(place) == [
        "SHA256SUMS does not agree with the files",
        "scope.txt is missing, or its line in SHA256SUMS",
        "signed-off.txt was added, or its line in SHA256SUMS",
    ]


# ---- records, with all sums made anew -------------------------------------------------------


def altered(records: Records, at: int) -> Records:
    body = {**records[at]["body"], "outcome": "passed"}
    return [*records[:at], {**records[at], "body": body}, *records[at + 1 :]]


def removed(records: Records, at: int) -> Records:
    return records[:at] + records[at + 1 :]


def swapped(records: Records, at: int) -> Records:
    return [*records[:at], records[at + 1], records[at], *records[at + 2 :]]


def put_between(records: Records, at: int) -> Records:
    return [*records[:at], records[at], *records[at:]]


def appended(records: Records, at: int) -> Records:
    return [*records, {**records[at], "seq": len(records) + 1}]


def cut(records: Records, at: int) -> Records:
    return records[:at]


def emptied(records: Records, at: int) -> Records:
    return [*records[:at], {**records[at], "body": {}}, *records[at + 1 :]]


def told_to_follow_another(records: Records, at: int) -> Records:
    return [*records[:at], {**records[at], "previous": "0" * 64}, *records[at + 1 :]]


HARMS = [altered, removed, swapped, put_between, appended, emptied, told_to_follow_another]


@pytest.mark.parametrize("harm", HARMS)
def test_the_chain_shows_what_was_done_to_a_record(
    harm: Callable[[Records, int], Records], files: dict[str, bytes], told: dict[str, int], tmp_path: Path
) -> None:
    records = harm(records_of(files), told["failed"] - 1)
    faults = verified(packed(with_records(files, records), tmp_path / "bundle.zip"))

    assert len(faults) == 1
    assert faults[0].startswith("ledger: record ")


def test_a_ledger_that_was_cut_off_does_not_fit_the_population(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    shorter = cut(records_of(files), 30)

    assert verified(packed(with_records(files, shorter), tmp_path / "bundle.zip")) != []


def test_one_value_that_stands_twice_in_a_record_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    lines = gzip.decompress(files["ledger.jsonl.gz"]).decode().splitlines(keepends=True)
    lines[0] = lines[0].replace('{"seq": 1,', '{"seq": 2, "seq": 1,')
    harmed = {**files, "ledger.jsonl.gz": gzip.compress("".join(lines).encode())}

    assert verified(packed(harmed, tmp_path / "bundle.zip")) == [
        "ledger: record 1 is not written as readiness writes it"
    ]


@pytest.mark.parametrize("harm", [altered, removed])
def test_a_chain_that_was_computed_anew_is_shown_by_an_old_head(
    harm: Callable[[Records, int], Records], files: dict[str, bytes], told: dict[str, int], tmp_path: Path
) -> None:
    old = records_of(files)[told["failed"] + 4]["hash"]
    records = rechained(harm(records_of(files), told["failed"] - 1))
    bundle = packed(with_records(files, records), tmp_path / "bundle.zip")

    assert any(old[:12] in fault for fault in verified(bundle, old[:12]))


def test_a_bundle_made_anew_from_false_records_is_shown_by_head_and_sum_alone(
    tmp_path: Path,
) -> None:
    write_year(tmp_path / "ledger.db")
    told = packed(made(tmp_path / "ledger.db").files, tmp_path / "told.zip").read_bytes()
    with open_ledger(tmp_path / "false.db") as ledger:
        shop = Business(ledger)
        shop.configure(START - 5 * DAY, promising())
        for week in range(52):
            shop.run(START + timedelta(weeks=week))
    false = packed(made(tmp_path / "false.db").files, tmp_path / "false.zip")
    with open_ledger(tmp_path / "ledger.db") as ledger:
        head = ledger.head()[1]

    assert verified(false) == [], "as docs/auditor.md says: nothing inside of it can show that"
    assert verified(false, head) != []
    assert verified(false, "", sha256(told).hexdigest()) != []


# ---- the population -------------------------------------------------------------------------


def test_a_failed_drill_that_is_left_out_is_named(
    files: dict[str, bytes], told: dict[str, int], tmp_path: Path
) -> None:
    harmed = with_population(files, lambda rows: [r for r in rows if r["drill_record"] != told["failed"]])
    faults = verified(packed(harmed, tmp_path / "bundle.zip"))

    assert f"population: what record {told['failed']} says is missing, or is told otherwise" in faults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("result", "passed"),
        ("result", "never run"),
        ("rpo", "met"),
        ("rto_s", 999_999),
        ("started", "2026-03-17T02:02:00Z"),
        ("process", "mail"),
        ("snapshot", "0" * 64),
        ("config_record", None),
    ],
)
def test_a_drill_that_is_told_otherwise_is_named(
    files: dict[str, bytes], told: dict[str, int], tmp_path: Path, name: str, value: object
) -> None:
    def change(rows: Records) -> Records:
        return [{**row, name: value} if row["drill_record"] == told["failed"] else row for row in rows]

    faults = verified(packed(with_population(files, change), tmp_path / "bundle.zip"))

    assert f"population: what record {told['failed']} says is missing, or is told otherwise" in faults


def test_of_a_drill_only_words_that_no_record_holds_can_be_told_otherwise(
    files: dict[str, bytes], told: dict[str, int], tmp_path: Path
) -> None:
    number, unseen = told["too slow"] - 1, []  # its run is recorded behind it

    def retold(column: str) -> dict[str, bytes]:
        def change(rows: Records) -> Records:
            return [{**row, column: "1"} if row["drill_record"] == number else row for row in rows]

        harmed = with_population(files, change)
        rows = [row for row in population_of(harmed)["rows"] if row["run_record"] == number + 1]
        for name in (f"evidence/{number:06}.json", f"evidence/{number + 1:06}.json"):
            harmed[name] = json.dumps({**json.loads(files[name]), "population": rows}).encode()
        return harmed

    for column in population_of(files)["columns"]:
        if not verified(packed(retold(column), tmp_path / "bundle.zip")):
            unseen.append(column)
    assert unseen == ["how", "local", "part", "sentence"], "as docs/auditor.md says"


def test_a_checklist_that_was_rewritten_with_its_sums_is_shown_by_the_archives_sum_alone(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    true = packed(files, tmp_path / "bundle.zip").read_bytes()
    files["checklist.txt"] = files["checklist.txt"].replace(b"NOT MET", b"MET    ")
    false = packed(files, tmp_path / "bundle.zip")

    assert verified(false) == [], "as docs/auditor.md says"
    assert verified(false, "", sha256(true).hexdigest()) != []


def test_what_fell_out_cannot_be_left_out(files: dict[str, bytes], tmp_path: Path) -> None:
    def change(rows: Records) -> Records:
        first = next(row for row in rows if row["result"] == "fell out")
        return [row for row in rows if row is not first]

    assert len(verified(packed(with_population(files, change), tmp_path / "bundle.zip"))) > 0


def test_a_drill_that_no_record_tells_of_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    harmed = with_population(files, lambda rows: [*rows, {**rows[0], "started": "2026-01-06T00:00:00Z"}])

    assert any("no record says" in fault for fault in verified(packed(harmed, tmp_path / "bundle.zip")))


def test_a_table_that_says_something_else_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    harmed = {**files, "population.csv": files["population.csv"].replace(b"failed", b"passed")}

    assert verified(packed(harmed, tmp_path / "bundle.zip")) == [
        "population.csv: it does not say what population.json says"
    ]


def test_evidence_that_is_not_the_record_is_found(
    files: dict[str, bytes], told: dict[str, int], tmp_path: Path
) -> None:
    name = f"evidence/{told['failed']:06}.json"
    for harmed in (
        {**files, name: files[name].replace(b'"failed"', b'"passed"')},
        {key: files[key] for key in files if key != name},
        {**files, "evidence/000002.json": files[name]},
    ):
        assert len(verified(packed(harmed, tmp_path / "bundle.zip"))) == 1


def test_a_checklist_that_names_records_which_are_not_there_is_found(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    checklist = json.loads(files["checklist.json"])
    checklist["items"][0]["records"] = [100_000]
    harmed = {**files, "checklist.json": json.dumps(checklist).encode()}

    assert verified(packed(harmed, tmp_path / "bundle.zip")) == [
        "checklist.json: it names records that are not there"
    ]


def test_a_shorter_period_is_said_to_whoever_verifies(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verifier["verify"](str(packed(files, tmp_path / "bundle.zip")), "", "")

    assert f"Period: {YEAR.first} to {YEAR.last} Europe/Berlin" in capsys.readouterr().out
