"""The commands that bring each repository up to date, and drill from it."""

from msgspec.structs import replace

from agent.core.configuration.feeding import drilling, renewals
from support.builders.shop import config, process


def test_each_repository_is_renewed_as_it_is_fed() -> None:
    shop = config(repositories=("primary", "planb", "third"))
    first, second, third = shop.repositories
    shop = replace(shop, repositories=(first, second, replace(third, fed_by="snapshot")))
    assert renewals(process(), shop) == {
        "primary": "readiness snapshot orders",
        "planb": "readiness copy orders --to planb",
        "third": "readiness snapshot orders --to third",
    }


def test_only_a_drill_of_another_than_the_first_names_it() -> None:
    assert drilling("orders", "primary", "primary") == "readiness drill orders"
    assert drilling("orders", "planb", "primary") == "readiness drill orders --from planb"
