"""Repositories that the config calls by another name today: what was recorded of them stays theirs."""

from collections.abc import Iterable, Sequence

from agent.core.configuration.config import Repository
from agent.core.configuration.whereabouts import same_address
from agent.core.model.records import RepositoryRecord

UNMET = "unmet"  # the address of a repository that nobody has met by its new name yet


def names_today(
    repositories: Sequence[Repository], noted: Iterable[RepositoryRecord], *, by_address: bool = True
) -> dict[str, str]:
    """Of each name that the config has no more: how the same repository is called today.

    The same is what has the same identity; and, `by_address`, what lies where nobody has met anything by its
    new name yet. Whoever is about to meet it asks who it is: a new one in an old place has no past.
    `noted` is the newest of each name.
    """
    by_name = {record.repository: record for record in noted}
    names = {repository.name for repository in repositories}
    former = [record for record in by_name.values() if record.repository not in names]
    found: dict[str, str] = {}
    for record in former:
        for repository in repositories:
            known = by_name.get(repository.name)
            if _is_same(repository, known, record, by_address):
                found[record.repository] = repository.name
                break
    return found


def _is_same(
    repository: Repository, known: RepositoryRecord | None, record: RepositoryRecord, by_address: bool
) -> bool:
    if known:
        return bool(known.repository_id) and known.repository_id == record.repository_id
    return by_address and same_address(record.address, repository)
