"""Proofs at the boundaries of what they allow; ages count from the snapshot."""

from datetime import timedelta

import pytest

from agent.core.drill.proofs import (
    AHEAD,
    CommandRun,
    FileTally,
    Soundness,
    failed,
    judge_archives,
    judge_command,
    judge_database,
    judge_file_count,
    judge_newest_file,
    judge_newest_row,
    not_tested,
    noted_rows,
    passed,
    tree_path,
)
from agent.core.model.snapshots import TableCounts
from support.builders.shop import HOUR, NOW, ago


def row(seconds_before: float) -> str:
    return judge_newest_row((NOW - timedelta(seconds=seconds_before)).isoformat(), HOUR, NOW).outcome


def file(seconds_before: float) -> str:
    tally = FileTally(files=1, newest=NOW - timedelta(seconds=seconds_before))
    return judge_newest_file(tally, HOUR, NOW).outcome


def test_a_newest_row_or_file_exactly_as_old_as_allowed_is_young_enough() -> None:
    assert (row(HOUR), row(HOUR + 1)) == ("passed", "failed")
    assert (file(HOUR), file(HOUR + 1)) == ("passed", "failed")


def test_a_row_may_be_a_day_younger_than_the_snapshot_and_no_more() -> None:
    assert (row(-AHEAD), row(-AHEAD - 1)) == ("passed", "not_tested")


def test_a_directory_of_files_from_the_future_tells_nothing_and_an_empty_one_is_bad() -> None:
    assert judge_newest_file(FileTally(files=2, ahead=2), HOUR, NOW) == not_tested(
        "it holds only 2 files dated later than the snapshot"
    )
    assert judge_newest_file(FileTally(files=0), HOUR, NOW) == failed("it holds no file")
    assert judge_newest_file(FileTally(files=1, moving=1), HOUR, NOW).outcome == "not_tested"
    assert judge_newest_file(FileTally(files=2, moving=1, newest=ago(9)), HOUR, NOW).outcome == "failed"


def test_exactly_as_many_files_as_expected_are_enough() -> None:
    assert judge_file_count(FileTally(files=3), 3).outcome == "passed"
    assert judge_file_count(FileTally(files=2), 3) == failed("2 files, at least 3 expected")


def test_files_without_content_are_neither_the_newest_nor_counted() -> None:
    assert judge_newest_file(FileTally(files=0, empty=1), HOUR, NOW) == failed("it is empty")
    assert judge_newest_file(FileTally(files=0, empty=8), HOUR, NOW) == failed("all 8 files of it are empty")
    some = FileTally(files=2, empty=8)
    assert judge_file_count(some, 2) == passed("2 files with content and 8 empty")
    assert judge_file_count(some, 3) == failed("2 files with content and 8 empty, at least 3 expected")


def test_of_many_tables_that_differ_five_are_told() -> None:
    noted = {f"t{number}": 1 for number in range(7)}
    reason = judge_database(Soundness(faults=(), rows={}), noted).reason

    assert reason.count("the table is missing") == 5
    assert reason.endswith("; and 2 more")


def test_a_bad_archive_outweighs_one_that_could_not_be_read() -> None:
    seen = [("a.zip", passed()), ("b.zip", not_tested("it is locked")), ("c.zip", failed("it is cut off"))]

    assert judge_archives(seen) == failed("c.zip: it is cut off")
    assert judge_archives(seen[:2]) == not_tested("b.zip: it is locked")


@pytest.mark.parametrize("status", [126, 127])
def test_a_command_that_a_shell_could_not_start_proves_nothing_unless_that_is_expected(status: int) -> None:
    run = CommandRun(status=status, stderr="sqlite3: not found")

    assert judge_command(run, None, 0).outcome == "not_tested"
    assert judge_command(run, None, status).outcome == "passed"


def test_a_configured_path_is_looked_for_below_the_restored_tree() -> None:
    assert [tree_path(path) for path in ("/srv/orders/", "srv//orders", "/srv/x/../orders")] == [
        "srv/orders"
    ] * 3


def test_counts_are_found_however_the_path_is_written() -> None:
    facts = (TableCounts("/srv/orders/o.db", "0-o.db", {"orders": 3}),)

    assert noted_rows("/srv//orders/o.db", facts) == {"orders": 3}
    assert noted_rows("/srv/other.db", facts) is None
