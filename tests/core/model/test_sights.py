"""The account of a repository as the ledger keeps it."""

from agent.core.model.sights import SightRecord
from support.builders.shop import NOW


def test_an_account_without_troubles_names_none() -> None:
    assert SightRecord(repository="primary", started=NOW, outcome="passed", by="drill").troubles == ()
