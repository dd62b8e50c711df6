"""Alarms say no more than what is known: what mended it, whether a drill matters, and what still holds."""

import re

import pytest

from agent.adapters.mail.letter import letter_text
from agent.core.letters.alarm import alarm_letter
from agent.core.letters.letter import Letter
from agent.core.letters.plain_words import WORDS
from agent.core.model.records import Verdict
from agent.core.telling.incidents import NO_MATTER_OF_DRILLS, Incident
from agent.core.verdict.judgement import Assessment
from support.builders.letters import FOUR, broken, incident, last_week, news, ready, shop, weekly
from support.builders.shop import ago, assessed, copy, drill, process, snapshot


def whole(letter: Letter) -> str:
    return f"{letter.subject} {' '.join(letter_text(letter).split())}"


def note(code: str, **changes) -> Incident:
    usual = {"key": f"{code}||", "processes": (), "repository": "", "verdict": Verdict.READY, "severity": 2}
    return incident(code=code, hint="Look; then: readiness mail test", **(usual | changes))


def helped() -> Assessment:
    """The last drill of one copy failed, another copy is proven."""
    failed = copy(snapshot(1, paths=()), drill(9, "failed"), drill(60), name="orders")
    other = copy(snapshot(1, paths=()), drill(30), name="orders", repository="planb")
    return assessed(failed, other, shop=shop(FOUR[0]))


@pytest.mark.parametrize("code", NO_MATTER_OF_DRILLS)
def test_what_is_no_matter_of_drills_is_neither_proven_by_one_nor_waits_for_one(code: str) -> None:
    fixed = alarm_letter(ready(), news("fixed", "admin", note(code, gone=ago(3), closed=ago(2))))
    assert fixed.state == "FIXED"
    assert "since 10:00 (it lasted 6 h, F-1207)" in fixed.subject
    for claim in ("proven", "PROVEN", "drill"):
        assert claim not in whole(fixed).replace("IT WAS: The drill from primary", "")
    for role in ("admin", "owner"):
        open_one = whole(
            alarm_letter(ready(), news("opened" if role == "admin" else "escalated", role, note(code)))
        )
        assert "A mail that says FIXED ends this thread, once it is over." in open_one
        assert "only a drill" not in open_one


def test_what_was_mended_on_plan_b_is_proven_by_a_drill_of_plan_b() -> None:
    found = shop(FOUR[0])
    elsewhere = copy(snapshot(1, paths=()), drill(2), name="orders")
    there = copy(snapshot(1, paths=()), drill(4, repository="planb"), name="orders", repository="planb")
    mended = incident(repository="planb", opened=ago(30), gone=ago(4), closed=ago(1))
    text = whole(alarm_letter(assessed(elsewhere, there, shop=found), news("fixed", "admin", mended)))
    assert "PROVEN BY: a full drill of orders from planb, Wednesday at 09:00" in text
    assert "from primary, Wed" not in text


def test_a_process_that_nobody_looks_after_any_more_is_not_called_fixed() -> None:
    dropped = incident(processes=("letters",), gone=ago(3), closed=ago(2))
    for role in ("admin", "deputy", "owner"):
        letter = alarm_letter(ready(), news("fixed", role, dropped))
        assert letter.subject.startswith("CLOSED - letters is not looked after any more (")
        assert (letter.state, letter.tone) == ("CLOSED", "plain")
        assert "proven" not in whole(letter).lower()


def test_a_copy_that_nobody_looks_after_any_more_is_not_called_fixed() -> None:
    dropped = incident(repository="tape", gone=ago(3), closed=ago(2))
    for role in ("admin", "deputy", "owner"):
        letter = alarm_letter(ready(), news("fixed", role, dropped))
        assert letter.subject.startswith("CLOSED - the copy tape is not looked after any more (")
        assert "proven" not in whole(letter).lower()


@pytest.mark.parametrize("event", ["opened", "worse", "reminder", "escalated", "flapping"])
def test_since_never_stands_behind_the_copy_that_can_be_restored(event: str) -> None:
    for role in ("admin", "owner"):
        text = whole(alarm_letter(helped(), news(event, role)))
        assert "another can" in text
        assert "another can since" not in text


def test_one_copy_that_fails_breaks_no_promise_while_another_is_proven() -> None:
    text = whole(weekly(helped(), incidents=(incident(),)))
    assert "promises would be broken" not in text
    assert (
        "one copy of orders (copy primary) cannot be restored, another can (since Wednesday 04:00, F-1207)"
        in text
    )
    assert "promises" not in whole(alarm_letter(helped(), news("escalated", "owner")))
    assert "promises would be broken" in whole(weekly(broken()))


