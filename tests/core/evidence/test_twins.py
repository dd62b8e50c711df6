"""Two names for one repository are one copy."""

from agent.core.configuration.config import Repository
from agent.core.evidence.evidence import Evidence
from agent.core.evidence.twins import twins_of, united
from agent.core.model.records import RepositoryRecord
from agent.core.model.sights import SightRecord, Trouble
from support.builders.shop import NOW, copy, drill, snapshot

BOTH = [Repository(name=name, url=f"/mnt/{name}", password_file="/etc/p") for name in ("primary", "planb")]
TWINS = {"planb": "primary"}


def met(name: str, identity: str) -> RepositoryRecord:
    return RepositoryRecord(repository=name, repository_id=identity)


def test_those_of_one_identity_are_twins_of_the_first() -> None:
    assert twins_of(BOTH, [met("planb", "1"), met("primary", "1")]) == TWINS
    assert twins_of(BOTH, [met("planb", "2"), met("primary", "1")]) == {}
    assert twins_of(BOTH, [met("planb", ""), met("primary", "")]) == {}


def test_their_records_are_those_of_one_newest_first() -> None:
    old, new = snapshot(3), snapshot(1)
    held = Evidence(copies=(copy(old, drill(2)), copy(new, drill(0.5), repository="planb")))
    [one] = united(held, TWINS).copies
    assert one.repository == "primary"
    assert [record.started for record in one.snapshots] == [new.started, old.started]
    assert {record.repository for record in one.records} == {"primary"}
    assert len(one.drills) == 2


def test_what_is_wrong_by_either_name_is_wrong_with_both() -> None:
    gone = Trouble(code="repository-missing", message="Nothing is there.", since=NOW)
    sights = (
        SightRecord(repository="primary", started=NOW, outcome="passed", by="drill"),
        SightRecord(repository="planb", started=NOW, outcome="failed", by="copy", troubles=(gone,)),
    )
    [account] = united(Evidence(sights=sights), TWINS).sights
    assert (account.repository, account.outcome, account.troubles) == ("primary", "failed", (gone,))


def test_without_twins_nothing_changes() -> None:
    held = Evidence(copies=(copy(snapshot()),))
    assert united(held, {}) is held
