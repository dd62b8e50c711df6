"""What files and directories are, by their first bytes and by names."""

import pytest

from agent.core.kinds.kinds import (
    DUMP_WITH,
    ELASTICSEARCH,
    ETCD,
    HELD,
    LMDB,
    MARIADB,
    MONGODB,
    POSTGRESQL,
    REDIS,
    SQLITE,
    is_log,
    is_tablespace,
    kind_of,
    marked,
    topmost,
)


def test_databases_are_known_by_their_first_bytes_and_nothing_else_is() -> None:
    assert kind_of(b"SQLite format 3\0" + bytes(84)) == SQLITE
    assert kind_of(bytes(16) + b"\xde\xc0\xef\xbe") == LMDB
    assert kind_of(bytes(16) + b"\xbe\xef\xc0\xde") == LMDB
    assert [kind_of(head) for head in (b"", b"SQLite format 3", b"a letter about SQLite format 3\0")] == [
        ""
    ] * 3


def test_a_log_tells_of_a_database_whose_own_beginning_tells_nothing() -> None:
    assert is_log(b"srv/app.db-wal", b"\x37\x7f\x06\x83 and more")
    assert not is_log(b"srv/app.db", b"\x37\x7f\x06\x83 and more")
    assert not is_log(b"srv/app.db-wal", b"a letter")


@pytest.mark.parametrize(
    ("path", "directory", "kind"),
    [
        (b"srv/pg/global/pg_control", b"srv/pg", POSTGRESQL),
        (b"srv/pg/PG_VERSION", b"srv/pg", POSTGRESQL),
        (b"srv/my/ibdata1", b"srv/my", MARIADB),
        (b"srv/mongo/WiredTiger.wt", b"srv/mongo", MONGODB),
        (b"srv/redis/appendonlydir", b"srv/redis", REDIS),
        (b"srv/etcd/member/snap/db", b"srv/etcd", ETCD),
        (b"srv/es/node.lock", b"srv/es", ELASTICSEARCH),
    ],
)
def test_a_data_directory_is_known_by_a_name_that_nothing_else_has(
    path: bytes, directory: bytes, kind: str
) -> None:
    assert marked(path, path.rpartition(b"/")[2]) == (directory, kind)


@pytest.mark.parametrize("path", [b"srv/pg_control", b"srv/my-ibdata1", b"srv/db", b"srv/snap/db"])
def test_names_that_only_resemble_are_none(path: bytes) -> None:
    assert marked(path, path.rpartition(b"/")[2]) is None


def test_a_tablespace_is_known_by_its_version_and_catalogue() -> None:
    assert is_tablespace(b"PG_15_202209061")
    assert not any(map(is_tablespace, (b"PG_15", b"PG_15_2022", b"PG_dumps_202209061", b"images")))


def test_of_directories_in_one_another_the_topmost_counts() -> None:
    found = {b"srv/pg/base/1": POSTGRESQL, b"srv/pg": POSTGRESQL, b"srv/pg2": POSTGRESQL}
    assert [path for path, _ in topmost(found)] == [b"srv/pg", b"srv/pg2"]


def test_every_kind_of_server_has_a_way_to_dump_it() -> None:
    assert DUMP_WITH.keys() == HELD.keys()
