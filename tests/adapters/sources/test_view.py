"""The sandbox must hide no data: commands refuse to work on a view that is not the one from outside."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.builders.readiness_cli import Shop, fill
from support.places import ROOT


@pytest.fixture
def shop(tmp_path: Path, newest_restic: Path) -> Shop:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=20, big=0)
    assert shop.run("view", "--record", str(tmp_path / "view.json")).status == 0
    return shop


def _in_sandbox(shop: Shop, mounting: str, *arguments: str) -> tuple[int, dict[str, object]]:
    """`readiness` in mounts of its own."""
    command = [sys.executable, "-m", "agent", "--config", str(shop.config), "--json", *arguments]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{mounting} && exec "$@"', "sh", *command],
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "READINESS_VIEW": str(shop.base / "view.json")},
        capture_output=True,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["result"]


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("over", ["{shop.source}", "{shop.source.parent}", "{shop.source}/d1"])
def test_a_snapshot_is_refused_when_the_sandbox_hides_its_source(shop: Shop, over: str) -> None:
    hide = f"mount -t tmpfs none {over.format(shop=shop)}"

    status, result = _in_sandbox(shop, hide, "snapshot")

    row = result["snapshots"][0]  # type: ignore[index]
    assert (status, row["outcome"], [found["code"] for found in row["findings"]]) == (
        1,
        "failed",
        ["view-differs"],
    )
    assert "readiness.service" in row["findings"][0]["hint"]


@pytest.mark.usefixtures("as_root")
def test_the_exposure_is_not_told_from_what_the_sandbox_shows(shop: Shop) -> None:
    assert shop.snapshot().status == 0

    status, result = _in_sandbox(shop, f"mount -t tmpfs none {shop.source}", "exposure")

    assert (status, result["code"]) == (3, "view-differs")
    assert not list((shop.state / "exposure").glob("*.json")), "what the sandbox shows was noted"


@pytest.mark.usefixtures("as_root")
def test_a_snapshot_is_taken_when_the_sandbox_only_forbids_to_write(shop: Shop) -> None:
    source = shop.source
    read_only = f"mount --bind {source} {source} && mount -o remount,bind,ro {source}"

    assert _in_sandbox(shop, read_only, "snapshot")[0] == 0


@pytest.mark.usefixtures("as_root")
def test_view_says_what_is_hidden_and_by_what(shop: Shop) -> None:
    status, result = _in_sandbox(shop, f"mount -t tmpfs none {shop.source}", "view")

    assert status == 1
    assert "(tmpfs)" in result["findings"][0]["message"]  # type: ignore[index]


def test_by_hand_nothing_is_compared(shop: Shop) -> None:
    assert shop.run("view").answer["result"]["findings"] == []
