"""The data in a snapshot is as old as the dump that a proof looks at."""

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import ArchiveProof, CriticalProcess, NewestFileProof
from agent.core.kinds.kinds import Dump
from agent.core.model.snapshots import DumpNote, RootIdentity
from agent.core.snapshot.data_age import data_at, gone_findings, oldest_dump, with_past
from support.builders.live_files import scan
from support.builders.shop import ago, process, snapshot

A29, A30 = (
    DumpNote("/srv/orders/a-20261129.sql", 9, ago(26)),
    DumpNote("/srv/orders/a-20261130.sql", 9, ago(2)),
)
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


def watched(path: str) -> CriticalProcess:
    return process(proofs=(NewestFileProof(name="recent", path=path, max_age=9),))


DATED = "/srv/orders/db-*.sql"
HALF = DumpNote("/srv/orders/db-20261130.sql", 5, ago(0.1), newest_in="/srv/orders")
LAST = DumpNote("/srv/orders/db-20261129.sql", 9, ago(15), newest_in="")


@pytest.mark.parametrize("path", [DATED, "/srv/orders"])
def test_half_a_dump_makes_no_data_younger(path: str) -> None:
    """It was being written, or is cut: the generation before counts."""
    moving = snapshot(0, dumps=(HALF, LAST), moving=1, moving_paths=(HALF.path,))
    assert oldest_dump(watched(path), moving) == LAST
    assert oldest_dump(watched(path), snapshot(0, dumps=(replace(HALF, is_cut=True), LAST))) == LAST
    assert oldest_dump(watched(path), snapshot(0, dumps=(HALF, LAST))) == HALF
    assert oldest_dump(watched(path), replace(moving, replaced_paths=(HALF.path,))) == HALF, "it is whole"


@pytest.mark.parametrize("path", ["/srv/orders/*.sql", "/srv/orders", "/srv/orders/db.sql"])
def test_where_half_a_dump_is_all_there_is_an_earlier_snapshot_holds_the_last(path: str) -> None:
    before = DumpNote("/srv/orders/db.sql", 9, ago(15))
    half = DumpNote("/srv/orders/db.sql", 5, ago(0.1), newest_in="/srv/orders")
    moving = {"moving": 1, "moving_paths": (half.path,)}
    first = snapshot(14, dumps=(before,))
    second = snapshot(1, dumps_before=with_past((half,), {half.path}, [first])[1], **moving, dumps=(half,))
    noted, kept = with_past((half,), {half.path}, [first, second])
    assert kept == (before,)
    taken = snapshot(0, dumps=noted, dumps_before=kept, **moving)
    assert oldest_dump(watched(path), taken) == before
    assert with_past((half,), (), [first])[1] == ()
    none_before = snapshot(0, dumps=(half,), **moving)
    assert oldest_dump(watched(path), none_before) == half


def test_of_a_directory_an_old_dump_that_nobody_renews_is_not_lived_by() -> None:
    """Only what the proof sees: the newest of all, or what is written again and again."""
    old = DumpNote("/srv/orders/old/import-2019.sql", 9, ago(9999), newest_in="/srv/orders/old")
    taken = snapshot(0, dumps=(old,))
    assert oldest_dump(watched("/srv/orders"), taken) is None
    assert oldest_dump(watched("/srv/orders/old"), taken) == old
    assert oldest_dump(watched("/srv/orders/old/import-2019.sql"), taken) == old
    assert oldest_dump(watched("/srv/orders/**/*.sql"), taken) == old
    renewed = snapshot(0, dumps=(replace(old, renewed=True),))
    assert oldest_dump(watched("/srv/orders"), renewed) == replace(old, renewed=True)
    half = snapshot(0, dumps=(HALF, LAST, old), moving=1, moving_paths=(HALF.path,))
    assert oldest_dump(watched("/srv/orders"), half) == LAST


