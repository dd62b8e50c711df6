"""Who is told what, and when: threads, patience, quiet hours, reminders, escalation, flapping, the budget."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from agent.core.model.records import Verdict
from support.builders.telling import MAIL, NOON, events, heard, incident, told

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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
