"""Retention and prune through restic's own rest-server: append-only it refuses, otherwise it removes."""

import time
from pathlib import Path
from typing import Any

import pytest

from support.builders.plan_b import PlanB
from support.builders.readiness_cli import Shop, fill
from support.builders.retaining import note_drill
from support.servers.backends import RestServer, running_rest_server


@pytest.fixture
def shop(restic: Path, tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, restic)
    shop.extra = "keep = { last = 2, at_most = 100 }"
    shop.set_up()
    fill(shop.source, files=5, big=0)
    return shop


def filled(shop: Shop, server: RestServer) -> PlanB:
    """A plan B on the server with four snapshots, of which two may go."""
    how = {"environment": server.environment, "place": server.place()}
    plan_b = PlanB(shop, server.url(), 'fed_by = "snapshot"', **how).init()
    for _ in range(4):
        assert shop.run("snapshot", "--to", "planb").status == 0
    note_drill(shop, "planb")
    return plan_b


def run(shop: Shop, *arguments: str) -> tuple[str, int, list[str], dict[str, Any]]:
    result = shop.run(*arguments)
    ((row,),) = result.answer["result"].values()
    return row["outcome"], result.status, [found["code"] for found in row["findings"]], row


def test_an_append_only_server_refuses_and_is_understood(shop: Shop, rest_server: RestServer) -> None:
    plan_b = filled(shop, rest_server)
    began = time.monotonic()

    for _ in range(2):
        outcome, status, codes, row = run(shop, "retain", "--in", "planb")
        assert (outcome, status, codes) == ("passed", 0, ["retention-refused"]), row
        assert row["removed"] == []

    print(f"{shop.restic}: refused twice in {time.monotonic() - began:.1f} s")
    assert len(plan_b.snapshots()) == 4
    assert shop.run("snapshot", "--to", "planb").codes == []
    assert shop.run("drill", "--from", "planb").codes == []
    assert run(shop, "prune", "planb")[:3] == ("passed", 0, ["retention-refused"])
    assert run(shop, "check", "planb")[:3] == ("passed", 0, [])


def test_a_prune_that_is_the_first_to_be_refused_is_understood(shop: Shop, rest_server: RestServer) -> None:
    plan_b = filled(shop, rest_server)
    snapshots = rest_server.directory / "shop" / "snapshots"
    for row in plan_b.snapshots()[1:]:
        (snapshots / row["id"]).unlink()  # on the server itself
    assert shop.run("snapshot", "--to", "planb").codes == ["snapshots-vanished"]
    assert shop.run("snapshot", "--to", "planb", "--accept").status == 0

    outcome, _, codes, row = run(shop, "prune", "planb")

    assert (outcome, codes) == ("passed", ["retention-refused"]), row
    plan_b.restic("check")


def test_a_server_that_lets_us_removes(shop: Shop, tmp_path: Path, rest_server_program: Path) -> None:
    with running_rest_server(tmp_path / "open", rest_server_program, append_only=False) as server:
        plan_b = filled(shop, server)
        assert len(run(shop, "retain", "--in", "planb")[3]["removed"]) == 2
        assert run(shop, "prune", "planb")[:3] == ("passed", 0, [])
        assert run(shop, "check", "planb")[:3] == ("passed", 0, [])
        assert len(plan_b.snapshots()) == 2
        assert shop.run("drill", "--from", "planb").codes == []
