"""The period that an auditor asks for: days that can be spoken of, or one sentence that says why not."""

from datetime import UTC, datetime

import pytest

from agent.core.audit.asked_period import asked_period
from agent.errors import UsageError

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # already the 21st in Berlin
TOO_EARLY = "lies before anything that readiness could have recorded"


def asked(first: str, last: str) -> tuple[datetime, datetime]:
    period = asked_period(first, last, "Europe/Berlin", NOW)
    return period.begins.astimezone(UTC), period.ends.astimezone(UTC)


def test_both_days_belong_to_it_and_may_be_one_and_the_same() -> None:
    begins, ends = asked("2026-11-21", "2026-11-21")

    assert begins == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert ends == datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2026-11-02", "2026-11-01", "--to 2026-11-01 lies before --from 2026-11-02."),
        ("2026-11-01", "2026-11-22", "--to 2026-11-22 lies in the future, by the clock in Europe/Berlin."),
        ("20261101", "2026-11-02", "--from 20261101 is not a day."),
        ("2026-W45-1", "2026-11-02", "--from 2026-W45-1 is not a day."),
        ("2026-11-31", "2026-12-01", "--from 2026-11-31 is not a day."),
        ("٢٠٢٦-11-01", "2026-11-02", "--from ٢٠٢٦-11-01 is not a day."),
        (
            "1969-12-31",
            "2026-11-02",
            "--from 1969-12-31 lies before anything that readiness could have recorded.",
        ),
    ],
)
def test_what_is_no_such_period_is_said_in_a_sentence(first: str, last: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        asked(first, last)
    assert error.value.message == why


def test_the_earliest_day_is_one() -> None:
    assert asked("1970-01-01", "1970-01-01")[0].year == 1969
