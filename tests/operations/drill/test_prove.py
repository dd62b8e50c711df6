"""Proofs judge restored data: good, bad, or not tested, and say why."""

import gzip
import os
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.adapters.drilling.archives import Archives
from agent.adapters.drilling.restored_files import RestoredFiles
from agent.adapters.looking.session import Look
from agent.adapters.sqlite.reading import SqliteDatabases
from agent.core.configuration.config import (
    ArchiveProof,
    CommandProof,
    CriticalProcess,
    FileCountProof,
    NewestFileProof,
    NewestRowProof,
    Proof,
    SqliteProof,
)
from agent.core.drill.proofs import (
    CommandRun,
    Judgement,
    Soundness,
    judge_command,
    judge_database,
    judge_newest_row,
    moment,
)
from agent.core.drill.verification import MovingFiles
from agent.core.model.drills import ProofResult
from agent.core.model.snapshots import TableCounts
from agent.operations.drill.prove import NOTHING_MOVING, Readers, RestoredTree, prove
from support.builders.databases import make_orders

AT = datetime(2026, 10, 23, 12, 0, tzinfo=UTC)
NOTED = {"orders": 48920, "customers": 7}


class FakeRunner:
    """Answers every command with one prepared run, and remembers what it was asked."""

    isolation = ("user",)

    def __init__(self, answer: CommandRun | None = None) -> None:
        self.answer = answer or CommandRun()
        self.asked: list[tuple[tuple[str, ...], int]] = []

    def run(self, command: tuple[str, ...], timeout: int) -> CommandRun:
        self.asked.append((command, timeout))
        return self.answer


def prove_one(
    tree: Path,
    *proofs: Proof,
    facts: tuple[TableCounts, ...] = (),
    runner: FakeRunner | None = None,
    moving: MovingFiles = NOTHING_MOVING,
) -> Sequence[ProofResult]:
    process = CriticalProcess(
        name="orders", paths=("/srv/orders",), rto=1, rpo=1, mtd=1, max_proof_age=1, proofs=proofs
    )
    with closing(Look(tree.with_name(f"{tree.name}.look"))) as look:
        readers = Readers(RestoredFiles(), SqliteDatabases(look), Archives(look))
        return prove(process, RestoredTree(tree), runner or FakeRunner(), facts, AT, readers, moving)


def said(results: Sequence[ProofResult]) -> list[tuple[str, str]]:
    return [(result.outcome, result.message) for result in results]


# ---- databases


def test_equal_counts_in_a_sound_database_pass() -> None:
    assert judge_database(Soundness((), NOTED), NOTED).outcome == "passed"


def test_a_lost_row_names_the_table_and_both_counts() -> None:
    judged = judge_database(Soundness((), NOTED | {"orders": 45808}), NOTED)
    assert judged == Judgement("failed", "orders: 45,808 rows, 48,920 were noted at snapshot time")


def test_a_lost_table_is_named() -> None:
    judged = judge_database(Soundness((), {"customers": 7}), NOTED)
    reason = "orders: the table is missing, 48,920 rows were noted at snapshot time"
    assert judged == Judgement("failed", reason)


def test_a_table_that_nobody_noted_is_named() -> None:
    judged = judge_database(Soundness((), NOTED | {"x": 0}), NOTED)
    assert judged == Judgement("failed", "x: the table was not there at snapshot time")


def test_a_sound_database_without_noted_counts_was_not_tested() -> None:
    assert judge_database(Soundness((), NOTED), None).outcome == "not_tested"


def test_damage_is_bad_even_without_noted_counts() -> None:
    assert judge_database(Soundness(("row 3 missing from index x",)), None).outcome == "failed"


@pytest.mark.parametrize(
    "written", ["/srv/orders/orders.db", "srv/orders/orders.db", "/srv//orders/./orders.db"]
)
def test_a_restored_database_is_found_however_its_path_is_written(tmp_path: Path, written: str) -> None:
    make_orders(tmp_path / "srv" / "orders" / "orders.db", rows=5)
    facts = (TableCounts("/srv/orders/orders.db", "copy", {"orders": 5, "customers": 1}),)
    results = prove_one(tmp_path, SqliteProof(name="sound", sqlite=written), facts=facts)
    assert said(results) == [("passed", "")]


def test_a_database_that_was_not_restored_fails(tmp_path: Path) -> None:
    results = prove_one(tmp_path, SqliteProof(name="sound", sqlite="/srv/orders/orders.db"))
    assert said(results) == [("failed", "/srv/orders/orders.db is not in the restored tree")]


