"""When the owner's mail is due: weekly, once, and before long weekends."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from agent.core.configuration.config import Config, Rhythm
from agent.core.telling.editions import due_mails, next_by
from support.builders.shop import config

BERLIN = ZoneInfo("Europe/Berlin")
CHRISTMAS = (date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[arg-type]


def open_on(*holidays: date) -> Config:
    usual = config()
    return replace(usual, business=replace(usual.business, holidays=holidays))


def year(shop: Config, start: datetime, days: int, minutes: int = 60) -> list[tuple[str, str]]:
    """What is written when the question is asked again and again."""
    weekly = written = now = start
    found = []
    while now < start + timedelta(days=days):
        now += timedelta(minutes=minutes)
        for due in due_mails(shop, weekly, written, now):
            written = now
            weekly = due.due if due.weekly else weekly
            kind = ("weekly" if due.weekly else "extra") + (" holiday" if due.holiday else "")
            found.append((f"{now.astimezone(BERLIN):%a %d %b %H:%M}", kind))
    return found


def test_a_quiet_month_has_four_mails_on_thursdays_at_three() -> None:
    assert year(config(), at(2026, 11, 2, 9), 28, minutes=15) == [
        ("Thu 05 Nov 15:00", "weekly"),
        ("Thu 12 Nov 15:00", "weekly"),
        ("Thu 19 Nov 15:00", "weekly"),
        ("Thu 26 Nov 15:00", "weekly"),
    ]


def test_a_long_weekend_is_announced_three_working_days_before() -> None:
    mails = year(open_on(*CHRISTMAS), at(2026, 12, 14, 9), 21)
    # closes on Wednesday 23: Tuesday, Monday, and Friday lie before; New Year's closes on Thursday 31
    assert mails == [
        ("Thu 17 Dec 15:00", "weekly"),
        ("Fri 18 Dec 15:00", "extra holiday"),
        ("Thu 24 Dec 15:00", "weekly"),
        ("Mon 28 Dec 15:00", "extra holiday"),
        ("Thu 31 Dec 15:00", "weekly"),
    ]


def test_a_long_weekend_that_a_weekly_mail_announces_gets_no_other() -> None:
    monday = open_on(date(2026, 12, 7))  # closes on Friday 4, opens on Tuesday 8
    usual = replace(monday, settings=replace(monday.settings, report=Rhythm(cron="0 15 * * 2")))  # Tuesdays
    assert year(usual, at(2026, 11, 30, 9), 7) == [("Tue 01 Dec 15:00", "weekly holiday")]


def test_a_weekly_mail_answers_for_the_weekend_before_a_long_one_that_has_a_mail_of_its_own() -> None:
    """Closes on Tuesday 8: three working days before are Thursday 3, and another weekend comes first."""
    tuesday = open_on(*(date(2026, 12, day) for day in (9, 10, 11)))
    assert year(tuesday, at(2026, 11, 30, 9), 7) == [
        ("Thu 03 Dec 15:00", "extra holiday"),
        ("Thu 03 Dec 15:00", "weekly"),
    ]


def test_holidays_that_lengthen_no_window_are_none() -> None:
    assert len(year(open_on(date(2026, 12, 5)), at(2026, 11, 30, 9), 7)) == 1


def test_the_hour_of_a_change_of_the_clocks_is_no_holiday() -> None:
    assert [kind for _, kind in year(config(), at(2026, 10, 19, 9), 14)] == ["weekly", "weekly"]


def test_what_fell_out_while_the_machine_was_off_comes_once() -> None:
    [due] = due_mails(config(), at(2026, 11, 5, 15), at(2026, 11, 5, 15), at(2026, 11, 28, 9))
    assert due.due == at(2026, 11, 26, 15)
    assert due_mails(config(), due.due, at(2026, 11, 28, 9), at(2026, 11, 28, 9, 15)) == []


def test_the_next_mail_has_come_by_ten_on_the_day_after() -> None:
    assert next_by(config(), at(2026, 11, 26, 15)) == at(2026, 12, 4, 10)


def test_another_rhythm_is_kept() -> None:
    usual = config()
    daily = replace(usual, settings=replace(usual.settings, report=Rhythm(cron="0 7 * * *")))
    assert [when[:10] for when, _ in year(daily, at(2026, 11, 2, 9), 3)] == [
        "Tue 03 Nov",
        "Wed 04 Nov",
        "Thu 05 Nov",
    ]
