"""Which repositories copies go into, and why into no other."""

import pytest
from msgspec.structs import replace

from agent.app.copies import fed_by_copy
from agent.core.configuration.config import Config
from agent.errors import UsageError
from support.builders.shop import config


def shop(*repositories: str, fed_by_snapshot: str = "") -> Config:
    found = config(repositories=repositories)
    fed = [
        replace(one, fed_by="snapshot") if one.name == fed_by_snapshot else one for one in found.repositories
    ]
    return replace(found, repositories=tuple(fed))


def names(found: Config, wanted: str | None) -> list[str]:
    return [repository.name for repository in fed_by_copy(found, wanted)]


def refusal(found: Config, wanted: str | None) -> tuple[str, str]:
    with pytest.raises(UsageError) as refused:
        fed_by_copy(found, wanted)
    return refused.value.message, refused.value.hint


def test_copies_go_into_every_repository_but_the_first() -> None:
    assert names(shop("primary", "planb", "planc"), None) == ["planb", "planc"]


def test_a_repository_with_snapshots_of_its_own_gets_no_copies() -> None:
    assert names(shop("primary", "planb", "planc", fed_by_snapshot="planb"), None) == ["planc"]
    assert refusal(shop("primary", "planb", fed_by_snapshot="planb"), "planb") == (
        "Repository planb is fed by snapshots of its own, not by copies.",
        "Run: readiness snapshot --to planb",
    )


def test_nothing_is_copied_into_the_repository_that_copies_are_made_from() -> None:
    assert refusal(shop("primary", "planb"), "primary") == (
        "Repository primary is the first: copies are made from it, not into it.",
        "Take a snapshot into it: readiness snapshot --to primary",
    )


def test_one_may_be_asked_for_alone() -> None:
    assert names(shop("primary", "planb", "planc"), "planc") == ["planc"]


@pytest.mark.parametrize("repositories", [("primary",), ("primary", "planb")])
def test_without_a_plan_b_for_copies_it_says_what_to_add(repositories: tuple[str, ...]) -> None:
    assert refusal(shop(*repositories, fed_by_snapshot="planb"), None) == (
        "There is no plan B in /etc/readiness/readiness.toml that copies could go into.",
        "Add a second [repository.NAME] on another medium or site.",
    )