def test_a_restored_link_to_a_live_database_is_not_followed(tmp_path: Path) -> None:
    live = make_orders(tmp_path / "live.db")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "orders.db").symlink_to(live)
    results = prove_one(tmp_path / "tree", SqliteProof(name="sound", sqlite="/orders.db"))
    assert said(results) == [("failed", "/orders.db is not in the restored tree")]


def test_a_restored_link_within_the_tree_is_followed(tmp_path: Path) -> None:
    make_orders(tmp_path / "srv" / "real" / "orders.db", rows=5)
    (tmp_path / "srv" / "orders").symlink_to("/srv/real")
    facts = (TableCounts("/srv/orders/orders.db", "copy", {"orders": 5, "customers": 1}),)
    results = prove_one(tmp_path, SqliteProof(name="sound", sqlite="/srv/orders/orders.db"), facts=facts)
    assert said(results) == [("passed", "")]


# ---- times


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-23 11:00:00",
        "2026-10-23T11:00:00Z",
        "2026-10-23T13:00:00+02:00",
        1792753200,
        1792753200.0,
        1792753200000,
        "1792753200",
    ],
)
def test_a_time_is_read_as_databases_keep_it(value: str | float) -> None:
    assert moment(value) == datetime(2026, 10, 23, 11, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "", float("inf"), float("nan"), 10**300, None])
def test_what_is_no_time_is_none(value: str | float | None) -> None:
    assert moment(value) is None


def test_a_newest_row_within_the_allowed_age_passes() -> None:
    assert judge_newest_row("2026-10-23 11:00", 3600, AT).outcome == "passed"


def test_an_older_newest_row_says_how_old() -> None:
    judged = judge_newest_row("2026-10-20 12:00", 7200, AT)
    assert judged.outcome == "failed"
    assert judged.reason.endswith("3 d older than the snapshot, 2 h is allowed")


def test_no_row_at_all_fails() -> None:
    assert judge_newest_row(None, 7200, AT) == Judgement("failed", "the query found no row")


def test_a_row_from_the_future_tells_nothing() -> None:
    assert judge_newest_row("2027-01-01", 7200, AT).outcome == "not_tested"


def test_an_answer_that_is_no_time_tells_nothing() -> None:
    assert judge_newest_row("shipped", 7200, AT).outcome == "not_tested"


def test_the_age_of_rows_counts_from_the_snapshot_however_old_that_is(tmp_path: Path) -> None:
    make_orders(tmp_path / "o.db")
    fresh = NewestRowProof(name="recent", sqlite="o.db", query="SELECT '2026-10-23 11:30'", max_age=3600)
    stale = NewestRowProof(name="recent", sqlite="o.db", query="SELECT '2026-10-22 11:30'", max_age=3600)
    assert [result.outcome for result in prove_one(tmp_path, fresh, stale)] == ["passed", "failed"]


def test_a_query_on_a_lost_table_fails(tmp_path: Path) -> None:
    make_orders(tmp_path / "o.db")
    proof = NewestRowProof(name="recent", sqlite="o.db", query="SELECT max(at) FROM lost", max_age=3600)
    ((outcome, message),) = said(prove_one(tmp_path, proof))
    assert outcome == "failed"
    assert "no such table: lost" in message


def test_a_query_that_only_the_application_can_run_is_not_tested_and_names_its_database(
    tmp_path: Path,
) -> None:
    make_orders(tmp_path / "srv" / "o.db")
    proof = NewestRowProof(name="recent", sqlite="/srv/o.db", query="SELECT f(1)", max_age=3600)
    lost = NewestRowProof(name="lost", sqlite="/srv/o.db", query="SELECT max(at) FROM lost", max_age=3600)
    told = said(prove_one(tmp_path, proof, lost))
    assert [outcome for outcome, _ in told] == ["not_tested", "failed"]
    for _, message in told:
        assert message.startswith("/srv/o.db ")
        assert str(tmp_path) not in message


# ---- files


