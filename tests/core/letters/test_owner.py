"""The owner's mail before the weekend: the answer, what to do, a line for each process, nothing else."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from agent.adapters.mail.letter import letter_text
from agent.core.configuration.config import Alarm, Step
from agent.core.letters.letter import Letter
from agent.core.letters.owner import owner_letter, state_then
from agent.core.model.records import Verdict
from agent.core.schedule.window import next_window
from support.builders.letters import (
    BEHIND,
    FOUR,
    GOLDEN,
    NEXT_BY,
    broken,
    incident,
    last_week,
    ready,
    shop,
    slipping,
    weekly,
)
from support.builders.shop import HOUR, NOW, assessed, copy, drill, process, snapshot


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("owner-")])
def test_an_owner_s_mail_has_at_most_30_lines(name: str) -> None:
    assert len(letter_text(GOLDEN[name]()).splitlines()) <= 30


def test_no_change_is_said_as_well() -> None:
    assert "CHANGED SINCE THE LAST MAIL: Nothing." in letter_text(weekly(ready(), state_then(ready())))


def test_a_chance_is_told_only_when_there_is_one() -> None:
    found = ready()
    sure = replace(found, timetable=replace(found.timetable, probability=0.92))
    assert weekly(sure).subject.startswith("READY 92% - back by Saturday 18:53")
    assert weekly(sure, state_then(sure)).subject.startswith("READY 92% - back")
    assert weekly(sure, replace(state_then(sure), probability=0.944)).subject.startswith(
        "READY 92% (was READY 94%) - back"
    )
    assert "in about 9 weekends out of 10 (92%)" in " ".join(letter_text(weekly(sure)).split())
    almost = replace(found, timetable=replace(found.timetable, probability=0.999))
    assert "99 weekends out of 100 (99%)" in " ".join(letter_text(weekly(almost)).split())
    assert "%" not in weekly(found).subject


def test_what_cannot_be_restored_is_promised_for_no_time() -> None:
    line = next(line for line in letter_text(weekly(broken())).splitlines() if line.startswith("orders "))
    assert line.split()[5:7] == ["unknown", "Fri"]


def test_what_cannot_be_restored_is_not_said_to_lose_only_some_hours() -> None:
    (row,) = [line for line in letter_text(weekly(broken())).splitlines() if line.startswith("orders ")]
    assert row.split("  ")[-1].strip() == "unknown"


def test_a_failed_drill_weighs_less_while_another_copy_is_proven() -> None:
    found = shop(FOUR[0])
    failed = copy(snapshot(1, paths=()), drill(9, "failed"), drill(60), name="orders")
    other = copy(snapshot(1, paths=()), drill(30), name="orders", repository="planb")
    assessment = assessed(failed, other, shop=found)
    assert "one copy of orders cannot be restored, another can" in weekly(assessment).subject
    assert (
        "orders cannot be restored (since"
        in weekly(broken(), incidents=(incident(),)).groups[-1].blocks[2].text
    )


def test_no_disk_is_promised_to_survive_the_server() -> None:
    text = " ".join(letter_text(weekly(slipping())).split())
    assert "orders might never come back: the backups lie on the same disk. If that lives, everything" in text


def test_copies_in_memory_are_lost_with_the_server_and_with_no_disk() -> None:
    lost = copy(snapshot(1, paths=(), same_device=True, place="memory"), drill(30), name="orders")
    found = assessed(lost, shop=shop(FOUR[0], repositories=("primary",)))
    text = " ".join(letter_text(weekly(found)).split())
    assert "orders might never come back: the backups would be lost with it. If they are not, every" in text
    assert "disk" not in text.partition("NOT TESTED")[0]


def test_without_a_contact_the_administrator_is_called() -> None:
    found = shop(FOUR[0])
    silent = replace(found, alarm=replace(found.alarm, contact=""))
    assert "UNKNOWN: call your administrator." in " ".join(letter_text(weekly(ready(silent))).split())


def test_where_all_is_ready_what_is_not_mended_is_what_to_do() -> None:
    note = incident(code="mail-refused", processes=(), verdict=Verdict.READY, severity=2)
    drift = incident(code="growth", verdict=Verdict.AT_RISK, severity=3)
    text = letter_text(weekly(ready(), incidents=(drift, note)))
    assert "NOT MENDED YET: somebody who should get mail does not get it" in text
    assert "DO ONE THING: Ask your administrator to check the mail addresses." in text


def test_what_to_do_is_never_cut() -> None:
    names = [f"{n}-{'x' * 50}" for n in range(3)]
    stale = [copy(snapshot(200, paths=()), drill(30), name=name) for name in names]
    found = shop(*(process(name, owner="x" * 90) for name in names), repositories=("primary", "y" * 60))
    found = replace(found, alarm=Alarm(contact="z " * 45))
    letter = weekly(assessed(*stale, shop=found), incidents=(incident(), BEHIND), trend="word " * 40)
    text = " ".join(letter_text(letter).split())
    assert f"make a backup of {names[0]}, {names[1]} and 1 more." in text


def test_a_long_table_keeps_the_worst() -> None:
    text = letter_text(GOLDEN["owner-fourteen"]())
    assert all(f"process-number-{n} " in text for n in (3, 7, 11, 12, 13))
    assert "... and 6 more, all READY" in text


def test_the_state_for_the_next_mail() -> None:
    then = state_then(broken())
    assert (then.verdict, then.processes["orders"], then.reasons) == (
        "NOT_READY",
        "NOT_READY",
        ("drill-failed",),
    )
    assert last_week(ready()).bytes.keys() == {"mail"}


def test_after_closing_time_the_owner_reads_of_the_past() -> None:
    evening = NOW + timedelta(days=2, hours=8)
    text = " ".join(letter_text(weekly(ready(now=evening))).split())
    assert "had lost this server" in text
    assert "everything critical would have been back by" in text


def long_weekend(minutes: int, now: datetime = NOW) -> tuple[Letter, Letter]:
    """The weekly mail, and the one about the long weekend behind it: Monday 7 December is a holiday."""
    business = shop(process("orders", rto=200 * HOUR, steps=(Step("rebuild by hand", minutes),)))
    found = replace(business, business=replace(business.business, holidays=(date(2026, 12, 7),)))
    assessment = ready(found, now)
    behind = next_window(found.business, assessment.window.opens + timedelta(seconds=1))
    missed = incident(code="window-missed", processes=(), repository="")
    return weekly(assessment, incidents=(missed,)), owner_letter(assessment, behind, None, NEXT_BY, (missed,))


def test_each_mail_answers_for_its_own_window() -> None:
    """70 hours by hand do not fit between Friday 17:00 and Monday 08:00, and do until Tuesday."""
    usual, long = (" ".join(letter_text(letter).split()) for letter in long_weekend(70 * 60))
    assert usual.startswith("NOT READY - ") and "not everything would be back before you open" in usual
    assert long.startswith("READY - ") and "not everything would be back before you open" not in long
    assert "closed for 87 h" in long and "NOT READY" not in long


def test_what_fits_no_window_is_said_in_the_mail_about_the_long_one_as_well() -> None:
    _, long = (" ".join(letter_text(letter).split()) for letter in long_weekend(90 * 60))
    assert "not everything would be back before you open" in long
