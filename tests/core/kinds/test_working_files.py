"""Which files databases write beside their data, by the names in their own manuals."""

import pytest

from agent.core.kinds.working_files import is_transient, is_working


@pytest.mark.parametrize(
    "path",
    [
        b"srv/orders.db-wal",
        b"srv/orders.db-journal",
        b"srv/redis/appendonlydir/appendonly.aof.7.incr.aof",
        b"srv/redis/appendonly.aof",
        b"srv/pg/pg_wal/000000010000000000000001",
        b"srv/my/ib_logfile0",
        b"srv/my/#innodb_redo/#ib_redo12",
        b"srv/my/mysql-bin.000042",
        b"srv/my/binlog.000042",
        b"srv/my/aria_log.00000001",
        b"srv/mongo/journal/WiredTigerLog.0000000001",
    ],
)
def test_a_log_says_nothing_of_how_much_data_there_is_and_its_content_counts(path: bytes) -> None:
    assert (is_working(path), is_transient(path)) == (True, False)


@pytest.mark.parametrize(
    "path",
    [
        b"srv/orders.db-shm",
        b"srv/pg/pg_subtrans/0000",
        b"srv/pg/pg_notify/0000",
        b"srv/pg/base/pgsql_tmp/pgsql_tmp123.0",
        b"srv/pg/base/5/pg_internal.init",
        b"srv/my/ibtmp1",
        b"srv/my/#innodb_temp/temp_1.ibt",
        b"srv/my/shop/#sql-1a_2.MYD",
        b"srv/redis/temp-rewriteaof-12.aof",
        b"srv/redis/temp-12.rdb",
        b"srv/ldap/lock.mdb",
        b"srv/mongo/journal/WiredTigerPreplog.0000000001",
    ],
)
def test_what_each_start_makes_anew_is_nothing_anybody_wants_back(path: bytes) -> None:
    assert is_working(path) and is_transient(path)


@pytest.mark.parametrize(
    "path",
    [
        b"srv/orders.db",
        b"srv/pg/base/5/2619",
        b"srv/pg/pg_xact/0000",
        b"srv/pg/pg_multixact/offsets/0000",
        b"srv/my/ibdata1",
        b"srv/my/undo_001",
        b"srv/my/shop/orders.ibd",
        b"srv/redis/dump.rdb",
        b"srv/redis/appendonlydir/appendonly.aof.7.base.rdb",
        b"srv/ldap/data.mdb",
        b"srv/letters/journal.txt",
        b"srv/pg_wal",
        b"top",
    ],
)
def test_data_is_data(path: bytes) -> None:
    assert not is_working(path) and not is_transient(path)
