"""What was recorded of a repository stays its own under another name."""

from agent.core.configuration.config import Repository
from agent.core.configuration.whereabouts import address
from agent.core.evidence.renamed import names_today
from agent.core.model.records import RepositoryRecord


def repository(name: str, url: str = "/mnt/backup") -> Repository:
    return Repository(name=name, url=url, password_file="/etc/p")


def met(name: str, identity: str = "1", url: str = "") -> RepositoryRecord:
    return RepositoryRecord(
        repository=name, repository_id=identity, address=address(repository(name, url)) if url else ""
    )


def test_one_of_the_same_identity_is_the_same() -> None:
    assert names_today([repository("main")], [met("primary"), met("main")]) == {"primary": "main"}
    assert names_today([repository("main")], [met("primary"), met("main", "2")]) == {}


def test_before_anybody_met_it_by_its_new_name_the_address_tells() -> None:
    assert names_today([repository("main")], [met("primary", url="/mnt/backup")]) == {"primary": "main"}
    assert names_today([repository("main", "/mnt/other")], [met("primary", url="/mnt/backup")]) == {}
    assert names_today([repository("main")], [met("primary")]) == {}


def test_whoever_is_about_to_meet_it_takes_no_place_for_a_name() -> None:
    there = [met("primary", url="/mnt/backup")]
    assert names_today([repository("main")], there, by_address=False) == {}


def test_a_name_that_the_config_still_has_is_no_former_one() -> None:
    both = [repository("main"), repository("primary", "/mnt/other")]
    assert names_today(both, [met("primary"), met("main")]) == {}
