"""The restore of a drill: room first, then restic, whole or the part whose turn it is."""

from typing import Any

import pytest

from agent.core.model.drills import Compared, DrillRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import ResticError
from agent.operations.drill import restore as module
from agent.operations.drill.restore import Restorer
from agent.operations.drill.task import DrillTask
from support.builders.shop import GIB, ago, drill, process, snapshot
from support.doubles.fake_drill import CARRIED, PART, Tools, witness

OURS = "ab" * 32


def taken(hours: float = 1, **changes: Any) -> SnapshotRecord:
    fields = {"witness_sha256": OURS, "bytes": 3 * GIB, "allocated": 2 * GIB, "files": 1000}
    return snapshot(hours, **{**fields, **changes})


def restorer(tools: Tools, *records: SnapshotRecord, **task: Any) -> Restorer:
    fields: dict[str, Any] = {"process": process(vital=("/srv/orders/key",)), "repository": "primary"}
    return Restorer(DrillTask(host="shop", **{**fields, **task}), tools.tools, records)


def stored(record: SnapshotRecord) -> StoredSnapshot:
    return StoredSnapshot(id=record.snapshot, time=ago(1), host="shop", paths=("/srv/orders", CARRIED))


# ---- ahead of the listing -------------------------------------------------------------------


def test_what_will_most_likely_be_chosen_is_begun_before_anybody_listed_it() -> None:
    tools = Tools()
    failed, newest, older = taken(1, snapshot=""), taken(2), taken(3)
    begun = restorer(tools, failed, newest, older).begin_ahead()
    assert begun is not None
    assert (begun.snapshot, tools.repository.restored) == (newest.snapshot, [(newest.snapshot, ())])


@pytest.mark.parametrize("task", [{"share": 0.5}, {"select": "random"}, {"select": "0123abcd"}])
def test_nothing_is_begun_ahead_that_may_not_be_wanted(task: dict[str, Any]) -> None:
    tools = Tools()
    assert restorer(tools, taken(), **task).begin_ahead() is None
    assert restorer(tools).begin_ahead() is None
    assert tools.repository.restored == []


def test_what_is_not_wanted_is_ended_and_thrown_away() -> None:
    tools = Tools()
    found = restorer(tools, taken())
    begun = found.begin_ahead()
    assert begun is not None
    found.give_up(begun)
    assert tools.room.asked[-2:] == ["stop", "renew"]


# ---- room -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "needed"), [((0, 14, 0), 3 * GIB), ((0, 15, 0), 2 * GIB)])
def test_room_is_required_first_and_holes_count_only_where_they_stay_holes(
    version: tuple[int, int, int], needed: int
) -> None:
    tools = Tools()
    tools.repository.of_version = version
    restorer(tools, taken()).begin(stored(taken()))
    assert tools.room.asked[0] == ("require", needed, 1000)


def test_of_an_unknown_snapshot_restic_tells_the_size() -> None:
    tools = Tools()
    restorer(tools).begin(stored(taken()))
    assert tools.room.asked[0] == ("require", GIB, 10)


def test_files_are_read_early_only_when_the_witness_is_known() -> None:
    known, unknown = Tools(), Tools()
    restorer(known, taken()).begin(stored(taken()))
    restorer(unknown).begin(stored(taken()))
    assert ("read early", OURS) in known.room.asked
    assert ("read early", OURS) not in unknown.room.asked


# ---- a sample -------------------------------------------------------------------------------


def test_a_sample_is_the_next_part_with_all_that_is_carried_and_vital() -> None:
    tools = Tools()
    tools.room.own = witness(OURS)
    begun = restorer(tools, taken(), share=0.1).begin(stored(taken()))
    assert begun.part is PART
    [(_, patterns)] = tools.repository.restored
    assert patterns == (b"/srv/a", b"/srv/orders/key", CARRIED.encode())
    assert ("require", GIB // 5, 100) in tools.room.asked


def test_without_our_own_copy_the_witness_is_restored_first() -> None:
    tools = Tools()
    tools.room.found = witness(OURS)
    restorer(tools, share=0.1).begin(stored(taken()))
    assert tools.repository.restored[0] == (taken().snapshot, (CARRIED.encode(),))


def test_without_any_witness_no_sample_can_be_chosen() -> None:
    with pytest.raises(ResticError) as refused:
        restorer(Tools(), share=0.1).begin(stored(taken()))
    assert refused.value.code == "witness-missing"


NOTHING_COMPARED = drill(4, "not_tested", share=0.1, cursor="srv/c", compared=Compared(of_bytes=9))


@pytest.mark.parametrize(
    ("drills", "cursor"),
    [
        ([], ""),
        ([drill(5, share=0.1, cursor="srv/b")], "srv/b"),
        ([drill(5, share=0.1, cursor="srv/b"), drill(4)], "srv/b"),
        ([drill(5, share=0.1, cursor="srv/b"), drill(4, "not_tested", share=0.1, cursor="srv/c")], "srv/b"),
        ([drill(5, share=0.1, cursor="srv/b"), NOTHING_COMPARED], "srv/c"),
        ([drill(5, share=0.1, cursor="srv/b"), drill(4, "failed", share=0.1, cursor="srv/c")], "srv/c"),
    ],
    ids=[
        *("first", "next", "behind a full one", "behind one that was not made", "behind one of what moved"),
        "behind a failed one",
    ],
)
def test_a_sample_goes_on_behind_the_last_one_that_was_made(drills: list[DrillRecord], cursor: str) -> None:
    tools = Tools(*drills)
    tools.room.own = witness(OURS)
    restorer(tools, taken(), share=0.1).begin(stored(taken()))
    assert ("next sample", 0.1, cursor) in tools.room.asked


# ---- records and the end --------------------------------------------------------------------


def test_an_old_snapshot_is_found_behind_all_that_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    old, *recent = taken(9), taken(2), taken(1)
    found = restorer(Tools(old, *recent), *recent)
    assert found.record_of(old.snapshot) == old
    assert found.record_of("nobody knows it") is None


def test_at_the_end_reading_early_ends_and_the_time_is_told() -> None:
    tools = Tools()
    found = restorer(tools, taken())
    restored = found.finish(found.begin(stored(taken())))
    assert tools.room.asked[-1] == "end early"
    assert (restored.part, restored.seconds >= 0, tools.progress.titles) == (
        None,
        True,
        ["orders: restoring", ""],
    )
