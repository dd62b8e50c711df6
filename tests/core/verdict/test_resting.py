"""On which snapshots an answer rests."""

from msgspec.structs import replace

from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.records import RepositoryRecord
from agent.core.model.sights import SightRecord, Trouble
from agent.core.verdict.resting import rests_on
from support.builders.shop import NOW, ago, config, copy, drill, process, snapshot


def resting(*copies: Copy, **known) -> list[tuple[str, str]]:
    evidence = Evidence(copies=copies, **known)
    shop = config(process(), repositories=("primary", "plan-b"))
    return [(each.repository, each.snapshot) for each in rests_on(shop, evidence, NOW)]


def test_the_newest_of_each_repository_where_it_is_good() -> None:
    new, old = snapshot(1), snapshot(2)
    there = snapshot(3, repository="plan-b")
    copies = (copy(new, old), copy(there, repository="plan-b"))
    assert resting(*copies) == [("primary", new.snapshot), ("plan-b", there.snapshot)]
    assert resting(copy(old, new)) == [("primary", new.snapshot)], "plan B gets the newest first"


def test_nothing_is_said_of_older_ones_that_retention_may_have_removed() -> None:
    assert resting(copy(snapshot(1, "failed"), snapshot(2))) == []
    assert resting(copy(snapshot(1), snapshot(2), drill(0.5, "failed", snapshot=snapshot(1).snapshot))) == []


def test_what_a_person_accepted_since_may_be_gone() -> None:
    here, there = snapshot(1, accepted=True), snapshot(2, repository="plan-b")
    assert resting(copy(here), copy(there, repository="plan-b")) == [("primary", here.snapshot)]


def test_nothing_is_asked_where_it_is_known_to_be_gone_or_nobody_has_met_it() -> None:
    trouble = Trouble(code="repository-changed", message="Another.", since=ago(1))
    sight = SightRecord(
        repository="primary", started=ago(1), outcome="failed", by="check", troubles=(trouble,)
    )
    assert resting(copy(snapshot(1)), sights=(sight,)) == []
    met = RepositoryRecord(repository="primary", repository_id="1", address="another")
    assert resting(copy(snapshot(1)), repositories=(met,)) == []
    assert resting(copy(snapshot(1)), repositories=(replace(met, address=""),)) != []
