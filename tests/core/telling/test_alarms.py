"""Who is told what, and when: threads, patience, quiet hours, reminders, escalation, flapping, the budget."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from agent.core.configuration.config import Alarm, Mail, QuietHours
from agent.core.model.notices import MessageRecord, Told
from agent.core.model.records import Verdict
from agent.core.telling.alarms import alarms
from agent.core.telling.incidents import Incident, News
from agent.core.telling.situation import Heard, Situation, heard_of, is_quiet

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAIL = Mail(
    sender="readiness@shop.example",
    owner=("owner@shop.example",),
    admin=("admin@shop.example",),
    deputy=("deputy@shop.example",),
)


def incident(severity: Any = 1, opened: datetime = NOON, **changes: Any) -> Incident:
    usual = Incident(
        number=12,
        key="drill|orders|primary",
        severity=severity,
        verdict=Verdict.NOT_READY,
        code="drill-failed",
        processes=("orders",),
        repository="primary",
        sentence="The drill from primary failed.",
        hint="Run: readiness drill orders",
        opened=opened,
        since=opened,
        comings=(opened,),
    )
    return replace(usual, **changes)


def heard(event: Any, at: datetime, role: Any = "admin") -> Heard:
    return Heard(event, role, at, f"{event} {role} {at}")


def told(*incidents: Incident, now: datetime = NOON, **changes: Any) -> list[News]:
    usual: dict[str, Any] = {
        "heard": {},
        "acknowledged": {},
        "failed_drills": {},
        "mail": MAIL,
        "alarm": Alarm(),
        "zone": ZoneInfo("Europe/Berlin"),
    }
    return list(alarms(Situation(incidents=incidents, now=now, **usual | changes)))


def events(news: list[News]) -> list[tuple[str, str]]:
    return [(each.role, each.event) for each in news]


def test_what_is_new_is_told_to_the_administrator_at_once() -> None:
    assert events(told(incident())) == [("admin", "opened")]


def test_what_was_told_is_not_told_again_the_next_minute() -> None:
    news = told(incident(), now=NOON + HOUR / 60, heard={12: (heard("opened", NOON),)})
    assert news == []


def test_drift_is_told_to_nobody_but_in_the_weekly_mail() -> None:
    assert told(incident(severity=3, verdict=Verdict.AT_RISK, code="growth")) == []


def test_what_will_be_tried_again_soon_has_to_last_some_hours() -> None:
    tried = incident(severity=2, code="proof-expired")
    assert told(tried, now=NOON + HOUR * 3.9) == []
    assert events(told(tried, now=NOON + HOUR * 4)) == [("admin", "opened")]
    drill = incident(severity=2, code="drill-not-tested")
    assert told(drill, now=NOON + HOUR * 47) == []
    assert events(told(drill, now=NOON + HOUR * 48)) == [("admin", "opened")]


def test_what_is_worse_than_when_it_was_told_is_told_at_once() -> None:
    worse = incident(opened=NOON - HOUR, worse=NOON)
    assert events(told(worse, heard={12: (heard("opened", NOON - HOUR),)})) == [("admin", "worse")]


def test_reminders_come_after_one_three_and_seven_days_and_then_no_more() -> None:
    one, known = incident(severity=2), [heard("opened", NOON)]
    came = []
    for hours in range(1, 24 * 20):
        now = NOON + HOUR * hours
        for news in told(one, now=now, heard={12: tuple(known)}):
            known.append(heard(news.event, now, news.role))
            if news.event == "reminder":
                came.append((hours / 24, news.days))
    assert came == [(1, 1), (3, 3), (7, 7)]


def test_reminders_that_fell_due_while_the_machine_was_off_do_not_come_at_once() -> None:
    opened = (heard("opened", NOON),)
    later = NOON + DAY * 5
    assert events(told(incident(severity=2), now=later, heard={12: opened}))[0] == ("admin", "reminder")
    reminded = (*opened, heard("reminder", later))
    assert ("admin", "reminder") not in events(
        told(incident(severity=2), now=later + HOUR, heard={12: reminded})
    )


def test_the_worst_goes_on_to_the_deputy_after_two_hours_and_to_the_owner_after_four() -> None:
    known = [heard("opened", NOON)]
    came = []
    for minutes in range(0, 6 * 60, 15):
        now = NOON + HOUR * minutes / 60
        for news in told(incident(), now=now, heard={12: tuple(known)}):
            known.append(heard(news.event, now, news.role))
            came.append((minutes, news.role, news.event))
    assert came == [(120, "deputy", "escalated"), (240, "owner", "escalated")]


def test_the_mail_says_who_hears_of_it_next() -> None:
    (news,) = told(incident())
    assert news.escalates == ("deputy", NOON + 2 * HOUR)


def test_the_mail_says_by_when_another_one_has_come_if_mail_gets_through() -> None:
    opened = {12: (heard("opened", NOON),)}
    assert told(incident())[0].again_by == NOON + timedelta(hours=29)
    evening = NOON.replace(hour=20)  # the reminder would come at 21:00 in Berlin; its grace ends in the night
    assert told(incident(), now=evening)[0].again_by == evening + timedelta(hours=29)
    night = NOON.replace(hour=22)  # 23:00: it waits until 07:00
    assert told(incident(opened=night), now=night)[0].again_by == night + timedelta(hours=24 + 8 + 5)
    later = told(incident(severity=2), now=NOON + DAY, heard=opened)[0]
    assert (later.event, later.again_by) == ("reminder", NOON + 3 * DAY + timedelta(hours=5))
    reminded = (heard("opened", NOON), heard("reminder", NOON + DAY), heard("reminder", NOON + 3 * DAY))
    last = told(incident(severity=2), now=NOON + 7 * DAY, heard={12: reminded})[0]
    assert (last.event, last.again_by) == ("reminder", None)


def test_acknowledging_stops_escalation_and_reminders_for_a_day_and_no_longer() -> None:
    opened = {12: (heard("opened", NOON),)}
    seen = {"F-12": NOON + HOUR}
    assert told(incident(), now=NOON + 20 * HOUR, heard=opened, acknowledged=seen) == []
    after = told(incident(), now=NOON + 27 * HOUR, heard=opened, acknowledged=seen)
    assert ("deputy", "escalated") in events(after)


def test_two_drills_that_failed_in_a_row_reach_the_owner_however_quick() -> None:
    opened = {12: (heard("opened", NOON),)}
    news = told(incident(severity=2), now=NOON + HOUR, heard=opened, failed_drills={"orders": 2})
    assert events(news) == [("owner", "escalated")]


def test_at_night_only_the_worst_is_told() -> None:
    night = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    assert told(incident(severity=2, opened=night), now=night) == []
    assert events(told(incident(severity=1, opened=night), now=night)) == [("admin", "opened")]
    morning = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)  # 07:00 in Berlin
    assert events(told(incident(severity=2, opened=night), now=morning)) == [("admin", "opened")]


def test_quiet_hours_go_over_midnight_or_not_and_may_be_none() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = [
        hour for hour in range(24) if is_quiet(QuietHours(22 * 60, 7 * 60), NOON.replace(hour=hour), berlin)
    ]
    assert at == [0, 1, 2, 3, 4, 5, 21, 22, 23]  # one hour earlier in UTC
    assert is_quiet(QuietHours(12 * 60, 14 * 60), NOON, berlin)
    assert not is_quiet(None, NOON.replace(hour=2), berlin)


def test_what_is_gone_but_not_proven_is_not_spoken_of() -> None:
    gone = incident(gone=NOON + HOUR)
    assert told(gone, now=NOON + 2 * DAY, heard={12: (heard("opened", NOON),)}) == []


def test_everybody_who_heard_of_it_hears_that_it_is_mended_and_once() -> None:
    closed = incident(gone=NOON + HOUR, closed=NOON + HOUR)
    known = (heard("opened", NOON), heard("escalated", NOON + HOUR, "owner"))
    assert events(told(closed, now=NOON + 2 * HOUR, heard={12: known})) == [
        ("admin", "fixed"),
        ("owner", "fixed"),
    ]
    said = (*known, heard("fixed", NOON + 2 * HOUR), heard("fixed", NOON + 2 * HOUR, "owner"))
    assert told(closed, now=NOON + 3 * HOUR, heard={12: said}) == []


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


def test_what_nobody_heard_of_ends_without_a_word() -> None:
    assert told(incident(closed=NOON)) == []


def test_who_has_two_roles_gets_each_thing_once() -> None:
    both = replace(MAIL, owner=MAIL.admin, deputy=())
    opened = {12: (heard("opened", NOON),)}
    assert told(incident(), now=NOON + 5 * HOUR, heard=opened, mail=both) == []


def test_without_an_administrator_the_owner_gets_the_alarms() -> None:
    alone = replace(MAIL, admin=(), deputy=())
    assert events(told(incident(), mail=alone)) == [("admin", "opened")]


def test_the_third_time_within_three_days_is_told_as_flapping_and_then_as_any_other_trouble() -> None:
    often = incident(comings=(NOON - 2 * HOUR, NOON - HOUR, NOON), since=NOON)
    assert events(told(often)) == [("admin", "flapping")]
    assert told(often)[0].changes == 3
    again = replace(often, comings=(*often.comings, NOON + HOUR))
    known = {12: (heard("flapping", NOON),)}
    assert told(again, now=NOON + HOUR, heard=known) == []
    [first, *_] = told(again, now=NOON + DAY, heard=known)
    assert (first.role, first.event) == ("admin", "reminder")


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


def test_what_comes_back_after_days_begins_its_escalation_anew_and_is_no_reminder_at_once() -> None:
    back = NOON + 5 * DAY
    again = incident(severity=2, code="snapshot-failing", sentence="It could not be taken.", since=back)
    known = {12: (heard("opened", NOON),)}
    assert told(again, now=back + HOUR, heard=known) == []
    assert events(told(again, now=back + 4 * HOUR, heard=known)) == [("admin", "reminder")]
    known[12] = (*known[12], heard("reminder", back + 4 * HOUR))
    assert told(again, now=back + 23 * HOUR, heard=known) == []
    assert ("deputy", "escalated") in events(told(again, now=back + DAY, heard=known))


def test_what_was_worse_for_a_while_and_is_better_again_is_not_told_as_worse() -> None:
    known = {12: (heard("opened", NOON),)}
    worse = incident(severity=2, worse=NOON + HOUR, worst=(-2, 3))
    assert told(replace(worse, worst=(-1, 3)), now=NOON + HOUR, heard=known) == []
    assert events(told(replace(worse, worst=(-3, 0)), now=NOON + HOUR, heard=known)) == [("admin", "worse")]


def test_nothing_is_promised_of_what_comes_and_goes() -> None:
    comings = tuple(NOON - HOUR * hours for hours in (50, 26, 2))
    restless = incident(severity=2, opened=comings[0], since=comings[2], comings=comings)
    before = {12: (heard("opened", comings[0]), heard("flapping", comings[2]))}
    [news] = [each for each in told(restless, now=NOON + DAY, heard=before) if each.role == "admin"]
    assert (news.event, news.again_by) == ("reminder", None)


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


def test_what_was_told_is_read_from_the_messages() -> None:
    message = MessageRecord(
        message="x",
        kind="alarm",
        role="admin",
        started=NOON,
        recipients=(),
        subject="",
        text="",
        html="",
        message_id="",
        told=(Told(12, "opened"),),
    )
    assert heard_of([message]) == {12: (Heard("opened", "admin", NOON, "x"),)}


def test_what_comes_and_goes_is_told_at_once_when_it_becomes_worse() -> None:
    comings = tuple(NOON - HOUR * hours for hours in (5, 3, 1))
    restless = incident(opened=comings[0], since=comings[2], comings=comings, worse=NOON)
    before = (heard("opened", comings[0]), heard("flapping", comings[2]))
    assert ("admin", "worse") in events(told(restless, heard={12: before}))


def test_whoever_heard_of_it_hears_that_it_is_fixed_though_the_deputy_has_the_same_address() -> None:
    same = replace(MAIL, deputy=MAIL.owner)
    before = (heard("opened", NOON - HOUR), heard("escalated", NOON - HOUR / 2, "owner"))
    news = told(incident(gone=NOON, closed=NOON), heard={12: before}, mail=same)
    assert events(news) == [("admin", "fixed"), ("owner", "fixed")]


def test_nobody_hears_as_deputy_what_he_heard_as_owner() -> None:
    same = replace(MAIL, deputy=MAIL.owner)
    before = (heard("opened", NOON), heard("escalated", NOON, "owner"))
    assert told(incident(), heard={12: before}, mail=same, now=NOON + HOUR * 3) == []


def test_when_the_administrator_takes_no_mail_the_next_one_hears_at_once() -> None:
    before, now = {12: (heard("opened", NOON),)}, NOON + HOUR / 4
    refusing = frozenset(MAIL.admin)
    assert events(told(incident(), heard=before, refused=refusing, now=now)) == [("deputy", "escalated")]
    refusing |= frozenset(MAIL.deputy)
    both = [("deputy", "escalated"), ("owner", "escalated")]
    assert events(told(incident(), heard=before, refused=refusing, now=now)) == both
    alone = replace(MAIL, deputy=())
    news = told(incident(), heard=before, refused=frozenset(MAIL.admin), mail=alone, now=now)
    assert events(news) == [("owner", "escalated")]


def test_a_drill_that_failed_because_the_repository_was_gone_is_made_again_before_anybody_is_told() -> None:
    back = incident(opened=NOON - DAY, key="repository||primary", number=7, gone=NOON)
    before = {7: (heard("opened", NOON - DAY),)}
    failed = incident(opened=NOON)
    assert told(back, failed, heard=before, now=NOON + HOUR) == []
    assert events(told(back, failed, heard=before, now=NOON + HOUR * 4)) == [("admin", "opened")]
    elsewhere = incident(opened=NOON, repository="planb")
    assert events(told(back, elsewhere, heard=before, now=NOON + HOUR)) == [("admin", "opened")]
