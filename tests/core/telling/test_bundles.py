"""Which news make one mail, which may wait for it, and how many mails are too many."""

from datetime import timedelta

from msgspec.structs import replace

from agent.core.telling.situation import Heard
from support.builders.telling import NOON, heard, incident, told

HOUR = timedelta(hours=1)


def test_what_the_same_mail_told_of_and_is_not_mended_is_named_where_the_other_is() -> None:
    closed = incident(gone=NOON, closed=NOON)
    beside = incident(number=13, severity=2, key="drill|orders|planb")
    elsewhere = incident(number=14, severity=2, key="drill|shop|primary")
    together, alone = heard("opened", NOON - HOUR), replace(heard("opened", NOON), message="another")
    known = {12: (together,), 13: (together,), 14: (alone,)}
    later = [told(closed, beside, elsewhere, now=NOON + wait, heard=known) for wait in (3.9 * HOUR, 4 * HOUR)]
    assert [each for each in later[0] if each.event == "fixed"] == []  # the other may follow
    [news] = [each for each in later[1] if each.event == "fixed"]
    assert [one.name for one in news.beside] == ["F-13"]
    again = incident(number=15, opened=NOON + 3 * HOUR)
    [news] = [
        each
        for each in told(closed, beside, again, now=NOON + 4 * HOUR, heard=known)
        if each.event == "fixed"
    ]
    assert [one.name for one in news.beside] == ["F-13", "F-15"]
    mended = replace(beside, closed=NOON)
    [news] = [each for each in told(closed, mended, heard=known) if each.event == "fixed"]
    assert ([one.name for one in news.incidents], news.beside) == (["F-12", "F-13"], ())


def test_many_at_once_make_one_mail_worst_first() -> None:
    many = [
        incident(severity=2, number=n, key=f"drill|p{n}|x", processes=(f"p{n}",), repository=f"r{n}")
        for n in range(20, 24)
    ]
    worst = incident(number=30, key="drill|orders|y")
    (news,) = told(*many, worst)
    assert [one.number for one in news.incidents] == [30, 20, 21, 22, 23]
    assert len(told(*many[:2], worst)) == 3


def test_what_comes_at_once_of_one_process_or_copy_is_one_mail_and_stays_one_thread() -> None:
    damage = incident(number=20)
    follows = incident(severity=2, number=21, key="snapshot|orders|", code="no-good-snapshot", repository="")
    copy = incident(severity=2, number=22, key="drill|shop|primary", processes=("shop",))
    other = incident(severity=2, number=23, key="proof|mail|", processes=("mail",), repository="")
    for many, mails in (((damage, follows, other), [[20, 21], [23]]), ((damage, copy), [[20, 22]])):
        assert [[one.number for one in news.incidents] for news in told(*many)] == mails

    known = {
        n: (replace(heard("opened", NOON), message=root),) for n, root in ((20, "a"), (21, "a"), (22, "b"))
    }
    over = [replace(one, gone=NOON + HOUR, closed=NOON + HOUR) for one in (damage, follows, copy)]
    news = told(*over, now=NOON + HOUR, heard=known)
    assert [[one.number for one in each.incidents] for each in news] == [[20, 21], [22]]
    worse = replace(damage, worse=NOON + HOUR)
    [later] = told(worse, replace(follows, severity=1), now=NOON + HOUR, heard={20: known[20]})
    assert (later.event, [one.number for one in later.incidents]) == ("worse", [20, 21])


def test_mails_beyond_one_a_day_are_counted_but_not_held_back() -> None:
    before = incident(severity=2, opened=NOON - HOUR)
    new = incident(severity=2, number=13, key="drill|shop|nas", processes=("shop",), repository="nas")
    (news,) = told(before, new, heard={12: (heard("opened", NOON - HOUR),)})
    assert (news.incidents[0].number, news.over_budget) == (13, 1)
    assert told(new)[0].over_budget == 0


def test_two_mails_of_one_round_are_two() -> None:
    before = [incident(severity=2, number=n, key=f"drill|p{n}|x", opened=NOON - HOUR) for n in (12, 14)]
    new = incident(severity=2, number=13, key="drill|shop|nas", processes=("shop",), repository="nas")
    both = {n: (replace(heard("opened", NOON - HOUR), message=f"F-{n}"),) for n in (12, 14)}
    assert told(*before, new, heard=both)[0].over_budget == 2


