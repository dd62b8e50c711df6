"""What of the config was asked for, and that names it does not have are refused with those it has."""

import pytest
from msgspec.structs import replace

from agent.adapters.host import identity
from agent.app.config import chosen_processes, chosen_repository, with_scratch
from agent.errors import UsageError
from support.builders.shop import config, process

SHOP = config(process("orders"), process("mail"), repositories=("primary", "planb"))


def test_no_name_means_every_process() -> None:
    assert chosen_processes(SHOP, ()) == list(SHOP.processes)


def test_processes_come_in_the_order_they_were_asked_for_and_each_once() -> None:
    chosen = chosen_processes(SHOP, ("mail", "orders", "mail"))
    assert [one.name for one in chosen] == ["mail", "orders"]


def test_a_process_that_the_config_does_not_have_is_refused_and_those_it_has_are_named() -> None:
    with pytest.raises(UsageError) as refused:
        chosen_processes(SHOP, ("orders", "order"))
    assert refused.value.message == "There is no process order in /etc/readiness/readiness.toml."
    assert refused.value.hint == "It has orders, mail."


def test_no_name_means_the_first_repository() -> None:
    assert chosen_repository(SHOP, None) is SHOP.repositories[0]


def test_a_repository_is_chosen_by_its_name() -> None:
    assert chosen_repository(SHOP, "planb") is SHOP.repositories[1]


@pytest.mark.parametrize("name", ["plan-b", ""])
def test_a_repository_that_the_config_does_not_have_is_refused_and_those_it_has_are_named(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen_repository(SHOP, name)
    assert refused.value.message == f"There is no repository {name} in /etc/readiness/readiness.toml."
    assert refused.value.hint == "It has primary, planb."


@pytest.mark.parametrize(
    ("scratch", "service", "where"),
    [
        ("/var/lib/readiness/scratch", True, "/var/lib/readiness-drill/work/scratch"),
        ("/var/lib/readiness/scratch", False, "/var/lib/readiness/scratch"),
        ("/mnt/big", True, "/mnt/big"),
    ],
)
def test_drills_of_the_service_restore_to_a_place_of_their_own_unless_the_config_names_one(
    monkeypatch: pytest.MonkeyPatch, scratch: str, service: bool, where: str
) -> None:
    monkeypatch.setattr(identity, "of_the_service", lambda: service)
    settings = replace(SHOP.settings, state="/var/lib/readiness", scratch=scratch)
    assert with_scratch(replace(SHOP, settings=settings)).settings.scratch == where
