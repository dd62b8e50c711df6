"""Verifies an auditor's bundle of readiness: python3 verify.py [BUNDLE.zip | DIRECTORY]

Needs nothing but Python 3.8 or newer. Writes nothing, starts nothing, asks nobody. What the bundle says of
itself is computed anew from the ledger in it. Without an argument it verifies the directory it lies in.

Exit statuses: 0 nothing is wrong; 1 something is, and each fault is named; 2 there is nothing to verify.
"""

from __future__ import annotations

import argparse
import binascii
import csv
import gzip
import hashlib
import io
import json
import os
import struct
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

TOP = "audit/"  # every name in the archive begins with it
SUMS = "SHA256SUMS"
WHOLE = 1 - 1e-9  # the share of a full drill
NUMBERS = ("drill_record", "run_record", "config_record")


# ---- step 1: the archive is, byte for byte, what its files make -------------------------------


def archive(files: list[tuple[str, bytes]]) -> bytes:
    """The only archive of these files: nothing is compressed; dates, rights and flags never differ."""
    body, index = bytearray(), bytearray()
    for name, content in files:
        raw, size, crc = name.encode("ascii"), len(content), binascii.crc32(content)
        facts = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, crc, size, size, len(raw), 0)
        index += b"PK\1\2\x14\3" + facts + struct.pack("<3H2L", 0, 0, 0, 0o100600 << 16, len(body)) + raw
        body += b"PK\3\4" + facts + raw + content
    end = struct.pack("<4H2LH", 0, 0, len(files), len(files), len(index), len(body), 0)
    return bytes(body + index + b"PK\5\6" + end)


def unpacked(whole: bytes) -> list[tuple[str, bytes]]:
    """Name and content of each file in the archive, read one behind the other."""
    files, at = [], 0
    while whole[at : at + 4] == b"PK\3\4":
        size, length = struct.unpack_from("<LH", whole, at + 22)
        name = whole[at + 30 : at + 30 + length].decode("ascii")
        at += 30 + length + size
        files.append((name, whole[at - size : at]))
    return files


def in_directory(path: str) -> Iterator[tuple[str, bytes]]:
    for above, _, names in os.walk(path):
        for name in names:
            full = os.path.join(above, name)
            with open(full, "rb") as file:
                yield os.path.relpath(full, path).replace(os.sep, "/"), file.read()


# ---- step 2: each file is the one that SHA256SUMS names, none is missing, none was added -------


def wrong_files(files: dict[str, bytes]) -> Iterator[str]:
    sums = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files) if name != SUMS}
    written = files.get(SUMS, b"")
    if written == "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode():
        return
    listed = {line[66:]: line[:64] for line in written.decode("ascii", "replace").splitlines()}
    yield f"{SUMS} does not agree with the files"
    for name in sorted({*sums, *listed}):
        if sums.get(name) != listed.get(name):
            what = "was added" if name not in listed else "was changed" if name in sums else "is missing"
            yield f"{name} {what}, or its line in {SUMS}"


