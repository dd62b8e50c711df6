"""Where the service has its figures and reports written, and how it tells time."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.drilling.scratch import MARKER
from agent.adapters.host.locks import exclusive
from agent.app.service import MachineClocks, Watchers, clean_up, output_file, serve
from agent.config import load
from agent.core.configuration.config import Config
from agent.core.schedule.duties import Task
from agent.errors import Busy
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import config, process
from support.waiting import until

LATE = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # half past midnight in Berlin


def kept_in(place: Path, metrics: str = "") -> Config:
    shop = config()
    return replace(shop, settings=replace(shop.settings, state=str(place / "state"), metrics=metrics))


def test_a_report_is_named_after_the_day_in_the_business_zone(tmp_path: Path) -> None:
    file = output_file(kept_in(tmp_path), Task("report"), LATE)
    assert file == f"{tmp_path}/state/reports/owner-2026-11-26.html"
    assert Path(file).parent.is_dir()


def test_figures_go_where_the_config_says_and_no_directory_is_made_for_somebody_else(tmp_path: Path) -> None:
    shop = kept_in(tmp_path, metrics=f"{tmp_path}/collector/readiness.prom")
    assert output_file(shop, Task("metrics"), LATE) == f"{tmp_path}/collector/readiness.prom"
    assert not (tmp_path / "collector").exists()


def test_what_writes_no_file_gets_no_name(tmp_path: Path) -> None:
    assert output_file(kept_in(tmp_path), Task("snapshot", "orders", "primary"), LATE) == ""
    assert list(tmp_path.iterdir()) == []


def test_the_time_since_the_machine_was_started_counts_its_sleep() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= MachineClocks().elapsed() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_there_is_one_service_for_a_state(tmp_path: Path) -> None:
    shop = load(str(recorded_shop(tmp_path)))
    with exclusive(tmp_path / "state", ["agent"]), pytest.raises(Busy, match="as the service"):
        serve(shop, verbose=False)


def test_the_files_of_every_process_are_watched(tmp_path: Path) -> None:
    shop = kept_in(tmp_path)
    mine = (process("orders", paths=(f"{tmp_path}/orders",)), process("mail", paths=(f"{tmp_path}/mail",)))
    watcher = Watchers().start(replace(shop, processes=mine))
    try:
        until(lambda: len(watcher.troubles()) == 2)
        assert [(found.process, found.code) for found in watcher.troubles()] == [
            ("orders", "source-missing"),
            ("mail", "source-missing"),
        ]
    finally:
        watcher.stop()


def test_clearing_up_takes_what_killed_runs_left_and_leaves_a_repository_in_use_alone(tmp_path: Path) -> None:
    shop = load(str(recorded_shop(tmp_path)))
    left = tmp_path / "scratch" / "drill-4711"
    left.mkdir(parents=True)
    (left / MARKER).touch()
    with exclusive(tmp_path / "state", ["repository.primary"]):
        clean_up(shop)
    assert not left.exists()