def touch(path: Path, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_the_newest_file_decides(tmp_path: Path) -> None:
    touch(tmp_path / "srv" / "mail" / "a" / "new", AT - timedelta(minutes=30))
    touch(tmp_path / "srv" / "mail" / "old", AT - timedelta(days=9))
    proofs = [NewestFileProof(name="mail", path="/srv/mail", max_age=age) for age in (3600, 60)]
    assert [result.outcome for result in prove_one(tmp_path, *proofs)] == ["passed", "failed"]


def test_of_a_pattern_each_name_is_judged_by_its_newest_generation(tmp_path: Path) -> None:
    touch(tmp_path / "dumps" / "orders-2026-11-24.sql", AT - timedelta(days=9))
    touch(tmp_path / "dumps" / "orders-2026-11-25.sql", AT - timedelta(minutes=30))
    proof = NewestFileProof(name="dumps", path="/dumps/*.sql", max_age=3600)
    assert prove_one(tmp_path, proof)[0].outcome == "passed"
    touch(tmp_path / "dumps" / "customers.sql", AT - timedelta(days=10))
    [result] = prove_one(tmp_path, proof)
    assert (result.outcome, result.message[:20]) == ("failed", "dumps/customers.sql:")
    none = NewestFileProof(name="none", path="/dumps/*.gz", max_age=3600)
    assert prove_one(tmp_path, none)[0].message == "no file matches"


def test_a_dump_that_was_being_written_proves_nothing(tmp_path: Path) -> None:
    touch(tmp_path / "dumps" / "orders.sql", AT - timedelta(minutes=1))
    proof = NewestFileProof(name="dumps", path="/dumps/*.sql", max_age=3600)
    assert prove_one(tmp_path, proof)[0].outcome == "passed"
    moving = MovingFiles(frozenset({b"dumps/orders.sql"}))
    [(outcome, message)] = said(prove_one(tmp_path, proof, moving=moving))
    assert outcome == "not_tested"
    assert message.startswith("dumps/orders.sql: it was being written while the snapshot was taken")


def test_a_file_from_the_future_does_not_hide_stale_ones(tmp_path: Path) -> None:
    touch(tmp_path / "mail" / "broken-clock", AT + timedelta(days=900))
    touch(tmp_path / "mail" / "old", AT - timedelta(days=9))
    proof = NewestFileProof(name="mail", path="/mail", max_age=3600)
    assert prove_one(tmp_path, proof)[0].outcome == "failed"


def test_links_and_directories_are_no_files(tmp_path: Path) -> None:
    touch(tmp_path / "mail" / "one", AT)
    (tmp_path / "mail" / "link").symlink_to("one")
    (tmp_path / "mail" / "directory").mkdir()
    proofs = [FileCountProof(name="mail", path="/mail", at_least=least) for least in (1, 2)]
    expected = [("passed", ""), ("failed", "1 file, at least 2 expected")]
    assert said(prove_one(tmp_path, *proofs)) == expected


def test_a_directory_that_was_not_restored_fails_both_file_proofs(tmp_path: Path) -> None:
    count = FileCountProof(name="mail", path="/mail", at_least=0)
    newest = NewestFileProof(name="mail", path="/mail", max_age=60)
    assert said(prove_one(tmp_path, count, newest)) == [("failed", "it is not in the restored tree")] * 2


# ---- commands


def test_status_and_trimmed_output_decide() -> None:
    assert judge_command(CommandRun(stdout="ok\n"), "ok", 0).outcome == "passed"
    assert judge_command(CommandRun(status=3), None, 3).outcome == "passed"


def test_another_output_is_quoted_safely_beside_the_expected() -> None:
    judged = judge_command(CommandRun(stdout="\x1b[31mbad\n"), "ok", 0)
    assert judged.reason == 'it printed "\\x1b[31mbad", "ok" expected'


def test_another_status_says_what_was_complained() -> None:
    judged = judge_command(CommandRun(status=1, stderr="no such table\n"), "ok", 0)
    assert judged.reason == 'exit status 1, 0 expected: "no such table"'


def test_a_message_stays_short_whatever_was_printed() -> None:
    judged = judge_command(CommandRun(stdout="x" * 60000), "ok", 0)
    assert len(judged.reason) < 300
    assert len(judged.output) <= 2000


def test_the_end_of_what_was_printed_is_quoted() -> None:
    log = "starting\n" * 99 + "FATAL: the last word"
    for run in (CommandRun(status=1, stderr=log), CommandRun(status=1, stderr=" \n", stdout=log)):
        judged = judge_command(run, None, 0)
        assert judged.reason.endswith('FATAL: the last word"') and len(judged.reason) < 200
        assert judged.output.startswith("starting") or run.stdout == ""
    assert judge_command(CommandRun(stdout=log), "ok", 0).reason.startswith('it printed ... "')


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (CommandRun(trouble="it did not finish within 5 min"), "it did not finish within 5 min"),
        (CommandRun(trouble="it filled the disk", stderr="loading\n"), 'it filled the disk: "loading"'),
        (CommandRun(status=137), "it was killed"),
        (CommandRun(status=-9), "it was killed"),
        (CommandRun(status=153), "it wrote a larger file than it may"),
        (
            CommandRun(status=1, stderr="pg_restore: could not write: No space left on device"),
            'there was no room left to write: "pg_restore: could not write: No space left on device"',
        ),
        (CommandRun(stdout="0", stderr="cp: No space left on device"), "there was no room left to write"),
    ],
)
def test_what_ended_a_command_and_says_nothing_of_the_data_is_no_failure(run: CommandRun, said: str) -> None:
    judged = judge_command(run, "ok", 0)
    assert judged.outcome == "not_tested" and judged.reason.startswith(said)


