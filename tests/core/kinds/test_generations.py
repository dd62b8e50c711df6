"""Generations differ in a date, a time or a rotation's suffix; short numbers count by their times alone."""

import pytest

from agent.core.kinds.generations import generations, names_of, undated

DAY = 86400.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("db-2026-11-30.sql", "db-2026-11-29.sql"),
        ("db_2026-11-30_03h15m.Monday.sql.gz", "db_2026-11-29_03h15m.Sunday.sql.gz"),
        ("db_week.48.2026-11-28_03h15m.sql.gz", "db_week.47.2026-11-21_03h15m.sql.gz"),
        ("db_2026-11-01_03h15m.November.db.sql.gz", "db_2026-10-01_03h15m.October.db.sql.gz"),
        ("1764460800_2026_11_30_17.6.1_gitlab_backup.tar", "1764374400_2026_11_29_17.6.0_gitlab_backup.tar"),
        ("db-20261130T020000Z.sql", "db-20261129T020001Z.sql"),
        ("db-20261130-0200.sql", "db-20261129-0201.sql"),
        ("db-20261130_123456789.sql", "db-20261129_123456788.sql"),
        ("dump_2026-11-30T02:00:00+01:00.sql", "dump_2026-10-20T02:00:00+02:00.sql"),
        ("db-30.11.2026.sql", "db-1.12.2026.sql"),
        ("db-30Nov2026.sql", "db-01Dec2026.sql"),
        ("db-261130.sql", "db-261129.sql"),
        ("db-2026-W48.sql", "db-2026-W47.sql"),
        ("db-2026-11.sql", "db-2026-10.sql"),
        ("db-1764460800.sql", "db-1764374400.sql"),
        ("2026-11-30/db.sql", "2026-11-29/db.sql"),
        ("2026/11/30/db.sql", "2026/11/29/db.sql"),
        ("db.sql.1", "db.sql.2"),
        ("db.sql", "db.sql.1.gz"),
        ("db.sql.gz", "db.sql.gz.12"),
        ("db.sql.1.gz", "db.sql.12.gz"),
        ("daily.0/db.sql", "daily.1/db.sql"),
        ("db.sql-20261130.gz", "db.sql-20261129.gz"),
        ("vzdump-lxc-101-2026_11_30-02_00_01.tar", "vzdump-lxc-101-2026_11_29-02_00_02.tar"),
    ],
)
def test_what_differs_in_a_date_or_a_rotation_is_of_one_dump(one: str, other: str) -> None:
    assert undated(one) == undated(other)
    assert len(generations({one: 2 * DAY, other: DAY})) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("customer1.sql", "customer2.sql"),
        ("customer.1.sql", "customer.2.sql"),
        ("mandant00001.sql", "mandant00002.sql"),
        ("kunde123456.sql", "kunde123457.sql"),
        ("shop1-20261130.sql", "shop2-20261130.sql"),
        ("shop-1-20261130.sql", "shop-2-20261130.sql"),
        ("db_20261130_shop1.sql", "db_20261130_shop2.sql"),
        ("2026-11-30/shop1.sql", "2026-11-30/shop2.sql"),
        ("db-10.0.0.1.sql", "db-10.0.0.2.sql"),
        ("db-10.0.0.1", "db-10.0.0.2"),
        ("vzdump-lxc-101-2026_11_30-02_00_01.tar", "vzdump-lxc-102-2026_11_30-02_00_01.tar"),
        ("import-2019.sql", "import-2026.sql"),
        ("20261130-1.sql", "20261130-2.sql"),
    ],
)
def test_what_differs_in_a_number_is_a_database_of_its_own(one: str, other: str) -> None:
    assert len(generations({one: 12 * DAY, other: DAY})) == 2


NOON = 1795996800.0 + DAY / 2  # of 30 November 2026


def of_days(*days: float, name: str = "db-202611{:02}.sql") -> dict[str, float]:
    """Files of the first days of a month, written so many days before its 30th."""
    return {name.format(number + 1): NOON - day * DAY for number, day in enumerate(days)}


@pytest.mark.parametrize(
    "times",
    [
        of_days(29, 28, 27),
        of_days(28.9, 28, 27),  # after midnight
        {
            **of_days(5, 5.0001, 5.0002),
            "db-20261130.sql": NOON,
        },  # copied without their times, but for the last
        {**of_days(29, 28, 27), "db-20261015.sql": NOON},  # put back
        of_days(9, 8, 7),  # each in the end of some month
        {"db-20261101.sql": NOON, "db-20261001.sql": NOON - 30 * DAY},  # by the month's first day
        {"db-1795996800.sql": NOON, "db-1795910400.sql": NOON - DAY},
        {"db-202611.sql": NOON, "db-202610.sql": NOON - 30 * DAY},
        {"20110401/db-20261130.sql": NOON, "20110401/db-20261129.sql": NOON - DAY},
    ],
)
def test_digits_are_dates_where_the_files_were_written_when_they_say(times: dict[str, float]) -> None:
    [all_of_them] = generations(times)
    assert all_of_them.name in names_of(next(iter(times)))


