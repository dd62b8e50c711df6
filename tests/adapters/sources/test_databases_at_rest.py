"""Databases that stand still are read where they lie, once, and nothing is left beside them."""

import errno
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.looking.session import Look
from agent.adapters.sources import databases_at_rest
from agent.adapters.sources.databases_at_rest import AtRest
from agent.adapters.sqlite import copying
from agent.adapters.sqlite.reading import DatabaseUnread, NotLookedInto, look_at
from agent.core.kinds.kinds import Database
from agent.core.model.snapshots import DatabaseNote
from agent.core.snapshot.live_databases import Uncopied
from support.builders.databases import make_orders, makes_slow


class Business:
    def __init__(self, base: Path, look: Look) -> None:
        self.look = look
        self.database = make_orders(base / "srv" / "app.db", rows=300)
        self.carried = base / "carried" / "orders"
        self.carried.mkdir(parents=True)
        self.age()

    def age(self) -> None:
        long_ago = time.time_ns() - 10**12 + self.database.stat().st_size
        os.utime(self.database, ns=(long_ago, long_ago))

    def read(self) -> tuple[tuple[DatabaseNote, ...], tuple[Uncopied, ...]]:
        size = self.database.stat().st_size
        return self.read_all([Database(os.fsencode(self.database)[1:], size)])

    def read_all(
        self, databases: Sequence[Database]
    ) -> tuple[tuple[DatabaseNote, ...], tuple[Uncopied, ...]]:
        return AtRest(self.carried, self.look).read(databases)[:2]

    def another(self, number: int) -> Database:
        copy = self.database.with_name(f"{number}.db")
        shutil.copy2(self.database, copy)
        os.utime(copy, (1_600_000_000, 1_600_000_000))
        return Database(os.fsencode(copy)[1:], copy.stat().st_size)

    def tear(self) -> None:
        with self.database.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(8192))
        os.utime(self.database, (1_600_000_000, 1_600_000_000))