def test_a_dump_is_renewed_when_it_or_a_generation_had_another_time() -> None:
    old = DumpNote("/srv/orders/import-2019.sql", 9, ago(9999))
    [first] = with_past((old,), (), [])[0]
    earlier = [snapshot(2, dumps=(old, LAST)), snapshot(1, dumps=(old, LAST))]
    noted = with_past((old, LAST, HALF), (), earlier)[0]
    assert {dump.path: dump.renewed for dump in (first, *noted)} == {
        old.path: False,
        LAST.path: True,
        HALF.path: True,
    }


JOB = DumpNote("/srv/orders/crm-20261129.sql", 9, ago(26), of_a_job=True)
ROOT = RootIdentity("/srv/orders", 1, 2, 3)


def gone(note: DumpNote, *left: str, path: str = "/srv/orders/*.sql*", exclude: tuple[str, ...] = ()) -> bool:
    dumps = tuple(Dump(f"srv/orders/{name}".encode(), 9, 1) for name in left)
    asked = replace(watched(path), exclude=exclude)
    return bool(gone_findings(asked, scan(dumps=dumps, roots=(ROOT,)), snapshot(dumps=(note,))))


def test_a_dump_of_a_job_is_gone_when_no_generation_is_left_in_whatever_packing() -> None:
    assert gone(JOB) and gone(JOB, "shop-20261129.sql", "crm2-20261130.sql")
    assert not gone(JOB, "crm-20261101.sql") and not gone(JOB, "crm-20261130.sql.gz")
    plain = replace(JOB, path="/srv/orders/crm.sql")
    assert gone(plain) and not gone(plain, "crm.sql.new") and not gone(plain, "crm.sql.1.gz")
    assert not gone(replace(JOB, of_a_job=False))
    customer = replace(JOB, path="/srv/orders/customer1.sql")
    assert gone(customer, "customer2.sql") and not gone(customer, "customer1.sql.gz")


def test_of_a_rotation_by_numbers_any_is_enough() -> None:
    turns = tuple(replace(JOB, path=f"/srv/orders/{day}.sql", at=ago(24 * day)) for day in (1, 2, 3))
    left = scan(dumps=(Dump(b"srv/orders/4.sql", 9, 1),), roots=(ROOT,))
    assert gone_findings(watched("/srv/orders/*.sql"), left, snapshot(dumps=turns)) == []
    assert len(gone_findings(watched("/srv/orders/*.sql"), left, snapshot(dumps=turns[:2]))) == 2


def test_only_what_a_proof_by_pattern_looks_at_and_the_paths_still_hold_can_be_gone() -> None:
    whole = ArchiveProof(name="whole", archive="/srv/orders/*.sql")
    there = scan(roots=(ROOT,))
    good = snapshot(dumps=(JOB,))
    assert [each.code for each in gone_findings(process(proofs=(whole,)), there, good)] == ["dump-gone"]
    assert gone_findings(process(), there, good) == []
    assert gone_findings(process(proofs=(whole,)), scan(roots=()), good) == []
    assert gone_findings(process(proofs=(whole,)), there, None) == []
    assert not gone(JOB, path="/srv/orders")
    assert not gone(JOB, exclude=("*.sql",))


def test_a_job_writes_whole_dumps_at_times_that_lie_apart_and_is_remembered() -> None:
    def of_a_job(note: DumpNote, *earlier: DumpNote) -> bool:
        [found] = with_past((note,), (), [snapshot(dumps=(each,)) for each in earlier])[0]
        return found.of_a_job

    now, before = DumpNote("/srv/orders/crm.sql", 9, ago(1)), DumpNote("/srv/orders/crm.sql", 9, ago(25))
    assert of_a_job(now, before)
    assert not of_a_job(now) and not of_a_job(now, now)
    assert not of_a_job(now, replace(before, at=ago(1.1))), "made by hand, and once more"
    assert not of_a_job(now, replace(before, is_cut=True)), "it was being written"
    assert of_a_job(now, replace(now, of_a_job=True))
