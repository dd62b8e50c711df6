"""What lies beside a database harms neither us nor our disk, whoever put it there."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from agent.adapters.looking.session import Look
from agent.adapters.sqlite import live
from agent.adapters.sqlite.copying import copy_consistently
from agent.adapters.sqlite.reading import DatabaseUnread, DatabaseUnusable, NoRoom, count_rows
from support.builders.databases import WAITS, application, make_orders
from support.hostile.databases import (
    BESIDE,
    crash,
    lasts_for_weeks,
    make_beside,
    name_super_journal,
    truncated_in_a_loop,
)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "state" / "ledger.db"
    file.parent.mkdir(mode=0o700)
    file.write_text("ours")
    return file


def test_a_journal_that_names_our_file_removes_nothing_and_is_refused(
    look: Look, tmp_path: Path, victim: Path
) -> None:
    source = make_orders(tmp_path / "srv" / "orders.db", rows=3000)
    name_super_journal(crash(source), victim)
    with pytest.raises(DatabaseUnread, match="names a file that would be removed") as refused:
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert refused.value.code == "not-tested"
    assert victim.read_text() == "ours"
    assert not (tmp_path / "copy.db").exists()


def test_played_back_by_who_looks_it_would_remove_nothing_either(
    look: Look, tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_names_another", lambda *_: False)
    source = make_orders(tmp_path / "srv" / "orders.db", rows=3000)
    name_super_journal(crash(source), victim)
    with suppress(DatabaseUnusable):  # the change is undone only where the file that is named is there
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert victim.read_text() == "ours"


def test_the_journal_of_an_honest_crash_is_played_back(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "srv" / "orders.db", rows=3000)
    journal = crash(source)
    before = {file: file.read_bytes() for file in (source, journal)}
    copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM orders WHERE length(text) = 200").fetchone() == (3000,)
    assert before == {file: file.read_bytes() for file in before}


@pytest.mark.parametrize("ending", ["-wal", "-journal", "-shm"])
@pytest.mark.parametrize("kind", BESIDE)
def test_what_is_no_log_costs_no_time_and_no_room(look: Look, tmp_path: Path, kind: str, ending: str) -> None:
    source = make_orders(
        tmp_path / "srv" / "orders.db", rows=3, journal="wal" if ending != "-journal" else "delete"
    )
    if ending == "-shm":
        source.with_name("orders.db-wal").touch()
    make_beside(kind, source.with_name(f"orders.db{ending}"))
    free, begun = os.statvfs(tmp_path).f_bavail, time.monotonic()
    try:
        copy_consistently(look, source, tmp_path / "copy.db", deadline=2)
    except (DatabaseUnread, DatabaseUnusable, NoRoom) as refused:
        assert "orders.db" in refused.message
    else:
        assert kind == "sparse"  # a whole log or index that says nothing is none
        assert count_rows(look, tmp_path / "copy.db")["orders"] == 3
    assert time.monotonic() - begun < 6
    assert os.statvfs(tmp_path).f_bavail > free - (8 << 20) // 4096
    assert os.listdir(look.place) in (["room"], [])


@pytest.mark.parametrize("kind", [kind for kind in BESIDE if kind != "sparse"])
def test_a_database_that_is_no_file_is_not_waited_for(look: Look, tmp_path: Path, kind: str) -> None:
    make_beside(kind, tmp_path / "orders.db")
    begun = time.monotonic()
    with pytest.raises(DatabaseUnusable, match="cannot be read"):
        copy_consistently(look, tmp_path / "orders.db", tmp_path / "copy.db", deadline=10)
    assert time.monotonic() - begun < 2


def test_a_function_that_lasts_for_weeks_ends_with_the_deadline(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.adapters.sqlite.copying.CHECK_SECONDS", 0.5)
    begun = time.monotonic()
    with pytest.raises(DatabaseUnread, match="could not be read in time"):
        copy_consistently(look, lasts_for_weeks(tmp_path / "orders.db"), tmp_path / "copy.db", deadline=1)
    assert time.monotonic() - begun < 5


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Path]:
    source = make_orders(tmp_path / "srv" / "orders.db", journal="wal")
    with application(source, "db.execute('INSERT INTO customers VALUES(2, 0)')\n" + WAITS):
        yield source


def test_an_index_that_is_truncated_in_a_loop_is_none_of_ours(
    look: Look, tmp_path: Path, at_work: Path
) -> None:
    with truncated_in_a_loop(at_work.with_name("orders.db-shm")):
        for _ in range(3):
            copy_consistently(look, at_work, tmp_path / "copy.db", deadline=10)
            assert count_rows(look, tmp_path / "copy.db")["customers"] == 2


def test_a_database_that_is_truncated_in_a_loop_kills_nobody(
    look: Look, tmp_path: Path, at_work: Path
) -> None:
    with truncated_in_a_loop(at_work):
        for _ in range(3):
            try:
                copy_consistently(look, at_work, tmp_path / "copy.db", deadline=0.3)
            except (DatabaseUnread, DatabaseUnusable) as refused:
                assert "orders.db" in refused.message
    assert not [name for name in os.listdir(look.place) if name != "room"]


def test_a_log_that_would_fill_the_disk_is_not_even_begun(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "srv" / "orders.db", journal="wal")
    make_beside("sparse", source.with_name("orders.db-wal"))
    monkeypatch.setattr(live, "copy_bytes", None)
    with pytest.raises(NoRoom, match=r"it takes 8\.0 TiB"):
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