def test_the_worst_that_is_not_mended_is_named_first() -> None:
    drift = [incident(number=n, code="growth", severity=3, verdict=Verdict.AT_RISK) for n in (1, 2, 3)]
    text = whole(weekly(broken(), incidents=(*drift, incident())))
    assert "NOT MENDED YET: orders cannot be restored (since Wednesday 04:00, F-1207); " in text


def two_copies(code: str) -> list[Incident]:
    """The same trouble of orders in both copies."""
    return [
        incident(number=n, code=code, repository=name, hint="")
        for n, name in enumerate(("primary", "planb"), 1)
    ]


@pytest.mark.parametrize("code", ["drill-not-tested", "repository-damaged", "repository-missing"])
def test_what_is_wrong_with_one_of_several_copies_names_it(code: str) -> None:
    first, second = two_copies(code)
    letters = [
        alarm_letter(ready(), news("opened", "admin", first, second)),
        alarm_letter(ready(), news("escalated", "owner", first, second)),
        weekly(ready(), incidents=(first, second)),
    ]
    for letter in letters:
        assert "orders (copy primary)" in whole(letter)
        assert "orders (copy planb)" in whole(letter)
    alone = ready(shop(FOUR[0], repositories=("primary",)))
    assert "(copy" not in whole(alarm_letter(alone, news("opened", "admin", first)))


def test_a_failed_drill_names_the_copy_only_while_another_one_can_be_restored() -> None:
    told = news("opened", "admin", incident())
    said = "one copy of orders (copy primary) cannot be restored, another can"
    assert said in alarm_letter(helped(), told).subject
    failed = [
        copy(snapshot(1, paths=()), drill(9, "failed"), name="orders", repository=name)
        for name in ("primary", "planb")
    ]
    lost = alarm_letter(assessed(*failed, shop=shop(FOUR[0])), told)
    assert lost.subject == "NOT READY - orders cannot be restored since Wed 04:00 (F-1207)"


def test_what_was_mended_in_one_of_several_copies_is_not_said_of_all() -> None:
    mended = incident(code="drill-not-tested", opened=ago(51), gone=ago(31), closed=ago(0.3))
    for role in ("admin", "owner"):
        letter = alarm_letter(ready(), news("fixed", role, mended))
        assert letter.subject.startswith("FIXED - orders restored from primary and proven Tue 09:33")


def test_a_moment_ago_is_no_number() -> None:
    text = whole(alarm_letter(broken(), news("opened", "admin", incident(opened=ago(0), since=ago(0)))))
    assert "SINCE: Wednesday at 13:00, just now (F-1207" in text


def test_an_age_is_taken_out_with_both_its_commas() -> None:
    told = incident(
        opened=ago(51), closed=ago(1), sentence="The check on Sunday 08:08, 9.0 s ago, found damage: This."
    )
    text = whole(alarm_letter(ready(), news("fixed", "admin", told)))
    assert "IT WAS: The check on Sunday 08:08 found damage: This." in text


@pytest.mark.parametrize("event", ["opened", "worse", "reminder", "escalated", "flapping"])
def test_no_subject_loses_the_word_that_says_that_it_is_bad(event: str) -> None:
    """ "The last restore test could..." would be read as good news."""
    names = ("process-of-the-whole-workshop", "orders-and-returns")
    for code, (said, _) in WORDS.items():
        told = news(event, "admin", incident(code=code, processes=names), incident(), days=3, changes=4)
        subject = alarm_letter(ready(), told).subject
        start = subject.replace("NOT READY", "").replace("not confirmed", "")
        for negation in re.findall(r"\b(?:no|not|never|nobody|cannot)\b", said):
            assert negation in start, subject


def test_no_subject_of_the_weekly_mail_loses_what_is_wrong() -> None:
    found = shop(process("process-of-the-workshop"), process("orders-and-returns"))
    untested = [
        copy(snapshot(1, paths=()), drill(0.2, "not_tested"), drill(30), name=one.name)
        for one in found.processes
    ]
    letter = weekly(assessed(*untested, shop=found), last_week(ready()))
    said = "the last restore test of orders-and-returns and 1 more could not be done"
    assert letter.subject == f"AT RISK - {said} (27-30 Nov)"
