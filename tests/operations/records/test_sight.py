"""What an operation saw of a repository is added to its account, and its new address noted."""

import pytest

from agent.core.evidence.account import CHANGED, MISSING, VANISHED, Seen
from agent.core.model.records import RepositoryRecord
from agent.core.model.sights import SightRecord
from agent.errors import ResticError
from agent.operations.records.sight import identified, known_account, note_acceptance, note_sight
from support.builders.shop import NOW, config, snapshot, wrong
from support.doubles.fakes import FakeLedger

NOTED = RepositoryRecord(repository="primary", repository_id="4a5b", address="here")


def seen(*codes: str, met: bool = False) -> Seen:
    findings = [wrong(code) for code in codes]
    return Seen(repository="primary", by="drill", at=NOW, process="orders", met=met, findings=findings)


def nobody() -> str:
    raise AssertionError("asked for nothing")


def test_a_good_look_at_a_good_repository_writes_and_asks_nothing() -> None:
    ledger = FakeLedger(NOTED)
    note_sight(ledger, seen(met=True), NOW, nobody, "here")
    assert ledger.newest(SightRecord) == []


def test_trouble_is_written_down() -> None:
    ledger = FakeLedger(NOTED)
    note_sight(ledger, seen(MISSING), NOW, nobody, "here")
    assert known_account(ledger, "primary").outcome == "failed"


def test_where_another_one_was_found_the_repository_is_asked_before_that_is_taken_back() -> None:
    ledger = FakeLedger(NOTED)
    note_sight(ledger, seen(CHANGED), NOW, nobody, "here")
    note_sight(ledger, seen(met=True), NOW, lambda: "other", "here")
    assert known_account(ledger, "primary").outcome == "failed"
    note_sight(ledger, seen(met=True), NOW, lambda: "4a5b", "here")
    assert known_account(ledger, "primary").outcome == "passed"


def test_a_new_address_is_noted_once_the_same_repository_was_met_there() -> None:
    ledger = FakeLedger(NOTED)
    note_sight(ledger, seen(met=True), NOW, lambda: "other", "there")
    assert ledger.newest(RepositoryRecord)[0].address == "here"
    assert known_account(ledger, "primary").troubles[0].code == CHANGED
    note_sight(ledger, seen(met=True), NOW, lambda: "4a5b", "there")
    assert ledger.newest(RepositoryRecord)[0].address == "there"


def test_one_that_does_not_answer_which_it_is_proves_nothing() -> None:
    def silent() -> str:
        raise ResticError("no answer", "", "timed-out")

    ledger = FakeLedger(NOTED)
    note_sight(ledger, seen(met=True), NOW, silent, "there")
    assert ledger.newest(RepositoryRecord)[0].address == "here"


def test_what_was_accepted_here_is_missed_in_no_other_repository() -> None:
    shop = config(repositories=("planb", "primary"))
    ledger = FakeLedger(NOTED)
    note_sight(ledger, seen(VANISHED), NOW, nobody, "here")
    for record in (snapshot(repository="planb"), snapshot(1, "failed", repository="planb", accepted=True)):
        note_acceptance(ledger, record, shop, NOW)
        assert known_account(ledger, "primary").outcome == "failed"
    note_acceptance(ledger, snapshot(repository="planb", accepted=True), shop, NOW)
    assert known_account(ledger, "primary").outcome == "passed"


def test_at_a_new_address_it_is_asked_who_it_is_before_anything_is_put_there() -> None:
    ledger = FakeLedger(NOTED)
    assert identified(ledger, "primary", "here", nobody, NOW) == ("4a5b", "")
    assert identified(ledger, "primary", "there", lambda: "4a5b", NOW) == ("4a5b", "4a5b")
    with pytest.raises(ResticError, match=r"Another repository \(other\) stands where primary") as raised:
        identified(ledger, "primary", "there", lambda: "other", NOW)
    assert raised.value.code == CHANGED


def test_who_it_is_is_noted_when_it_is_used_for_the_first_time() -> None:
    ledger = FakeLedger()
    assert identified(ledger, "primary", "here", lambda: "4a5b", NOW) == ("4a5b", "4a5b")
    assert ledger.newest(RepositoryRecord) == [NOTED]
