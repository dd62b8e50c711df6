"""What the service has to do for a config: one duty for each task, with its rhythm and what it holds."""

from pathlib import Path

import pytest

from agent.config import load
from agent.core.schedule.duties import Duty, Task, duties
from support.builders.config_texts import TWO_COPIES

SNAPSHOT = Task("snapshot", "orders", "primary")


@pytest.fixture
def two_copies(tmp_path: Path) -> tuple[Duty, ...]:
    (tmp_path / "c.toml").write_text(TWO_COPIES)
    return duties(load(str(tmp_path / "c.toml")))


def test_the_config_makes_these_duties(two_copies: tuple[Duty, ...]) -> None:
    assert sorted(str(one.task) for one in two_copies) == [
        "check cloud",
        "check planb",
        "check primary",
        "copy orders planb",
        "copy shop planb",
        "drill orders",
        "drill shop",
        "exposure orders",
        "exposure shop",
        "metrics",
        "notify",
        "prune cloud",
        "prune planb",
        "prune primary",
        "report",
        "retain orders cloud",
        "retain orders planb",
        "retain orders primary",
        "snapshot orders cloud",
        "snapshot orders primary",
        "snapshot shop cloud",
        "snapshot shop primary",
    ]


def test_a_snapshot_is_due_twice_within_the_recovery_point_objective(two_copies: tuple[Duty, ...]) -> None:
    orders = next(one for one in two_copies if one.task == SNAPSHOT)

    assert (orders.rhythm.every, orders.bound) == (7200, 7200)


def test_a_copy_holds_only_what_it_copies_into(two_copies: tuple[Duty, ...]) -> None:
    copy = next(one for one in two_copies if one.task.kind == "copy")

    assert {name for name in copy.holds if "." in name} == {"repository.planb", "drill.planb"}
