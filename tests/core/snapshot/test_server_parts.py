"""Which parts of a database server's data are saved without the rest."""

from typing import Any

import pytest

from agent.core.kinds.kinds import MARIADB, POSTGRESQL, REDIS, ServerDirectory
from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.server_parts import parts
from support.builders.live_files import scan

DATA = b"srv/pg/15/main"
TABLESPACE = b"srv/big/PG_15_202209061"
SHOP, CRM = b"srv/mysql-part/shop", b"srv/mysql-part/crm"


def found(*servers: bytes, roots: tuple[str, ...] = ("/srv/pg",), **seen: Any) -> list[bytes]:
    places = tuple(ServerDirectory(path, POSTGRESQL) for path in servers)
    identities = tuple(RootIdentity(root, 1, number, 100) for number, root in enumerate(roots))
    return [
        path for path, kind in parts(scan(servers=places, roots=identities, **seen)) if kind == POSTGRESQL
    ]


def test_a_whole_data_directory_is_no_part() -> None:
    assert found(DATA, controlled=frozenset({DATA})) == []
    assert found(DATA, controlled=frozenset({DATA}), roots=("/",)) == []


@pytest.mark.parametrize("left", ["pg_wal", "base/16384", "global/pg_filenode.map", "PG_VERSION", "pg_xact"])
def test_a_data_directory_of_which_a_pattern_takes_something_needed_is_a_part(left: str) -> None:
    excluded = (DATA + b"/" + left.encode(),)
    assert found(DATA, controlled=frozenset({DATA}), excluded=excluded) == [DATA]


@pytest.mark.parametrize("left", ["log", "postmaster.pid", "pg_stat_tmp", "base/pgsql_tmp", "pg_replslot"])
def test_what_each_start_makes_anew_may_be_excluded(left: str) -> None:
    excluded = (DATA + b"/" + left.encode(),)
    assert found(DATA, controlled=frozenset({DATA}), excluded=excluded) == []


def test_databases_without_their_data_directory_are_told_once() -> None:
    base = DATA + b"/base"
    extents = {base + b"/1": (300, 1), base + b"/5": (300, 1)}
    assert found(base + b"/1", base + b"/5", roots=("/" + base.decode(),), extents=extents) == [base]
    one = ("/" + base.decode() + "/5",)
    assert found(base + b"/5", roots=one, extents=extents) == [base + b"/5"]


def test_a_data_directory_without_global_is_a_part() -> None:
    assert found(DATA, extents={DATA + b"/base/1": (300, 1)}) == [DATA]
    assert found(DATA, controlled=frozenset({DATA}), roots=(f"/{DATA.decode()}/global",)) == [DATA]


def test_a_tablespace_is_a_part_unless_the_data_directory_that_links_to_it_is_saved_whole() -> None:
    whole: dict[str, Any] = {"controlled": frozenset({DATA}), "tablespaces": frozenset({b"srv/big"})}
    assert found(TABLESPACE, roots=("/srv/big",)) == [b"srv/big"]
    assert found(TABLESPACE, roots=("/srv/big/PG_15_202209061",)) == [TABLESPACE]
    assert found(TABLESPACE, DATA, roots=("/srv/big", "/srv/pg"), **whole) == []
    strange: dict[str, Any] = {**whole, "tablespaces": frozenset({b"srv/other"})}
    assert found(TABLESPACE, DATA, roots=("/srv/big", "/srv/pg"), **strange) == [b"srv/big"]


def test_a_file_that_is_only_called_like_theirs_is_nothing() -> None:
    assert found(b"srv/pg/notes") == []
    assert found(b"srv/pg/2024", extents={b"srv/pg/2024": (1, 3)}) == []
    redis = ServerDirectory(b"srv/pg/1", REDIS)
    assert parts(scan(servers=(redis,), extents={b"srv/pg/1": (9, 9)})) == []


@pytest.mark.parametrize(("controls", "told"), [((), [CRM, SHOP]), ((b"srv/mysql",), [])])
def test_a_mariadb_database_is_a_part_where_no_ibdata1_is_saved(
    controls: tuple[bytes, ...], told: list[bytes]
) -> None:
    """That may lie elsewhere than the databases; what a PostgreSQL server has is no help."""
    places = [ServerDirectory(path, MARIADB) for path in (SHOP, CRM, *controls)]
    places.append(ServerDirectory(DATA, POSTGRESQL))
    seen = scan(servers=tuple(places), controlled=frozenset((*controls, DATA)))
    assert [path for path, kind in parts(seen) if kind == MARIADB] == told
