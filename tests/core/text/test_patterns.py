"""Patterns name files: within a name, or over directories."""

import pytest

from agent.core.text.patterns import is_pattern, matches


@pytest.mark.parametrize("path", ["/srv/[2026] dumps", "/srv/dumps"])
def test_a_name_without_a_star_or_question_mark_is_none(path: str) -> None:
    assert not is_pattern(path)
    assert is_pattern(f"{path}/*.sql") and is_pattern(f"{path}/a?")


def test_a_star_stays_within_a_name_and_two_do_not() -> None:
    assert matches("/srv/dumps/a.sql", "/srv/dumps/*.sql")
    assert not matches("/srv/dumps/old/a.sql", "/srv/dumps/*.sql")
    assert matches("/srv/dumps/old/a.sql", "/srv//dumps/**/*.sql")
    assert not matches("/srv/dumps", "/srv/dumps/*")


def test_brackets_are_themselves() -> None:
    assert matches("/srv/[2026] dumps/a.sql", "/srv/[2026] dumps/*.sql")
    assert not matches("/srv/2 dumps/a.sql", "/srv/[2026] dumps/*.sql")
    assert matches("/srv/a[1]!.sql", "/srv/a[1]?.sql")
    assert not matches("/srv/a1.sql", "/srv/a[0-9].sql")