@pytest.fixture
def business(tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> Business:
    monkeypatch.setattr(copying, "RACY_NS", 0)  # what was made just now is as good as what is old
    return Business(tmp_path, look)


def test_rows_are_counted_and_nothing_is_left_beside_it(business: Business) -> None:
    with closing(sqlite3.connect(business.database)) as application:
        application.execute("PRAGMA journal_mode=WAL")
    before = sorted(business.database.parent.iterdir())
    [known], damaged = business.read()
    assert (known.path, known.rows) == (str(business.database), {"customers": 1, "orders": 300})
    assert damaged == ()
    assert sorted(business.database.parent.iterdir()) == before


def test_a_damaged_one_is_told_each_time_and_is_read_once(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    business.tear()
    first = business.read()
    assert (first[0], [each.is_damaged for each in first[1]]) == ((), [True])
    monkeypatch.setattr(databases_at_rest, "look_at", None)
    assert business.read() == first


def test_a_name_that_is_no_utf8_is_noted_as_any_other(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody who may write in a source can make one: it ended every snapshot of the process."""
    business.database = business.database.rename(business.database.with_name("old\udcff.db"))
    first = business.read()
    assert [known.path for known in first[0]] == [str(business.database)]
    monkeypatch.setattr(databases_at_rest, "look_at", None)
    assert business.read() == first


def test_one_that_is_damaged_in_place_at_its_old_time_is_read_again(business: Business) -> None:
    business.read()
    times = business.database.stat()
    business.tear()
    os.utime(business.database, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert [each.is_damaged for each in business.read()[1]] == [True]


def test_a_changed_one_is_read_again(business: Business) -> None:
    business.read()
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("DELETE FROM orders")
    [known], _ = business.read()
    assert known.rows["orders"] == 0


def test_what_has_no_turn_is_told_and_later_snapshots_go_on_with_it(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = [business.another(number) for number in range(5)]
    monkeypatch.setattr(databases_at_rest, "MOST_LOOKS", 2)
    for read in (2, 4):
        sound, told = business.read_all(several)
        assert [known.path for known in sound] == [f"/{os.fsdecode(each.path)}" for each in several[:read]]
        assert [(each.path, each.is_unread) for each in told] == [(x.path, True) for x in several[read:]]
    sound, told = business.read_all(several)
    assert (len(sound), told) == (5, ())


def test_nothing_is_known_of_what_is_not_read_in_time_or_has_a_log(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = business.database.with_name("app.db-journal")
    journal.write_bytes(b"half of a change")
    assert business.read() == ((), ())
    journal.unlink()
    monkeypatch.setattr(databases_at_rest, "MOST_SECONDS", 0.0)
    sound, [told] = business.read()
    assert (sound, told.is_unread) == ((), True)


def test_what_nobody_could_look_into_is_told_each_time_and_not_noted(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotLookedInto(f"{business.database} was not looked into: it ended.", "Look.")

    monkeypatch.setattr(databases_at_rest, "look_at", refuse)
    for _ in range(2):
        sound, [told] = business.read()
        assert (sound, told.is_unseen, told.hint) == ((), True, "Look.")
        assert told.why == "it was not looked into: it ended"
    monkeypatch.setattr(databases_at_rest, "look_at", look_at)
    assert len(business.read()[0]) == 1


def test_one_that_takes_long_is_told_and_is_given_more_time_until_it_is_read(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes_slow(business.database, damaged=True)
    business.age()
    monkeypatch.setattr(databases_at_rest, "LEAST_SECONDS", 0.15)
    for seconds in (0.15, 0.6):
        sound, [told] = business.read()
        assert (sound, told.is_unread, told.is_damaged) == ((), True, False)
        assert (
            told.why == f"it could not be read within {seconds:.0f} s; the next snapshot gives it more time"
        )
    monkeypatch.setattr(databases_at_rest, "LEAST_SECONDS", 1.0)  # sixteen times that is enough
    sound, [told] = business.read()
    assert (sound, told.is_damaged) == ((), True)
    assert business.read() == (sound, (told,))


def test_one_that_is_never_read_in_time_is_told_for_good_with_what_to_do_and_tried_no_more(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    def busy(_: Look, database: Path, seconds: float) -> None:
        tried.append(seconds)
        raise DatabaseUnread(f"{database} could not be read: out of memory.", "Try again later.")

    monkeypatch.setattr(databases_at_rest, "look_at", busy)
    told = [business.read()[1][0] for _ in range(7)]
    assert [round(seconds) for seconds in tried] == [5, 20, 80, 320, 600]
    assert {each.is_unread for each in told} == {True}
    assert told[0].why == "it could not be read: out of memory; the next snapshot gives it more time"
    assert told[-1].why == "it could not be read: out of memory"
    assert f'sqlite = "{business.database}"' in told[-1].hint
    monkeypatch.setattr(databases_at_rest, "look_at", look_at)
    business.age()
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("DELETE FROM orders")
    assert len(business.read()[0]) == 1, "it is another state of the file"


def test_what_was_late_waits_for_what_was_never_tried(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = [business.another(number) for number in range(3)]
    tried: list[str] = []

    def late(look: Look, database: Path, seconds: float) -> object:
        tried.append(database.name)
        if database.name == "0.db":
            raise DatabaseUnread(f"{database} could not be read in time.")
        return look_at(look, database, seconds)

    monkeypatch.setattr(databases_at_rest, "look_at", late)
    monkeypatch.setattr(databases_at_rest, "MOST_LOOKS", 1)
    for _ in range(4):
        business.read_all(several)
    assert tried == ["0.db", "1.db", "2.db", "0.db"]


def test_what_a_release_before_noted_without_reading_it_is_read(business: Business) -> None:
    business.read()
    [notes] = business.carried.parent.glob("*.note")
    notes.write_bytes(re.sub(rb'"rows":\{[^}]*\}', b'"rows":null', notes.read_bytes()))
    assert len(business.read()[0]) == 1


def test_one_that_has_no_room_to_be_read_is_told(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(databases_at_rest, "look_at", full)
    for _ in range(2):
        sound, [told] = business.read()
        assert (sound, told.is_unread, told.hint.startswith("Make room")) == ((), True, True)
        assert told.why.startswith(f"it has no room for a copy below {business.look.place}: No space left")


def test_a_log_that_is_no_file_is_told(business: Business) -> None:
    os.mkfifo(business.database.with_name("app.db-wal"))
    sound, [told] = business.read()
    assert (sound, told.is_unseen) == ((), True)
    assert told.why == "it cannot be copied: app.db-wal beside it cannot be read (it is no regular file)"


def test_values_that_a_column_should_not_have_are_no_damage(business: Business) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("CREATE TABLE notes (text)")
        application.execute("INSERT INTO notes VALUES (NULL)")
        application.execute("PRAGMA writable_schema=ON")
        application.execute(
            "UPDATE sqlite_master SET sql='CREATE TABLE notes (text NOT NULL)' WHERE name='notes'"
        )
    [known], damaged = business.read()
    assert (known.rows["notes"], damaged) == (1, ())


def test_a_schema_of_a_newer_sqlite_is_no_damage(business: Business) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("PRAGMA writable_schema=ON")
        application.execute(
            "UPDATE sqlite_master SET sql='CREATE TABLE orders (n) LATER' WHERE name='orders'"
        )
    assert business.read() == ((), ())


def test_notes_that_cannot_be_read_are_made_anew(business: Business) -> None:
    business.read()
    [notes] = business.carried.parent.glob("*.note")
    notes.write_bytes(b"[")
    assert len(business.read()[0]) == 1
