"""restic for a repository of the config: the program, the cache and the deadline are the config's."""

from agent.app.repositories import restic_for
from support.builders.shop import config


def test_restic_works_on_the_repository_that_was_chosen_with_a_cache_in_the_state() -> None:
    shop = config(repositories=("primary", "planb"))
    restic = restic_for(shop, shop.repositories[1])
    assert restic.repository is shop.repositories[1]
    assert (restic.executable, restic.stall_timeout) == ("restic", 300)
    assert restic.environment()["RESTIC_CACHE_DIR"] == "/var/lib/readiness/cache"