# ---- step 3: the ledger is an unbroken chain ---------------------------------------------------


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def read_ledger(packed: bytes, hashes: list[str], kept: list[Any]) -> Iterator[str]:
    """Collects every hash of the chain, and the records of drills, of their runs, and of the config."""
    with gzip.open(io.BytesIO(packed), "rt", encoding="ascii", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            record = json.loads(line)
            labels = [record[name] for name in ("at", "kind", "process", "repository")]
            content = canonical([hashes[-1], number, *labels, canonical(record["body"])])
            fault = ""
            if record["seq"] != number or record["previous"] != hashes[-1]:
                fault = "is missing, or does not follow the one before it"
            elif hashlib.sha256(content.encode()).hexdigest() != record["hash"]:
                fault = "was altered"
            elif json.dumps(record) + "\n" != line:
                fault = "is not written as readiness writes it"
            if fault:
                yield f"ledger: record {number} {fault}"
                return
            hashes.append(record["hash"])
            if record["kind"] in ("drill", "run-drill", "config"):
                kept.append(record)


# ---- step 4: the population is what the records of the ledger make -----------------------------


def when(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def plain(text: str) -> str:
    return json.dumps(text)[1:-1].replace("\x7f", "\\u007f")


def attempts(records: list[Any]) -> list[Any]:
    """(run of the service or None, its drills): a drill belongs to the run that is recorded behind it."""
    waiting: dict[str, list[Any]] = {}
    found: list[Any] = []
    for record in records:
        body = record["body"]
        if record["kind"] == "drill":
            waiting.setdefault(body["process"], []).append(record)
        elif record["kind"] == "run-drill":
            drills = waiting.pop(body["process"], [])
            mine = [one for one in drills if when(one["body"]["started"]) >= when(body["started"])]
            found += [(None, [one]) for one in drills if one not in mine] + [(record, mine)]
    return found + [(None, [one]) for drills in waiting.values() for one in drills]


def of_drill(record: Any, run: Any, configs: list[Any]) -> dict[str, Any]:
    """What the population has to say of a drill: the objectives are those that held when it ran."""
    body = record["body"]
    config = next((one for one in reversed(configs) if when(one["at"]) <= when(body["started"])), None)
    named: list[dict[str, Any]] = config["body"]["processes"] if config else []
    promise: dict[str, Any] = next((one for one in named if one["name"] == body["process"]), {})
    goal = body.get("objectives") or promise
    passed, age, taken = body["outcome"] == "passed", body["recovery_point_age"], None
    rto = rpo = "not shown" if goal else "unknown"
    if passed and body["share"] >= WHOLE and not body.get("sampled"):
        taken = body["seconds"]["total"] + goal.get("steps", 0)
        rto = ("met" if taken <= goal["rto"] else "missed") if goal else rto
    if goal and age is not None and body["selection"] in ("latest", "last-good"):
        rpo = "missed" if age > goal["rpo"] else "met" if passed else rpo
    words = ("process", "repository", "snapshot", "snapshot_at", "started", "rung")
    said = {name: plain(body.get(name) or "") for name in words}
    said.update(result=body["outcome"].replace("_", " "), hash=record["hash"], rto=rto, rpo=rpo)
    said.update(due=run["body"]["due"] if run else "", owner=plain(promise.get("owner", "")))
    told = {"rto_s": goal.get("rto"), "rpo_s": goal.get("rpo"), "recovery_s": taken, "point_s": age}
    promises = {"tier": promise.get("tier"), "mtd_s": promise.get("mtd")}
    numbers = (record["seq"], run and run["seq"], config and config["seq"])
    return {**said, **told, **promises, **dict(zip(NUMBERS, numbers))}


def population(records: list[Any], begins: datetime, ends: datetime) -> Iterator[dict[str, Any]]:
    """What has to be there, but for drills that no record tells of: those that nobody ever made."""
    configs = [record for record in records if record["kind"] == "config"]
    for run, drills in attempts(records):
        moments = [when(one["body"]["started"]) for one in drills]
        moments += [when(run["body"]["due"]), when(run["body"]["started"])] if run else []
        if not any(begins <= moment < ends for moment in moments):
            continue
        for drill in drills:
            yield of_drill(drill, run, configs)
        for result in ["not tested"] * (not drills) + ["fell out"] * run["body"]["missed"] if run else ():
            about = {"result": result, "process": plain(run["body"]["process"]), "hash": run["hash"]}
            yield {**about, **dict(zip(NUMBERS, (None, run["seq"], None)))}


def wrong_rows(rows: list[Any], expected: Iterator[dict[str, Any]]) -> Iterator[str]:
    left = [row for row in rows if row["result"] != "never run" or any(row[name] for name in NUMBERS)]
    for wanted in expected:
        found = next((row for row in left if all(row[name] == wanted[name] for name in wanted)), None)
        if found:
            left.remove(found)
        else:
            number = wanted["drill_record"] or wanted["run_record"]
            yield f"population: what record {number} says is missing, or is told otherwise"
    for row in left:
        yield f"population: no record says what it tells of record {row['drill_record'] or row['run_record']}"


def table(columns: list[str], rows: list[Any]) -> bytes:
    """The rows for spreadsheets; no cell can be taken for a formula."""
    out = io.StringIO(newline="")
    cells = [["" if row[name] is None else str(row[name]) for name in columns] for row in rows]
    safe = [["'" + cell if cell[:1] in tuple("=+-@'") else cell for cell in row] for row in cells]
    csv.writer(out).writerows([columns, *safe])
    return out.getvalue().encode("ascii")


# ---- step 5: each piece of evidence is the record itself, and none is missing ------------------


def wrong_evidence(files: dict[str, bytes], rows: list[Any], records: list[Any]) -> Iterator[str]:
    named = {row[name] for row in rows for name in NUMBERS} - {None}
    evidence = {
        f"evidence/{record['seq']:06}.json": {
            "record": record,
            "population": [row for row in rows if record["seq"] in (row["drill_record"], row["run_record"])],
        }
        for record in records
        if record["seq"] in named
    }
    for name in sorted({*evidence, *(name for name in files if name.startswith("evidence/"))}):
        if name not in files or json.loads(files[name].decode("ascii")) != evidence.get(name):
            yield f"{name}: it is missing, or is not what the ledger and the population say"


# ---- all steps ---------------------------------------------------------------------------------


def digits(text: str) -> str:
    return "".join(text.split()).lower()


def wrong_contents(files: dict[str, bytes], head: str) -> Iterator[str]:
    names = ("about.json", "population.json", "checklist.json")
    about, told, checklist = (json.loads(files[name].decode("ascii")) for name in names)
    hashes = ["0" * 64]  # what the first record names as the hash before it
    records: list[Any] = []
    faults = list(read_ledger(files["ledger.jsonl.gz"], hashes, records))
    if not faults and (len(hashes) - 1, hashes[-1]) != (about["records"], about["head"]):
        faults.append("ledger: it does not end with the record that about.json names")
    if head and not any(one.startswith(digits(head)) for one in hashes):
        faults.append(f"ledger: no record has the hash {digits(head)}, so it is not the one that printed it")
    if faults:
        yield from faults
        return
    rows, items = told["rows"], checklist["items"]
    yield from wrong_rows(rows, population(records, when(about["begins"]), when(about["ends"])))
    if table(told["columns"], rows) != files["population.csv"]:
        yield "population.csv: it does not say what population.json says"
    yield from wrong_evidence(files, rows, records)
    if any(not 0 < number < len(hashes) for item in items for number in item["records"]):
        yield "checklist.json: it names records that are not there"
    print("Period: {from} to {to} {zone} = {begins} to {ends}".format(**about))
    print("Ledger:", about["records"], "records, head", about["head"])
    print("Drills:", counted([row["result"] for row in rows]))
    print("Recovery time objective:", counted([row["rto"] for row in rows if row["drill_record"]]))
    print("Recovery point objective:", counted([row["rpo"] for row in rows if row["drill_record"]]))
    print("Checklist:", counted([item["state"] for item in items]))


def verify(path: str, head: str, sha256: str) -> list[str]:
    """Every fault; a later step is only taken when those before found nothing."""
    faults = []
    if os.path.isdir(path):
        files = dict(in_directory(path))
    else:
        with open(path, "rb") as file:
            whole = file.read()
        digest = hashlib.sha256(whole).hexdigest()
        print("SHA-256:", digest)
        if sha256 and digest != digits(sha256):
            faults.append("the archive is not the one with the SHA-256 that was asked for")
        found = dict(unpacked(whole))
        if archive(sorted(found.items())) != whole:
            faults.append("the archive was changed, or packed by another program")
        files = {name[len(TOP) :]: content for name, content in found.items()}
    faults += wrong_files(files)
    return faults or list(wrong_contents(files, head))


def counted(words: list[str]) -> str:
    return ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words))) or "none"


