"""The hash chain of the ledger: how a record becomes bytes, and what was done to a chain since.

A record's hash covers the hash of the record before it, so that nobody can alter, remove or move one
record without recomputing every later one, and heads printed in old reports give even that away.
The chain shows that old records were not altered; it cannot show that a new one told the truth.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agent.core.model.records import KINDS, Body, Entry
from agent.errors import LedgerDamaged, StateError

GENESIS = "0" * 64  # what the first record names as the hash before it

BODIES: dict[str, type] = {kind: body for body, kind in KINDS.items()}


class StoredRecord(Struct, frozen=True, kw_only=True):
    """One record as text, exactly as it is stored; nothing about it has been believed yet."""

    sequence: int  # 1, 2, 3 ...
    at: str  # RFC 3339
    kind: str
    process: str
    repository: str
    outcome: str  # only to find records by; not hashed, but always the same as in the body
    body: str  # canonical JSON
    previous: str  # hash of the record before, hex
    hash: str


class ChainFault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a chain, and the record it concerns (None: the ledger as a whole)."""

    sequence: int | None
    what: Literal["altered", "removed", "reordered", "unreadable", "unguarded", "head"]
    message: str


def canonical(value: Any) -> str:
    """JSON with one spelling for one value: keys sorted, no spaces, ASCII only (lone surrogates escaped)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def record_hash(
    previous_hash: str, sequence: int, at: str, kind: str, process: str, repository: str, canonical_body: str
) -> str:
    """SHA-256 (hex) of the canonical JSON list of these seven values; the body goes in as a string."""
    content = [previous_hash, sequence, at, kind, process, repository, canonical_body]
    return hashlib.sha256(canonical(content).encode("ascii")).hexdigest()


def content_hash(record: StoredRecord) -> str:
    """The hash that `record` ought to have, from what it says now."""
    return record_hash(
        record.previous,
        record.sequence,
        record.at,
        record.kind,
        record.process,
        record.repository,
        record.body,
    )


def seal(body: Body, at: datetime, sequence: int, previous: str) -> StoredRecord:
    """Turn one body into the record that follows the hash `previous`."""
    plain = msgspec.to_builtins(body)
    process, repository, outcome = labels(plain)
    unsealed = StoredRecord(
        sequence=sequence,
        at=at.astimezone(UTC).isoformat(),
        kind=KINDS[type(body)],
        process=process,
        repository=repository,
        outcome=outcome,
        body=canonical(plain),
        previous=previous,
        hash="",
    )
    return replace(unsealed, hash=content_hash(unsealed))


def labels(body: Any) -> tuple[str, str, str]:
    """Process, repository and outcome of a body as plain JSON; empty where it has none."""
    if not isinstance(body, dict):
        return "", "", ""
    return str(body.get("process", "")), str(body.get("repository", "")), str(body.get("outcome", ""))


def open_record(record: StoredRecord) -> Entry | None:
    """The record as a value; None for a kind that only a newer readiness knows.

    Keys that only a newer readiness knows are passed over. Raises LedgerDamaged when the content does not
    match its hash: a record that was altered must never reach a verdict.
    """
    if not _is_sound(record):
        raise LedgerDamaged(
            f"Record {record.sequence} of the ledger was altered: its content does not match its hash.",
            "Run readiness ledger verify to see every record that was changed.",
        )
    body_type = BODIES.get(record.kind)
    if body_type is None:
        return None
    try:
        body: Body = msgspec.convert(json.loads(record.body), body_type)
        at = datetime.fromisoformat(record.at)
    except (msgspec.ValidationError, ValueError) as error:
        raise StateError(
            f"Record {record.sequence} of the ledger cannot be understood: {error}.",
            "It was probably written by a newer readiness: use that version, or a later one.",
        ) from error
    return Entry(sequence=record.sequence, at=at, body=body, hash=record.hash)


def exported(record: StoredRecord) -> dict[str, Any]:
    """One record as the export shows it; a body that is no JSON any more stays text."""
    try:
        body = json.loads(record.body)
    except (ValueError, RecursionError):
        body = record.body
    return {
        "seq": record.sequence,
        "at": record.at,
        "kind": record.kind,
        "process": record.process,
        "repository": record.repository,
        "body": body,
        "previous": record.previous,
        "hash": record.hash,
    }


def chain_faults(records: Iterable[StoredRecord]) -> Iterator[ChainFault]:
    """Every fault of a whole chain, read oldest first; each names its own record, none cascades."""
    last, link, last_is_faulty = 0, GENESIS, False
    for record in records:
        in_place = record.sequence == last + 1
        if record.sequence > last + 1:
            yield ChainFault(
                sequence=last + 1, what="removed", message=missing(last + 1, record.sequence - 1)
            )
        # behind a gap nothing can be said about the link
        linked = record.sequence > last + 1 or (in_place and record.previous == link)
        fault = _own_fault(record, linked, link, last_is_faulty)
        if fault is not None:
            yield fault
        last, link, last_is_faulty = record.sequence, record.hash, fault is not None


def missing(first: int, last: int) -> str:
    """ "record 5 is missing", "records 5 to 7 are missing"."""
    return f"record {first:,} is missing" if first == last else f"records {first:,} to {last:,} are missing"


def _own_fault(record: StoredRecord, linked: bool, link: str, last_is_faulty: bool) -> ChainFault | None:
    number = record.sequence
    sound = _is_sound(record)
    if sound and (linked or last_is_faulty):
        return None  # a broken link behind a faulty record is that record's fault
    if sound:
        text = f"record {number:,} does not follow the record before it: one of the two was moved or replaced"
        return ChainFault(sequence=number, what="reordered", message=text)
    if linked or content_hash(replace(record, previous=link)) == record.hash:
        text = f"record {number:,} was altered: its content does not match its hash"
        return ChainFault(sequence=number, what="altered", message=text)
    text = f"record {number:,} is not the one that was written in its place: it was moved or replaced"
    return ChainFault(sequence=number, what="reordered", message=text)


def _is_sound(record: StoredRecord) -> bool:
    """The content matches the hash, and the columns that records are found by match the content."""
    if content_hash(record) != record.hash:
        return False
    try:
        found = labels(json.loads(record.body))
    except (ValueError, RecursionError):  # not JSON, though somebody went to the trouble of a matching hash
        return False
    return found == (record.process, record.repository, record.outcome)
