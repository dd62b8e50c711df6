"""`readiness prune`, and a server that lets nobody remove anything."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.adapters.restic.upkeep import REFUSED
from agent.core.model.findings import Finding
from agent.core.model.records import AgentRecord, PruneRecord, WatchRecord
from support.builders.readiness_cli import Shop, fill
from support.builders.retaining import note_drill
from support.builders.shop import damage
from support.doubles.playing_restic import calls_of, playing
from support.servers.other_restics import exclusive_lock

# what restic says when a server answers a DELETE with 403, by version
SAID = "blob not removed, server response: 403 Forbidden (403)"
OLD = "Remove(<snapshot/{0}>) returned error, retrying after 552ms: " + SAID
NEW = "Remove(<snapshot/{0}>) failed: " + SAID
UNABLE = "unable to remove <snapshot/{0}> from the repository\n"


@pytest.fixture
def shop(tmp_path: Path, newest_restic: Path) -> Shop:
    return prepared(Shop(tmp_path, newest_restic))


def prepared(shop: Shop) -> Shop:
    """Four snapshots of which two may go; each holds a file of its own."""
    shop.extra = "keep = { last = 2, at_most = 100 }"
    shop.set_up()
    fill(shop.source, files=5, big=0)
    for number in range(4):
        (shop.source / "own").write_bytes(os.urandom(100_000) + bytes([number]))
        assert shop.snapshot().status == 0
    note_drill(shop)
    return shop


def run(shop: Shop, verb: str, **how: Any) -> tuple[str, int, list[str], dict[str, Any]]:
    result = shop.run(verb, **how)
    ((row,),) = result.answer["result"].values()
    return row["outcome"], result.status, [found["code"] for found in row["findings"]], row


def size(shop: Shop) -> int:
    return sum(file.stat().st_size for file in (shop.repository / "data").rglob("*") if file.is_file())


def note(shop: Shop, *bodies: Any) -> None:
    with open_ledger(shop.state / "ledger.db") as ledger:
        for body in bodies:
            ledger.append(body, datetime.now(UTC))


def test_the_space_of_removed_snapshots_is_freed_and_the_rest_is_whole(restic: Path, tmp_path: Path) -> None:
    shop = prepared(Shop(tmp_path, restic))
    before = size(shop)
    assert run(shop, "prune")[:3] == ("passed", 0, [])
    assert size(shop) == before
    assert len(run(shop, "retain")[3]["removed"]) == 2
    assert size(shop) == before

    assert run(shop, "prune")[:3] == ("passed", 0, [])

    assert size(shop) < before - 150_000
    shop.plain_restic("check", "--read-data")
    assert shop.drill().status == 0
    with open_reader(shop.state / "ledger.db") as ledger:
        assert [record.outcome for record in ledger.newest(PruneRecord, limit=9)] == ["passed", "passed"]


def test_nothing_is_freed_while_one_process_is_frozen(shop: Shop) -> None:
    run(shop, "retain")
    before = size(shop)
    changed = Finding(code="mass-change", severity="error", process="orders", message="Most files changed.")
    watched = WatchRecord(process="orders", started=datetime.now(UTC), outcome="failed", findings=(changed,))
    note(shop, watched, AgentRecord(event="clock-jumped", jump=-86400))

    outcome, status, codes, row = run(shop, "prune")

    assert (outcome, status, codes) == ("passed", 0, ["retention-frozen"])
    assert row["frozen"] == ["mass-change", "clock-jumped"]
    assert "Most files changed." in row["findings"][0]["message"]
    assert size(shop) == before


def test_nothing_is_freed_in_a_damaged_repository(shop: Shop) -> None:
    note(shop, damage())

    assert run(shop, "prune")[3]["frozen"] == ["repository-damaged"]


def test_what_somebody_else_removed_can_still_be_brought_back(shop: Shop) -> None:
    """Until somebody prunes: so we do not."""
    newest = json.loads(shop.plain_restic("snapshots", "--json"))[-1]["id"]
    shop.plain_restic("forget", newest)
    before = size(shop)

    assert run(shop, "prune")[:3] == ("failed", 1, ["snapshots-vanished"])
    assert size(shop) == before


def test_a_dead_restics_lock_is_removed_and_a_living_ones_is_not(shop: Shop) -> None:
    (shop.source / "big").write_bytes(os.urandom(4 << 20))
    shop.snapshot()
    for verb in ("retain", "prune"):
        exclusive_lock(shop)
        assert run(shop, verb)[:3] == ("passed", 0, [])
    shop.snapshot()
    lock = exclusive_lock(shop, host="elsewhere")
    for verb in ("retain", "prune"):
        assert run(shop, verb, locked=True)[:3] == ("not_tested", 3, ["repository-locked"])
    assert lock.exists()
    lock.unlink()
    assert len(run(shop, "retain")[3]["removed"]) == 1


# ---- a server that refuses


def refusing(shop: Shop, *steps: dict[str, Any]) -> None:
    """From now on restic plays what such a server makes it say."""
    shop.restic = playing(shop.base, {"forget": steps, "prune": steps}, shop.restic)
    shop.write_config()


@pytest.mark.parametrize(
    "steps",
    [
        # 0.14 tries again and again, and ends with 0 when it gives up
        [{"err": OLD.format("1234abcd") + "\n"}, {"sleep": 300}, {"err": UNABLE.format("1234abcd")}],
        [{"err": OLD.format("1234abcd") + "\n"}, {"err": UNABLE.format("1234abcd")}],
        [{"err": NEW.format("1234abcd") + "\n"}, {"exit": 3}],
    ],
    ids=["retrying", "exit-0", "exit-3"],
)
def test_a_server_that_refuses_is_understood_and_nothing_is_missed_later(
    shop: Shop, steps: list[dict[str, Any]]
) -> None:
    refusing(shop, *steps)

    outcome, status, codes, row = run(shop, "retain")

    assert (outcome, status, codes) == ("passed", 0, ["retention-refused"])
    assert (row["removed"], row["findings"][0]["severity"]) == ([], "warning")
    assert "403 Forbidden" in row["findings"][0]["message"]
    assert shop.snapshot().codes == []
    assert run(shop, "retain")[2] == ["retention-refused"]

    assert run(shop, "prune")[:3] == ("passed", 0, ["retention-refused"])
    called = [word for words in calls_of(shop.restic) for word in words]
    assert "forget" in called
    assert "prune" not in called, "what it repacks would only be written twice"


def test_a_prune_that_is_refused_is_understood(shop: Shop) -> None:
    refusing(shop, {"err": NEW.replace("snapshot", "data").format("12") + "\n"}, {"exit": 1})

    assert run(shop, "prune")[:3] == ("passed", 0, ["retention-refused"])


def test_a_removal_that_does_nothing_is_no_success(shop: Shop) -> None:
    """restic before 0.19 exits with 0 when a snapshot could not be removed."""
    refusing(shop, {"err": "unable to remove <snapshot/1234> from the repository\n"})

    assert run(shop, "retain")[:3] == ("not_tested", 3, ["restic-failed"])


@pytest.mark.parametrize(
    "harmless",
    [
        "Remove(<lock/1234abcd>) failed: 403 Forbidden",
        "Load(<data/1234>) failed: 403 Forbidden",
        "removed snapshot 4031",
    ],
)
def test_what_is_no_refusal_to_remove_is_not_taken_for_one(harmless: str) -> None:
    assert not REFUSED.search(harmless)
