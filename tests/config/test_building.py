"""What a config file is built into: what is filled in, and what is missing or contradicts itself."""

import os
from pathlib import Path

import pytest

from support.builders.config_texts import ORDERS, REPOSITORY, config_of, the_problem


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


def test_the_defaults_suit_a_process_that_only_names_its_paths(config_file: Path) -> None:
    (process,) = config_of(config_file, REPOSITORY + ORDERS).processes
    assert (process.tier, process.rto, process.rpo, process.mtd) == (2, 86400, 86400, 259200)
    assert (process.max_proof_age, process.promise, process.proofs) == (14 * 86400, "", ())


def test_the_tolerable_downtime_is_never_shorter_than_the_recovery_objective_by_default(
    config_file: Path,
) -> None:
    assert config_of(config_file, REPOSITORY + ORDERS + 'rto = "1w"').processes[0].mtd == 7 * 86400


def test_the_machine_fills_in_host_and_time_zone(config_file: Path) -> None:
    config = config_of(config_file, REPOSITORY + ORDERS)
    assert config.settings.host == os.uname().nodename
    assert config.business.time_zone


def test_scratch_lies_in_state_unless_told(config_file: Path) -> None:
    settings = config_of(config_file, '[agent]\nstate = "/x/state/"\n' + REPOSITORY + ORDERS).settings
    assert (settings.state, settings.scratch) == ("/x/state", "/x/state/scratch")


def test_holidays_may_be_dates_or_text_and_come_sorted(config_file: Path) -> None:
    business = config_of(
        config_file, '[business]\nholidays = ["2027-01-01", 2026-12-25]\n' + REPOSITORY + ORDERS
    ).business
    assert [day.isoformat() for day in business.holidays] == ["2026-12-25", "2027-01-01"]


def test_the_first_repository_of_the_file_is_the_primary(config_file: Path) -> None:
    text = '[repository.zulu]\nurl = "/z"\npassword_file = "/p"\n' + REPOSITORY + ORDERS
    assert [repository.name for repository in config_of(config_file, text).repositories] == [
        "zulu",
        "primary",
    ]


TABLES: list[tuple[str, str, str]] = [
    (REPOSITORY, "", "there is no process in it"),
    (ORDERS, "", "there is no repository in it"),
    (REPOSITORY + ORDERS.replace("orders]", "Orders]"), "process.Orders", "cannot be a name"),
    (REPOSITORY + ORDERS.replace("orders]", '""]'), 'process.""', "cannot be a name"),
    (REPOSITORY + ORDERS.replace("orders]", '"a/b"]'), 'process."a/b"', "cannot be a name"),
    (REPOSITORY + ORDERS + "[proces.x]", "proces", "not a table that is known"),
    (REPOSITORY + '[process]\npaths = ["/srv"]', "process.paths", "must be a table"),
    (REPOSITORY + "[[process]]", "process", "must be a table"),
    ("process = 1\n" + REPOSITORY, "process", "must be a table"),
]


@pytest.mark.parametrize(("text", "key", "message"), TABLES, ids=[row[2] + row[1] for row in TABLES])
def test_a_table_that_is_missing_or_none_is_one_problem(
    config_file: Path, text: str, key: str, message: str
) -> None:
    problem = the_problem(config_file, text)
    assert problem.key == key
    assert message in problem.message
    assert problem.hint
