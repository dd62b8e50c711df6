"""What the last look at each process found, for those who show it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.host.locks import exclusive
from agent.adapters.sources.exposure_file import ExposureFiles
from agent.app.exposure import exposed, exposures, noted_exposures
from agent.config import load
from agent.core.configuration.config import Config
from agent.core.snapshot.exposed import Exposure
from agent.errors import Busy
from support.builders.recorded_shop import recorded_shop

NOW = datetime.now(UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path, more='[process.mail]\npaths = ["/srv/mail"]\n')))


def look(process: str = "orders") -> Exposure:
    return Exposure(
        process=process,
        at=NOW - timedelta(minutes=5),
        since=NOW - timedelta(hours=3),
        rpo=7200,
        files=3,
        bytes=4096,
        oldest=NOW - timedelta(hours=1),
    )


def test_a_process_that_nobody_looked_at_is_left_out(shop: Config) -> None:
    ExposureFiles(shop.settings.state).write(look())
    assert noted_exposures(shop) == {"orders": look()}


def test_a_process_that_the_config_does_not_have_any_more_is_left_out(shop: Config) -> None:
    ExposureFiles(shop.settings.state).write(look("former"))
    assert noted_exposures(shop) == {}


def test_for_figures_the_oldest_change_goes_on_ageing_after_the_look(shop: Config) -> None:
    ExposureFiles(shop.settings.state).write(look())
    [figure] = exposed(shop)
    assert (figure.process, figure.files, figure.bytes, figure.at) == ("orders", 3, 4096, look().at)
    at_the_look = look().age(look().at)
    assert figure.oldest_s is not None
    assert figure.oldest_s >= 3600 > (at_the_look or 0)


def test_a_look_is_noted_and_handed_on(shop: Config, tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "a").write_text("an order")
    mine = replace(shop.processes[0], paths=(str(tmp_path / "srv"),))
    [found] = exposures(shop, [mine])
    assert (found.process, found.files, found.since) == ("orders", 1, None)
    assert noted_exposures(shop)["orders"] == found


def test_nobody_looks_while_a_snapshot_of_the_process_is_taken(shop: Config) -> None:
    with (
        exclusive(Path(shop.settings.state), ["process.orders"]),
        pytest.raises(Busy, match="process orders"),
    ):
        list(exposures(shop, [shop.processes[0]]))
