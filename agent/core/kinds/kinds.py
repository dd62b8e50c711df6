"""What a file or a directory is, by its first bytes and by the names of what lies in it.

Databases that a server writes are no heap of files: a copy that was made meanwhile may hold half of a change.
"""

from msgspec import Struct

HEAD = 512  # bytes of a file that are looked at
SQLITE, LMDB = "q", "b"  # also flags in the witness, so that a file that has not changed stays known
# a dump by its content, by its name alone, of what cannot be told; and one that is not whole
KNOWN, NAMED, DUMP, CUT = "k", "n", "d", "c"
# of which nobody saw whether it is whole, or a dump at all: with the next scan it is looked at again
UNSEEN, UNSEEN_HEAD = "x", "h"
DUMPS = frozenset({KNOWN, NAMED, DUMP, CUT, UNSEEN})
KINDS = frozenset({SQLITE, LMDB, UNSEEN_HEAD}) | DUMPS
AT_REST = frozenset(kind.encode() for kind in KINDS - {UNSEEN, UNSEEN_HEAD})

_LMDB_MAGIC = (b"\xde\xc0\xef\xbe", b"\xbe\xef\xc0\xde")  # in the byte order of either machine
_LMDB_AT = 16
_SQLITE_HEAD = b"SQLite format 3\x00"
LOG_ENDING = b"-wal"
_LOG_HEADS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # of a write-ahead log

POSTGRESQL, MARIADB, REDIS, MONGODB = "PostgreSQL", "MariaDB or MySQL", "Redis", "MongoDB"
ETCD, ELASTICSEARCH, LMDB_NAME = "etcd", "Elasticsearch or OpenSearch", "LMDB, as OpenLDAP has,"

# how the paths in a data directory end that nothing else has, by their last name
_MARKERS: dict[bytes, tuple[tuple[bytes, str], ...]] = {
    b"pg_control": ((b"global/pg_control", POSTGRESQL),),
    b"PG_VERSION": ((b"PG_VERSION", POSTGRESQL),),
    b"ibdata1": ((b"ibdata1", MARIADB),),
    b"aria_log_control": ((b"aria_log_control", MARIADB),),
    b"WiredTiger.wt": ((b"WiredTiger.wt", MONGODB),),
    b"dump.rdb": ((b"dump.rdb", REDIS),),
    b"appendonlydir": ((b"appendonlydir", REDIS),),
    b"appendonly.aof": ((b"appendonly.aof", REDIS),),
    b"db": ((b"member/snap/db", ETCD),),
    b"node.lock": ((b"node.lock", ELASTICSEARCH),),
}
MARKER_NAMES = frozenset(_MARKERS)
# at what of a data directory a start begins: without it there are only parts
CONTROLS = frozenset({b"pg_control", b"ibdata1", b"aria_log_control"})
# files that a running server holds open or locked, or that name its process, below a data directory
HELD: dict[str, tuple[str, ...]] = {
    POSTGRESQL: (),
    MARIADB: ("ibdata1", "aria_log_control"),
    MONGODB: ("mongod.lock", "WiredTiger.lock", "WiredTiger.wt"),
    REDIS: (),
    ETCD: ("member/snap/db",),
    ELASTICSEARCH: ("node.lock",),
    LMDB_NAME: ("lock.mdb", "data.mdb"),
}
PID_FILES = {POSTGRESQL: "postmaster.pid", MONGODB: "mongod.lock"}

DUMP_WITH = {
    POSTGRESQL: "pg_dump -Fc DATABASE > FILE.new && mv FILE.new FILE",
    MARIADB: "mariadb-dump --single-transaction --routines --events DATABASE > FILE.new && mv FILE.new FILE",
    REDIS: "redis-cli --rdb FILE.new && mv FILE.new FILE",
    MONGODB: "mongodump --archive=FILE.new && mv FILE.new FILE",
    ETCD: "etcdctl snapshot save FILE",
    ELASTICSEARCH: "a snapshot into a repository of its own (PUT _snapshot)",
    LMDB_NAME: "slapcat > FILE.new && mv FILE.new FILE, or mdb_copy",
}


class ServerDirectory(Struct, frozen=True):
    """A data directory of a database server, or the file when its database is a single one."""

    path: bytes  # without a leading slash
    kind: str
    is_open: bool = False  # a server has it open now


class Database(Struct, frozen=True):
    """A SQLite database by its first bytes; `moved`: it is new, or another than at the last snapshot."""

    path: bytes
    size: int
    moved: bool = False


class Dump(Struct, frozen=True):
    """A dump that a scan met; `is_cut`: it does not end as its kind does, or holds nothing."""

    path: bytes
    size: int
    mtime_ns: int
    is_cut: bool = False
    pieces: int = 1  # files that it was cut up into; the path is that of the first
    known: bool | None = None  # its content is of a kind that we know, or has to be; None: it cannot be told


class Unseen(Struct, frozen=True):
    """A packed dump, or a packed file that may be one, which nobody could look into, and why."""

    path: str  # absolute
    why: str
    hint: str = ""
    is_dump: bool = True


def kind_of(head: bytes) -> str:
    """The flag of the kind that a file's first bytes tell; "" for all else."""
    if head.startswith(_SQLITE_HEAD):
        return SQLITE
    return LMDB if head[_LMDB_AT : _LMDB_AT + 4] in _LMDB_MAGIC else ""


def is_log(name: bytes, head: bytes) -> bool:
    """Whether it is the write-ahead log of a SQLite database; the database itself may be encrypted."""
    return name.endswith(LOG_ENDING) and head[:4] in _LOG_HEADS


def marked(path: bytes, name: bytes) -> tuple[bytes, str] | None:
    """The data directory that a file or directory of this path betrays, with the kind of server."""
    for ending, kind in _MARKERS.get(name, ()):
        if path.endswith(b"/" + ending):
            return path[: -len(ending) - 1], kind
    return None


def is_tablespace(name: bytes) -> bool:
    """Whether a directory of this name holds tables of PostgreSQL outside of its data directory."""
    version, _, catalogue = name[3:].partition(b"_")
    return name[:3] == b"PG_" and version.isdigit() and len(catalogue) == 9 and catalogue.isdigit()


def topmost(found: dict[bytes, str]) -> list[tuple[bytes, str]]:
    """Without those that lie in another: each database of PostgreSQL has a PG_VERSION of its own."""
    kept: list[tuple[bytes, str]] = []
    for path in sorted(found, key=lambda each: each.replace(b"/", b"\0")):
        if not kept or not (path + b"/").startswith(kept[-1][0] + b"/"):
            kept.append((path, found[path]))
    return kept
