"""What a small business is promised by every output, end to end, with real restic: the same, or nothing."""

from pathlib import Path

import pytest

from support.answers.claims import ALL_BACK
from support.builders.readiness_cli import PASSED, Shop, snapshotted


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A business of its own repository and state, with one good snapshot and a drill of it."""
    found = snapshotted(newest_restic, tmp_path_factory).copied(tmp_path)
    found.extra = "tier = 2"
    found.write_config()
    assert found.drill().says == PASSED
    return found


def words(shop: Shop, *arguments: str) -> str:
    done = shop._ran(["--config", str(shop.config), "--verbose", *arguments])
    return " ".join(done.stdout.decode().split())


def promised(shop: Shop) -> tuple[int, bool, bool, bool, bool]:
    """The exit status, and whether a time for all is named by: status, forecast, their JSON, the report."""
    status, forecast = shop.run("status"), shop.run("forecast")
    (row,) = status.answer["result"]["processes"]
    times = (row["back_at"], row["rto"]["actual_s"], status.answer["result"]["all_back_at"])
    times += (
        forecast.answer["result"]["all_back_at"],
        forecast.answer["result"]["processes"][0]["machine_s"],
    )
    assert status.status == forecast.status
    assert len({time is None for time in times}) == 1
    figures = "readiness_recovery_time_seconds{" in words(shop, "metrics")
    assert figures == (times[0] is not None)
    said = (bool(ALL_BACK.search(words(shop, command))) for command in ("status", "forecast", "report"))
    return (status.status, times[0] is not None, *said)


def test_each_output_promises_what_is_proven_and_nothing_once_it_is_in_doubt(shop: Shop) -> None:
    assert promised(shop) in ((0, *[True] * 4), (4, *[True] * 4))

    added = shop.base / "labels"
    added.mkdir()
    (added / "today.txt").write_text("three labels\n")
    shop.paths.append(added)
    shop.write_config()
    assert promised(shop) == (3, *[False] * 4)
    assert "the new paths (aim 2 h)" in words(shop, "status")
    assert "everything" not in words(shop, "status")

    shop.paths.remove(added)
    shop.write_config()
    shop.flip(max(shop.blobs(), key=lambda blob: blob.length))
    assert shop.drill().status == 1
    assert promised(shop) == (1, *[False] * 4)
