"""What of the config was asked for, and that names it does not have are refused with those it has."""

import pytest

from agent.app.config import chosen_processes, chosen_repository
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