def main() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Verifies an auditor's bundle of readiness.")
    parser.add_argument("path", nargs="?", default=here, help="the archive, or where it was unpacked")
    parser.add_argument("--head", default="", help="a head that an old report or mail printed")
    parser.add_argument("--sha256", default="", help="the SHA-256 of the archive, as it was told to you")
    asked = parser.parse_args()
    if not os.path.exists(asked.path):
        parser.error(f"there is no {asked.path}")
    if asked.sha256 and os.path.isdir(asked.path):
        parser.error("--sha256 is that of the archive; verify the archive")
    if asked.head and (len(digits(asked.head)) < 8 or set(digits(asked.head)) - set("0123456789abcdef")):
        parser.error("--head takes 8 to 64 hexadecimal digits")
    try:
        faults = verify(asked.path, asked.head, asked.sha256)
    except Exception as error:  # whatever it is, it comes from something that readiness did not write
        faults = [f"it cannot be read as a bundle: {error!r}"]
    for fault in faults:
        print("WRONG:", ascii(fault)[1:-1])
    if not faults and not (asked.head or asked.sha256):
        print("Not compared with anything from outside: give --head or --sha256 from an old mail or report.")
    print("THIS IS NOT WHAT READINESS WROTE." if faults else "Nothing is wrong with this bundle.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
