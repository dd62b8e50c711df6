"""Which databases are copied without being asked, and what is said of the others."""

from msgspec.structs import replace

from agent.core.configuration.config import NewestFileProof
from agent.core.kinds.kinds import DUMP_WITH, POSTGRESQL, Database, ServerDirectory
from agent.core.model.snapshots import TableCounts
from agent.core.snapshot.extent import NAMED, Moved, VitalPlace
from agent.core.snapshot.live_databases import (
    MOST_BYTES,
    MOST_DATABASES,
    ROOM,
    Copied,
    Uncopied,
    server_findings,
    sqlite_findings,
    to_copy,
    to_read,
)
from support.builders.live_files import scan
from support.builders.shop import process

ORDERS = process("orders", paths=("/srv/orders",))
APP = b"srv/orders/app.db"


def chosen(*databases: Database, before: bytes = b"", named: bytes = b"", log: bytes = b"") -> list[bytes]:
    found, _ = to_copy(scan(databases=databases), {before}, {named}, {log})
    return [each.path for each in found]


def test_what_stands_still_is_sound_as_a_file() -> None:
    assert chosen(Database(APP, 4096)) == []


def test_what_moved_has_a_log_or_was_copied_before_is_copied_unless_a_proof_names_it() -> None:
    assert chosen(Database(APP, 4096, moved=True)) == [APP]
    assert chosen(Database(APP, 4096), log=APP) == [APP]
    assert chosen(Database(APP, 4096), before=APP) == [APP]
    assert chosen(Database(APP, 4096, moved=True), named=APP) == []


def test_beyond_the_limits_each_database_is_told_with_the_limit() -> None:
    large = Database(b"srv/large.db", MOST_BYTES + 1, moved=True)
    many = [Database(b"srv/%d.db" % n, 4096, moved=True) for n in range(MOST_DATABASES + 1)]
    found, uncopied = to_copy(scan(databases=(large, *many)), (), (), [each.path for each in many])
    assert len(found) == MOST_DATABASES
    assert [each.path for each in uncopied] == [large.path, many[-1].path]
    assert "2.0 GiB" in uncopied[0].why
    assert "101 live databases" in uncopied[1].why


def test_beyond_the_limit_those_that_nobody_has_open_are_not_told_but_left_to_be_read() -> None:
    many = [Database(b"srv/%03d.db" % n, 4096, moved=True) for n in range(MOST_DATABASES)]
    found, uncopied = to_copy(
        scan(databases=(*many, Database(APP, 4096))), [APP], (), [APP, *(each.path for each in many[50:])]
    )
    assert uncopied == []
    assert [each.path for each in found] == [
        *(each.path for each in many[50:]), APP, *(each.path for each in many[:49]),
    ]  # fmt: skip


def test_a_log_without_a_known_database_is_that_of_an_encrypted_one() -> None:
    _, [uncopied] = to_copy(scan(logs=(APP,)), (), (), ())
    assert (uncopied.path, uncopied.is_encrypted) == (APP, True)
    assert to_copy(scan(logs=(APP,), databases=(Database(APP, 4096),)), (), (), ()) == ([], [])
    assert to_copy(scan(logs=(APP,)), (), {APP}, ()) == ([], [])


def test_a_database_that_began_to_move_during_the_snapshot_is_told_unless_it_is_copied() -> None:
    seen, moved = scan(databases=(Database(APP, 4096),)), Moved((APP,))
    [told] = sqlite_findings(ORDERS, seen, Copied(), moved)
    assert (told.code, told.severity, told.path) == ("sqlite-not-copied", "warning", "/srv/orders/app.db")
    assert told.hint == "Run: readiness snapshot orders"
    copy = TableCounts("/srv/orders/app.db", "found-1.db", {}, found=True)
    assert sqlite_findings(ORDERS, seen, Copied((copy,)), moved) == []
    assert sqlite_findings(ORDERS, seen, Copied(named=frozenset({APP})), moved) == []
    assert sqlite_findings(ORDERS, seen, Copied(), Moved()) == []


def test_what_nobody_could_look_into_is_told_with_what_to_do() -> None:
    unseen = Uncopied(APP, "it was not looked into", is_unseen=True, hint="Run: systemctl start it")
    [told] = sqlite_findings(ORDERS, scan(), Copied(uncopied=(unseen,)), Moved())
    assert (told.code, told.severity, told.hint) == ("not-looked-into", "warning", "Run: systemctl start it")
    assert told.message == (
        "/srv/orders/app.db is a SQLite database of which nothing is known: it was not looked into."
    )


def test_what_could_not_be_copied_is_told_with_one_thing_to_do() -> None:
    [told] = sqlite_findings(
        ORDERS, scan(), Copied(uncopied=(Uncopied(APP, "it was locked"),)), Moved((APP,))
    )
    assert "it was locked" in told.message
    assert 'sqlite = "/srv/orders/app.db"' in told.hint
    [told] = sqlite_findings(ORDERS, scan(), Copied(uncopied=(Uncopied(APP, "", True),)), Moved())
    assert "exclude /srv/orders/app.db" in told.hint
    [told] = sqlite_findings(
        ORDERS, scan(), Copied(uncopied=(Uncopied(APP, "it has no room", hint=ROOM),)), Moved()
    )
    assert told.hint.startswith("Make room"), "a proof would need the same room"
    many = tuple(Uncopied(b"srv/%d.db" % n, "it was locked") for n in range(NAMED + 3))
    assert sqlite_findings(ORDERS, scan(), Copied(uncopied=many), Moved())[-1].message.startswith("3 more")


