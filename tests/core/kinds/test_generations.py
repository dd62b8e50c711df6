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
