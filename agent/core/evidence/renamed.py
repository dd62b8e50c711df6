"""Repositories that the config calls by another name today: what was recorded of them stays theirs."""

from collections.abc import Iterable, Sequence

from agent.core.configuration.config import Repository
from agent.core.configuration.location import address
from agent.core.model.records import RepositoryRecord


def names_today(repositories: Sequence[Repository], noted: Iterable[RepositoryRecord]) -> dict[str, str]:
    """Of each name that the config has no more: how the same repository is called today.

    The same is what has the same identity; a name under which nobody has met any yet, the same address.
    `noted` is the newest of each name.
    """
    by_name = {record.repository: record for record in noted}
    names = {repository.name for repository in repositories}
    former = [record for record in by_name.values() if record.repository not in names]
    found: dict[str, str] = {}
    for record in former:
        for repository in repositories:
            known = by_name.get(repository.name)
            if _is_met(known, record) if known else record.address == address(repository.url):
                found[record.repository] = repository.name
                break
    return found


def _is_met(known: RepositoryRecord, record: RepositoryRecord) -> bool:
    return bool(known.repository_id) and known.repository_id == record.repository_id
