"""The data in a snapshot is as old as the dump that a proof looks at."""

from agent.core.configuration.config import ArchiveProof, NewestFileProof
from agent.core.model.snapshots import DumpNote
from agent.core.snapshot.data_age import data_at, oldest_dump
from support.builders.shop import ago, process, snapshot

A29, A30 = DumpNote("/srv/orders/a-29.sql", 9, ago(26)), DumpNote("/srv/orders/a-30.sql", 9, ago(2))
B = DumpNote("/srv/orders/b.sql", 9, ago(240))
TAKEN = snapshot(1, dumps=(A30, A29, B))


def looking_at(path: str) -> object:
    proof = NewestFileProof(name="recent", path=path, max_age=9)
    return oldest_dump(process(proofs=(proof,)), TAKEN)


def test_of_a_directory_the_newest_dump_counts_and_of_a_pattern_the_newest_of_each_name() -> None:
    assert looking_at("/srv/orders/") == A30
    assert looking_at("/srv/orders/*.sql") == B
    assert looking_at("/srv/orders/a-*.sql") == A30
    assert looking_at("/srv/orders/b.sql") == B
    assert looking_at("/srv/order") is None


def test_what_no_proof_wants_to_be_recent_ages_nothing() -> None:
    idle = process(
        proofs=(ArchiveProof(name="whole", archive="/srv/orders/*.sql"),), vital=("/srv/orders/b.sql",)
    )
    assert oldest_dump(idle, TAKEN) is None
    assert data_at(idle, TAKEN) == TAKEN.snapshot_at


def test_a_dump_from_the_future_makes_no_snapshot_younger() -> None:
    proof = NewestFileProof(name="recent", path="/srv/orders", max_age=9)
    ahead = snapshot(1, dumps=(DumpNote("/srv/orders/a.sql", 9, ago(-30)),))
    assert data_at(process(proofs=(proof,)), ahead) == ahead.snapshot_at
