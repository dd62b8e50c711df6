"""What one operation saw of a repository, added to what was known to be wrong with it."""

from dataclasses import dataclass

import pytest

from agent.core.evidence.account import (
    CHANGED,
    DAMAGED,
    MISSING,
    SECRETS,
    UNREADABLE,
    VANISHED,
    Seen,
    account,
    account_of,
    bad_or_untested,
    is_wrong,
)
from agent.core.evidence.evidence import Evidence
from agent.core.model.sights import SightRecord
from support.builders.shop import NOW, ago, copy, drill, snapshot, wrong


@dataclass
class Repository:
    """The account of one, as it goes on."""

    known: SightRecord | None = None

    def sees(
        self,
        *codes: str,
        by: str = "drill",
        process: str = "orders",
        part: int = 0,
        parts: int = 0,
        met: bool = False,
    ):
        findings = [wrong(code, process) for code in codes]
        seen = Seen(
            repository="primary",
            by=by,
            at=NOW,
            process=process,
            met=met,
            findings=findings,
            part=part,
            parts=parts,
        )
        news = account(self.known, seen)
        self.known = news or self.known
        return news

    @property
    def codes(self) -> list[str]:
        return [trouble.code for trouble in self.known.troubles] if self.known else []


def test_nothing_is_written_of_a_repository_that_nothing_is_wrong_with() -> None:
    assert Repository().sees(met=True) is None


def test_the_same_trouble_is_written_once_and_its_first_time_stays() -> None:
    repository = Repository()
    first = repository.sees(MISSING)
    assert first.outcome == "failed"
    assert repository.sees(MISSING) is None
    assert repository.sees(MISSING, DAMAGED).troubles[0].since == first.troubles[0].since


@pytest.mark.parametrize("code", [MISSING, CHANGED])
def test_whoever_met_the_repository_shows_that_it_is_there(code: str) -> None:
    repository = Repository()
    repository.sees(code)
    assert repository.sees() is None, "an operation that never got there shows nothing"
    assert repository.sees(met=True).outcome == "passed"
    assert repository.codes == []


def test_what_else_is_wrong_shows_nothing_good() -> None:
    repository = Repository()
    repository.sees(MISSING)
    repository.sees(DAMAGED, met=True)
    assert sorted(repository.codes) == [DAMAGED, MISSING]


def test_snapshots_that_vanished_are_missed_until_something_passes_for_their_process() -> None:
    repository = Repository()
    repository.sees(VANISHED, process="orders")
    repository.sees(met=True, process="shop")
    assert repository.codes == [VANISHED]
    repository.sees(met=True, process="orders")
    assert repository.codes == []


def test_a_look_at_all_processes_finds_what_vanished_back() -> None:
    repository = Repository()
    repository.sees(VANISHED, process="orders")
    repository.sees(met=True, process="")
    assert repository.codes == []


def test_whoever_missed_snapshots_met_the_right_repository_with_the_right_password() -> None:
    for code in (MISSING, CHANGED, *SECRETS):
        repository = Repository()
        repository.sees(code)
        repository.sees(VANISHED)
        assert repository.codes == [VANISHED]
        repository.sees(code, VANISHED)
        assert sorted(repository.codes) == sorted([VANISHED, code])


def test_what_a_person_accepted_of_a_process_is_missed_no_more_and_nothing_else_is_mended() -> None:
    repository = Repository()
    repository.sees(VANISHED, CHANGED)
    repository.sees(VANISHED, process="mail")
    repository.sees(CHANGED)
    accepted = Seen(repository="primary", by="snapshot", at=NOW, process="orders", accepted=True)
    news = account(repository.known, accepted)
    assert {(each.code, each.process) for each in news.troubles} == {(CHANGED, ""), (VANISHED, "mail")}


def test_damage_stays_until_a_check_has_read_everything() -> None:
    repository = Repository()
    repository.sees(DAMAGED)
    repository.sees(met=True)
    repository.sees(met=True, part=1, parts=28)
    assert repository.codes == [DAMAGED]
    repository.sees(met=True, part=1, parts=1)
    assert repository.codes == []


def test_what_may_not_be_read_ends_by_whoever_reads_as_much() -> None:
    repository = Repository()
    repository.sees(UNREADABLE)
    for by, process in (("snapshot", "orders"), ("copy", "orders"), ("drill", "shop")):
        repository.sees(by=by, process=process, met=True)
    repository.sees(by="check", process="", met=True, part=1, parts=28)
    repository.sees("no-space", met=True)  # it did not come so far
    assert repository.codes == [UNREADABLE]
    repository.sees(met=True)
    assert repository.codes == []

    repository.sees(UNREADABLE, by="snapshot")
    repository.sees(met=True, process="shop")
    assert repository.codes == [], "a drill reads more than a snapshot"


def test_a_check_that_read_everything_could_read_it() -> None:
    repository = Repository()
    repository.sees(UNREADABLE)
    repository.sees(by="check", process="", met=True, part=1, parts=1)
    assert repository.codes == []


def test_a_later_sight_of_the_same_place_takes_the_place_of_the_former() -> None:
    repository = Repository()
    repository.sees(MISSING)
    repository.sees(CHANGED)
    assert repository.codes == [CHANGED]
    repository.sees(MISSING)
    assert repository.codes == [MISSING]
    repository.sees("password-missing")
    repository.sees("wrong-password")
    assert repository.codes == [MISSING, "wrong-password"], "it may be another one that is shut"


def test_what_may_not_be_read_is_neither_good_nor_bad() -> None:
    assert bad_or_untested([wrong(UNREADABLE)]) == "not_tested"
    assert bad_or_untested([wrong(UNREADABLE), wrong(VANISHED)]) == "failed"


def test_what_is_no_matter_of_the_repository_is_not_accounted() -> None:
    assert Repository().sees("file-damaged", "source-missing") is None


def test_it_is_known_what_is_wrong() -> None:
    repository = Repository()
    repository.sees(DAMAGED)
    assert is_wrong(repository.known, DAMAGED)
    assert not is_wrong(repository.known, MISSING)
    assert not is_wrong(None, MISSING)


def test_of_a_ledger_older_than_accounts_the_records_are_added_up() -> None:
    gone = drill(1, "failed", findings=(wrong(MISSING),))
    evidence = Evidence(copies=(copy(snapshot(2), gone),))
    assert [each.code for each in account_of(evidence, "primary", NOW).troubles] == [MISSING]

    back = Evidence(copies=(copy(snapshot(0.5), gone),))
    assert account_of(back, "primary", NOW).troubles == ()


def test_a_pass_from_the_future_takes_nothing_back() -> None:
    gone = drill(1, "failed", findings=(wrong(MISSING),))
    ahead = Evidence(copies=(copy(snapshot(-5), gone),))
    assert [each.code for each in account_of(ahead, "primary", NOW).troubles] == [MISSING]


def test_what_was_written_goes_before_what_can_be_added_up() -> None:
    gone = drill(1, "failed", findings=(wrong(MISSING),))
    sound = SightRecord(repository="primary", started=ago(2), outcome="passed", by="drill")
    assert account_of(Evidence(copies=(copy(gone),), sights=(sound,)), "primary", NOW) is sound