def test_of_one_file_alone_the_next_may_have_another_date() -> None:
    [alone] = generations({"db-20200101.sql": NOON})
    assert alone.holds("db-20200102.sql")


@pytest.mark.parametrize("left_behind", [0.0, 1.7])
@pytest.mark.parametrize(
    "names",
    [
        ("t20110401.sql", "t20120815.sql", "t20200101.sql"),
        ("c1401234567.sql", "c1501234567.sql", "c1712345678.sql"),
        ("k201104.sql", "k201208.sql", "k202001.sql"),
        ("k310199.sql.gz", "k010203.sql.gz", "k300323.sql.gz"),
        ("20110401/db-20261130.sql", "20120815/db-20261130.sql"),
        ("t20261101.sql", "t20261105.sql", "t20261110.sql"),  # all of them new this month
    ],
)
def test_digits_that_files_are_not_written_by_number_customers(
    names: tuple[str, ...], left_behind: float
) -> None:
    times = {name: NOON + number for number, name in enumerate(names)}
    times[names[0]] -= left_behind * DAY
    found = generations(times)
    assert len(found) == len(names)
    assert all(each.holds(path) and each.name in names_of(path) for each in found for path in each.paths)
    assert not any(found[0].holds(path) for path in found[1].paths)


def numbered(*days: float) -> dict[str, float]:
    return {f"db-{number}.sql": day * DAY for number, day in enumerate(days)}


@pytest.mark.parametrize(
    "days",
    [
        (6, 0, 1, 2, 3, 4, 5),  # weekdays
        tuple(range(31)),  # days of the month
        (0, 1, 2.5, 3, 4, 6),  # by hand, and not at all
        (0, 1, 2, 8, 9, 10),  # the job rested
        (0, 1 / 24, 2 / 24, 3 / 24),  # hours
        (0, 1, 2, 3.87, 4),  # one was written once more, before the next
    ],
)
def test_numbers_that_are_written_in_turn_are_a_rotation(days: tuple[float, ...]) -> None:
    [all_of_them] = generations(numbered(*days))
    assert len(all_of_them.paths) == len(days)
    assert all_of_them.holds("db-99.sql") and all_of_them.name in names_of("db-99.sql")
    assert not all_of_them.holds("dc-1.sql")


@pytest.mark.parametrize(
    "days",
    [
        (0, 1),  # two may be anything
        (10, 10.001, 10.002, 10.003),  # one after the other, each night
        (10, 10.001, 10.002, 7),
        (0, 12, 12.3),
        (0, 1, 1.87, 2),  # few
        (0, 1, 2, 2.1, 3, 3.1),  # two pairs
        (0, 1, 2, 3, 3.001),
        (2, 10, 10.02, 10.04, 10.06, 10.08, 10.1),  # a quarter of an hour apart, and one was left behind
    ],
)
def test_numbers_that_are_written_together_are_databases(days: tuple[float, ...]) -> None:
    assert len(generations(numbered(*days))) == len(days)


def test_numbers_beside_dates_are_databases_whenever_they_are_written() -> None:
    times = {f"db{n}-202611{d}.sql": (d + n / 2) * DAY for n in (0, 1) for d in (28, 29, 30)}
    assert sorted(len(each.paths) for each in generations(times)) == [3, 3]
    [first, _] = generations(times)
    assert first.holds("db0-20261201.sql") and not first.holds("db1-20261201.sql")


@pytest.mark.parametrize(
    "names",
    [
        ("shop-Mon.sql", "shop-Tue.sql", "shop-Wed.sql"),
        ("shop_monday.sql.gz", "shop_tuesday.sql.gz", "shop_wednesday.sql.gz"),
        ("Montag/shop.sql", "Dienstag/shop.sql", "Mittwoch/shop.sql"),
        ("shop.mo", "shop.di", "shop.mi"),
        ("lundi.sql", "mardi.sql", "mercredi.sql"),
        ("shopMon.sql", "shopTue.sql", "shopWed.sql"),
        ("db-Nov-30.sql", "db-Dec-01.sql", "db-Dec-02.sql"),
        ("shop-März.sql", "shop-April.sql", "shop-Mai.sql"),
    ],
)
def test_names_of_days_are_a_rotation_by_the_same_rule_as_numbers(names: tuple[str, ...]) -> None:
    in_turn = {name: number * DAY for number, name in enumerate(names)}
    [all_of_them] = generations(in_turn)
    assert all_of_them.name in names_of(names[0]) and all_of_them.holds(names[1])
    assert len(generations(dict.fromkeys(names, DAY))) == 3, "written together, they are databases of people"
