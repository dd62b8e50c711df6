"""Which repositories are kept up, and that each run holds what it works on."""

import shutil
from pathlib import Path

import pytest

from agent.adapters.host.locks import exclusive
from agent.adapters.rendering.progress import Silent
from agent.app.upkeep import checks, chosen_repositories, prunings, retentions
from agent.config import load
from agent.core.configuration.config import Config
from agent.errors import Busy, UsageError
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import config

SHOP = config(repositories=("primary", "planb"))


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    """Its repository is not there."""
    config = load(str(recorded_shop(tmp_path)))
    shutil.rmtree(tmp_path / "repository")
    return config


def test_no_name_means_every_repository() -> None:
    assert chosen_repositories(SHOP, ()) == list(SHOP.repositories)


def test_repositories_come_in_the_order_they_were_asked_for_and_each_once() -> None:
    assert [one.name for one in chosen_repositories(SHOP, ["planb", "primary", "planb"])] == [
        "planb",
        "primary",
    ]


def test_a_repository_that_the_config_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="There is no repository planc"):
        chosen_repositories(SHOP, ["primary", "planc"])


@pytest.mark.parametrize("work", ["retain", "check", "prune"])
@pytest.mark.parametrize("by", ["repository.primary", "drill.primary"])
def test_a_repository_is_kept_up_by_one_alone_and_not_while_a_drill_reads_it(
    shop: Config, work: str, by: str
) -> None:
    runs = {
        "retain": lambda: retentions(shop, shop.processes, shop.repositories),
        "check": lambda: checks(shop, shop.repositories, Silent()),
        "prune": lambda: prunings(shop, shop.repositories),
    }[work]
    with exclusive(Path(shop.settings.state), [by]), pytest.raises(Busy, match="repository primary"):
        next(runs())


def test_only_a_retention_minds_that_a_snapshot_of_the_process_is_taken(shop: Config) -> None:
    with exclusive(Path(shop.settings.state), ["process.orders"]):
        with pytest.raises(Busy, match="process orders"):
            next(retentions(shop, shop.processes, shop.repositories))
        [record] = prunings(shop, shop.repositories)
    assert [found.code for found in record.findings] == ["repository-missing"]


def test_a_check_without_a_repository_is_recorded_and_says_which_part_it_was_to_read(shop: Config) -> None:
    [record] = checks(shop, shop.repositories, Silent())
    assert [found.code for found in record.findings] == ["repository-missing"]
    assert record.parts == shop.repositories[0].check_parts