def test_the_worst_does_not_count() -> None:
    before = incident(severity=1, opened=NOON - HOUR)
    new = incident(severity=2, number=13, key="drill|shop|nas", processes=("shop",), repository="nas")
    assert told(before, new, heard={12: (heard("opened", NOON - HOUR),)})[0].over_budget == 0


def test_whoever_knows_of_the_first_hears_of_the_others_of_its_cause_together_within_hours() -> None:
    disk = [
        incident(number=20 + n, key=f"drill|p{n}|primary", processes=(f"p{n}",), opened=NOON + n * HOUR)
        for n in range(4)
    ]
    follows = replace(disk[3], number=30, key="snapshot|p0|", processes=("p0",), repository="")
    known: dict[int, tuple[Heard, ...]] = {}
    came = []
    for quarters in range(4 * 8):
        now = NOON + HOUR * quarters / 4
        there = [one for one in (*disk, follows) if one.opened <= now]
        for news in told(*there, now=now, heard=known):
            if news.role == "admin":
                came.append((quarters / 4, [one.number for one in news.incidents]))
                known |= {one.number: (heard(news.event, now),) for one in news.incidents}
    assert came == [(0, [20]), (5, [21, 22, 23, 30])]


def test_two_that_became_graver_do_not_wait_for_each_other() -> None:
    both = [
        incident(number=n, key=f"snapshot|p{n}|", processes=(f"p{n}",), worse=NOON + HOUR) for n in (12, 13)
    ]
    known = {n: (heard("opened", NOON),) for n in (12, 13)}
    [news] = [one for one in told(*both, now=NOON + HOUR, heard=known) if one.role == "admin"]
    assert (news.event, len(news.incidents)) == ("worse", 2)
    later = {12: (*known[12], heard("worse", NOON + HOUR)), 13: known[13]}
    assert [one for one in told(*both, now=NOON + HOUR, heard=later) if one.role == "admin"] == []


def test_what_is_graver_or_an_attack_or_of_something_else_waits_for_nothing() -> None:
    first = incident(severity=2)
    known = {12: (heard("opened", NOON - HOUR),)}
    follows = incident(severity=2, number=13, key="snapshot|orders|", code="no-good-snapshot")
    assert told(first, follows, heard=known) == []
    for at_once in (
        replace(follows, severity=1),
        replace(follows, code="mass-change"),
        replace(follows, processes=("shop",), repository="planb"),
        replace(follows, since=NOON - 4 * HOUR),
    ):
        [news] = told(first, at_once, heard=known)
        assert [one.number for one in news.incidents] == [13]
    for known_no_more in (replace(first, gone=NOON), replace(first, closed=NOON)):
        news = told(known_no_more, follows, heard=known)
        assert (13,) in [tuple(one.number for one in each.incidents) for each in news]


def test_when_nobody_sees_to_it_after_all_the_others_hear_of_it_one_after_the_other_and_not_at_night() -> (
    None
):
    opened = NOON + 13 * HOUR  # 02:00 in Berlin
    seen, known, came = {"F-12": opened + HOUR}, [heard("opened", opened)], []
    next_up = None
    for quarters in range(4 * 48):
        now = opened + HOUR * quarters / 4
        for news in told(incident(opened=opened), now=now, heard={12: tuple(known)}, acknowledged=seen):
            known.append(heard(news.event, now, news.role))
            came.append((quarters / 4, news.role, news.event))
            next_up = news.escalates or next_up
    assert came == [(29, "admin", "reminder"), (31, "deputy", "escalated"), (33, "owner", "escalated")]
    assert next_up == ("deputy", opened + 31 * HOUR)

    seen = {"F-12": NOON + HOUR}
    [first, second] = told(
        incident(), now=NOON + 27 * HOUR, heard={12: (heard("opened", NOON),)}, acknowledged=seen
    )
    assert [(first.role, first.event), second.role] == [("admin", "reminder"), "deputy"]
    assert first.escalates == ("owner", NOON + 29 * HOUR)