def test_what_a_command_says_of_the_data_still_fails() -> None:
    assert judge_command(CommandRun(status=139, stderr="core dumped"), None, 0).outcome == "failed"
    assert judge_command(CommandRun(status=1, stderr="row 3 missing from index"), None, 0).outcome == "failed"
    assert judge_command(CommandRun(status=9), None, 9).outcome == "passed"


@pytest.mark.parametrize("facts", [(), (TableCounts("/orders.db", "0-orders.db", NOTED),)])
def test_a_database_that_may_be_encrypted_is_bad_only_where_its_rows_were_counted(
    tmp_path: Path, facts: tuple[TableCounts, ...]
) -> None:
    (tmp_path / "orders.db").write_bytes(os.urandom(4096))
    proofs = (
        SqliteProof(name="sound", sqlite="/orders.db"),
        NewestRowProof(name="new", sqlite="/orders.db", query="SELECT 1", max_age=60),
    )
    said_of = said(prove_one(tmp_path, *proofs, facts=facts))
    assert [outcome for outcome, _ in said_of] == ["failed" if facts else "not_tested"] * 2
    assert all("is no SQLite database, or is encrypted" in reason for _, reason in said_of)


@pytest.mark.parametrize("run", [CommandRun(unusable="not installed"), CommandRun(status=127)])
def test_a_command_that_never_ran_is_neither_good_nor_bad(run: CommandRun) -> None:
    assert judge_command(run, None, 0).outcome == "not_tested"


def test_built_in_proofs_look_before_commands_may_change_the_tree(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()

    class Spoiler(FakeRunner):
        def run(self, command: tuple[str, ...], timeout: int) -> CommandRun:
            (tmp_path / "mail" / "made-by-a-command").write_text("")
            return super().run(command, timeout)

    runner = Spoiler()
    command = CommandProof(name="command", command=("true",), timeout=7)
    count = FileCountProof(name="count", path="/mail", at_least=1)
    results = prove_one(tmp_path, command, count, runner=runner)
    assert [(result.name, result.outcome) for result in results] == [
        ("command", "passed"),
        ("count", "failed"),
    ]
    [(asked, timeout)] = runner.asked
    assert (asked[-1:], timeout) == (("true",), 7)


def test_a_command_is_told_of_which_snapshot_and_process_it_is_asked(tmp_path: Path) -> None:
    runner = FakeRunner()
    counted = TableCounts("/srv/shop.db", "shop.db", {"orders": 123})
    prove_one(tmp_path, CommandProof(name="command", command=("true",)), runner=runner, facts=(counted,))
    [(asked, _)] = runner.asked
    at, rows = AT.isoformat(timespec="seconds"), '{"/srv/shop.db": {"orders": 123}}'
    told = ("env", f"READINESS_SNAPSHOT_AT={at}", "READINESS_PROCESS=orders", f"READINESS_ROWS={rows}")
    assert asked == (*told, "true")


# ---- archives


def test_a_pattern_without_a_match_fails(tmp_path: Path) -> None:
    results = prove_one(tmp_path, ArchiveProof(name="books", archive="/srv/books/*.zip"))
    assert said(results) == [("failed", "no file matches")]


def test_a_bad_archive_among_good_ones_is_named(tmp_path: Path) -> None:
    (tmp_path / "books" / "old").mkdir(parents=True)
    (tmp_path / "books" / "new.gz").write_bytes(gzip.compress(b"good"))
    (tmp_path / "books" / "old" / "bad.gz").write_bytes(gzip.compress(b"good" * 99)[:-9])
    results = prove_one(tmp_path, ArchiveProof(name="books", archive="/books/**/*.gz"))
    assert said(results) == [("failed", "books/old/bad.gz: it ends too early")]
    results = prove_one(tmp_path, ArchiveProof(name="books", archive="/books/*.gz"))
    assert said(results) == [("passed", "")]