def test_a_server_is_at_work_when_it_has_files_open_or_when_files_moved() -> None:
    stopped, running = ServerDirectory(b"srv/pg", POSTGRESQL), ServerDirectory(b"srv/pg", POSTGRESQL, True)
    assert server_findings(ORDERS, scan(servers=(stopped,)), Moved((b"srv/pg2/file",))) == []
    [told] = server_findings(ORDERS, scan(servers=(running,)), Moved())
    assert (told.code, told.severity, told.path) == ("live-database", "warning", "/srv/pg")
    assert DUMP_WITH[POSTGRESQL] in told.hint
    assert "exclude /srv/pg" in told.hint
    assert server_findings(ORDERS, scan(servers=(stopped,)), Moved((b"srv/pg/base/1/2",))) == [told]
    assert server_findings(ORDERS, scan(servers=(stopped,), moving=(b"srv/pg/base/1/2",)), Moved()) == [told]


def test_a_part_of_a_server_s_data_is_told_also_when_no_server_runs_and_once() -> None:
    base = ServerDirectory(b"srv/orders/base/1", POSTGRESQL)
    seen = {"extents": {base.path: (300, 9)}}
    [told] = server_findings(ORDERS, scan(servers=(base,), **seen), Moved())
    assert (told.code, told.severity, told.path) == ("live-database", "warning", "/srv/orders/base")
    assert "the rest is not saved" in told.message
    assert DUMP_WITH[POSTGRESQL] in told.hint
    [live] = server_findings(ORDERS, scan(servers=(replace(base, is_open=True),), **seen), Moved())
    assert "at work" in live.message


def test_a_damaged_database_is_bad_where_it_is_vital_and_a_warning_elsewhere() -> None:
    damaged = Copied(uncopied=(Uncopied(APP, "it is damaged: page 3 is bad", is_damaged=True),))
    vital = scan(vital=(VitalPlace("/srv/orders", b"srv/orders", is_file=False),))
    for seen, severity in ((vital, "error"), (scan(), "warning")):
        [told] = sqlite_findings(ORDERS, seen, damaged, Moved())
        assert (told.code, told.severity, told.path) == ("database-damaged", severity, "/srv/orders/app.db")
        assert told.message == "/srv/orders/app.db is damaged: page 3 is bad."
        assert "exclude /srv/orders/app.db" in told.hint
    [moving] = sqlite_findings(ORDERS, vital, damaged, Moved((APP,)))
    assert moving.code == "sqlite-not-copied"


def test_what_stands_still_is_read_however_many_there_are_and_what_is_vital_first() -> None:
    many = [Database(b"srv/%03d.db" % n, 4096) for n in range(MOST_DATABASES + 1)]
    large, vital = Database(b"srv/large.db", MOST_BYTES + 1), Database(APP, 4096)
    place = VitalPlace("/srv/orders/app.db", APP, is_file=True)
    seen = scan(databases=(*many, large, vital), vital=(place,))
    still, [told] = to_read(seen, (), ())
    assert still == [vital, *many]
    assert (told.path, told.is_unread, "2.0 GiB" in told.why) == (large.path, True, True)
    assert to_read(seen, {APP, large.path}, {many[0].path}) == (many[1:], [])


def test_what_nobody_has_read_yet_is_a_number_and_one_of_them_and_a_risk_where_it_counts() -> None:
    unread = [Uncopied(b"srv/orders/%d.db" % n, "others came first", is_unread=True) for n in range(30)]
    place = VitalPlace("/srv/orders", b"srv/orders", is_file=False)
    [told] = sqlite_findings(ORDERS, scan(vital=(place,)), Copied(uncopied=tuple(unread)), Moved())
    assert (told.code, told.severity, told.path) == ("not-looked-into", "warning", "/srv/orders/0.db")
    assert told.message == (
        "30 SQLite databases, such as /srv/orders/0.db, were not looked into yet: others came first."
    )
    assert told.hint.endswith("Run: readiness snapshot orders")
    [note] = sqlite_findings(ORDERS, scan(), Copied(uncopied=tuple(unread[:1])), Moved())
    assert (note.severity, note.message) == (
        "info",
        "/srv/orders/0.db is a SQLite database of which nothing is known yet: others came first.",
    )
    proven = process(
        "orders",
        paths=("/srv/orders",),
        proofs=(NewestFileProof(name="n", path="/srv/orders/*.db", max_age=1),),
    )
    [told] = sqlite_findings(proven, scan(), Copied(uncopied=tuple(unread)), Moved())
    assert told.severity == "warning"
    [late] = sqlite_findings(
        ORDERS,
        scan(databases=(Database(unread[0].path, 1),)),
        Copied(uncopied=(unread[0],)),
        Moved((unread[0].path,)),
    )
    assert late.code == "sqlite-not-copied", "it moved: that it is saved as a file only is worse"


def test_what_no_snapshot_reads_is_named_first_with_what_does() -> None:
    waits = Uncopied(b"srv/orders/a.db", "others came first", is_unread=True)
    large = Database(APP, MOST_BYTES + 1)
    _, [told] = to_read(scan(databases=(large,)), (), ())
    [note] = sqlite_findings(ORDERS, scan(), Copied(uncopied=(waits, told)), Moved())
    assert note.path == "/srv/orders/app.db"
    assert 'sqlite = "/srv/orders/app.db"' in note.hint
