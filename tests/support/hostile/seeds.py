"""Sound files of every kind that is looked into, made when they are needed: databases caught in the middle of
a transaction, archives of all methods. What a corpus of mutated ones begins with.

Of the standard library alone, so that an attacker in a container can make them as well.
"""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

PAGES = (512, 1024, 4096, 65536)
MODES = ("delete", "truncate", "persist", "wal")
BESIDE = ("-wal", "-journal")
# by the name of a database: what is harmless in its schema, and what of the same length is there in the end
TURNS = {
    "endless.db": (b"'%.*c', 000000009, 'a'", b"'%.*c', 100000000, 'a'"),  # weeks to find in one another
    "greedy.db": (b"zeroblob(000000009)", b"zeroblob(490000000)"),  # more memory than anything may take
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda content: gzip.compress(content, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "joined": lambda content: (
        gzip.compress(content[: len(content) // 2], mtime=0) + gzip.compress(content[len(content) // 2 :])
    ),
}
TABLES = """
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT UNIQUE, born AS (substr(name, 1, 4)) STORED);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer REFERENCES customers(id), text TEXT NOT NULL, blob);
CREATE INDEX by_text ON orders(text COLLATE NOCASE, customer DESC);
CREATE INDEX by_words ON orders(replace(upper(text), '0', 'O')) WHERE length(text) > 3;
CREATE TABLE stock(place TEXT, item INTEGER, amount, PRIMARY KEY(place, item)) WITHOUT ROWID;
CREATE VIEW open_orders AS SELECT name, text FROM orders JOIN customers ON customer = customers.id;
CREATE TRIGGER moved AFTER DELETE ON orders BEGIN UPDATE stock SET amount = amount + 1; END;
"""
WORDS = """
CREATE VIRTUAL TABLE words USING fts5(title, body);
CREATE VIRTUAL TABLE old_words USING fts4(body);
CREATE VIRTUAL TABLE places USING rtree(id, west, east);
INSERT INTO words VALUES('a shop', 'sells lamps and string');
INSERT INTO old_words VALUES('sells lamps');
INSERT INTO places VALUES(1, 0.5, 1.5);
"""


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A sound file, with what lies beside it by its ending ("-wal"); "" is the file itself.

    `kind` is database, zip, tar, or stream; what a stream holds is `inside` and packed by `packer`. `rows`
    are those of each table of a database. One that `hangs` keeps its reader for months, or takes all memory.
    """

    name: str
    kind: str
    files: dict[str, bytes]
    rows: dict[str, int] = field(default_factory=dict)
    inside: bytes = b""
    packer: str = ""
    hangs: bool = False


def seeds(place: Path) -> list[Seed]:
    """All of them, made in the directory `place`; the same ones in the same order every time."""
    databases = [database(place, page, mode) for page in PAGES for mode in MODES]
    return [
        *databases,
        _words(place),
        *(hanging(place, name) for name in TURNS),
        *_zips(),
        *_tars(),
        *_streams(),
        *bombs(),
    ]


# ---- databases ------------------------------------------------------------------------------


def _connect(path: Path, page: int = 4096, mode: str = "delete") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in (f"page_size={page}", f"journal_mode={mode}", "wal_autocheckpoint=0", "cache_size=1"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def database(place: Path, page: int, mode: str) -> Seed:
    """One whose application was in the middle of a transaction that it never ended."""
    path = place / f"{mode}-{page}.db"
    with closing(_connect(path, page, mode)) as connection:
        connection.executescript(TABLES)
        _trade(connection, 0, page)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute("INSERT INTO customers(id, name) VALUES(5000, 'the last one')")
        rows = rows_of(connection)
        connection.execute("BEGIN")
        connection.execute("DELETE FROM orders WHERE id % 3 = 0")
        _trade(connection, 1000, page)
        files = _caught(path)
        connection.execute("ROLLBACK")
    return Seed(name=path.name, kind="database", files=files, rows=rows)


def _trade(connection: sqlite3.Connection, first: int, page: int) -> None:
    """So much that it does not fit into the memory that the connection may use."""
    length = min(300, page // 8)
    orders = range(first, first + 40)
    connection.executemany(
        "INSERT INTO customers(id, name) VALUES(?, ?)", ((n, f"{n:04} Miller") for n in orders)
    )
    connection.executemany(
        "INSERT INTO orders VALUES(?, ?, ?, zeroblob(?))", ((n, n, f"{n:0{length}}", n % 7) for n in orders)
    )
    connection.executemany("INSERT INTO stock VALUES(?, ?, 5)", ((f"shelf {n % 5}", n) for n in orders))


def _caught(path: Path) -> dict[str, bytes]:
    beside = {ending: path.with_name(path.name + ending) for ending in BESIDE}
    return {"": path.read_bytes()} | {
        ending: file.read_bytes() for ending, file in beside.items() if file.exists()
    }


def rows_of(connection: sqlite3.Connection) -> dict[str, int]:
    """Of each ordinary table."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall()
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}


def _words(place: Path) -> Seed:
    """One with tables that are programs."""
    path = place / "words.db"
    with closing(_connect(path, 1024)) as connection:
        connection.executescript(TABLES + WORDS)
        _trade(connection, 0, 1024)
        rows = rows_of(connection)
    return Seed(name=path.name, kind="database", files=_caught(path), rows=rows)


def hanging(place: Path, name: str) -> Seed:
    """One whose index cannot be checked: a single call of a function, which SQLite does not interrupt."""
    path, (harmless, hostile) = place / name, TURNS[name]
    letters = f"printf({harmless.decode()})"
    call = (
        f"instr({letters} || {letters}, {letters} || a)"
        if name == "endless.db"
        else f"hex({harmless.decode()})"
    )
    with closing(_connect(path, 512)) as connection:
        connection.execute("CREATE TABLE t(a)")
        connection.execute(f"CREATE INDEX i ON t({call}, a)")
        connection.execute("INSERT INTO t VALUES('b')")
    content = path.read_bytes().replace(harmless, hostile)
    return Seed(name=name, kind="database", files={"": content}, hangs=True)


# ---- archives -------------------------------------------------------------------------------


def _contents() -> Iterator[tuple[str, bytes]]:
    yield "srv/orders/orders.csv", b"".join(b"%d;a lamp;12.50\n" % n for n in range(300))
    yield "srv/" + "long/" * 40 + "ordner-\u00fc.txt", b"a name that no old header holds\n"
    yield "srv/zeros", bytes(5000)
    yield "srv/empty", b""


def _zips() -> Iterator[Seed]:
    methods = {
        "stored": zipfile.ZIP_STORED,
        "deflated": zipfile.ZIP_DEFLATED,
        "bzip2": zipfile.ZIP_BZIP2,
        "lzma": zipfile.ZIP_LZMA,
    }
    for name, method in methods.items():
        for large in (False, True):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", method) as archive:
                for inner, content in _contents():
                    entry = zipfile.ZipInfo(inner)
                    entry.compress_type = method
                    with archive.open(entry, "w", force_zip64=large) as member:
                        member.write(content)
            kind = f"{name}{'-64' if large else ''}.zip"
            yield Seed(name=kind, kind="zip", files={"": packed.getvalue()})


def _tar(form: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for name, content in _contents():
            short = name[-90:] if form == tarfile.USTAR_FORMAT else name
            entry = tarfile.TarInfo(short.lstrip("/"))
            entry.size = len(content)
            if form == tarfile.PAX_FORMAT:
                entry.pax_headers = {"comment": "x" * 700, "mtime": "1700000000.25"}
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


TARS = {"ustar": tarfile.USTAR_FORMAT, "pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT}
DUMP = (
    b"-- MySQL dump 10.13\n" + b"INSERT INTO orders VALUES(1);\n" * 400 + b"-- Dump completed on 2026-11-30\n"
)


def _tars() -> Iterator[Seed]:
    for name, form in TARS.items():
        yield Seed(name=f"{name}.tar", kind="tar", files={"": _tar(form)})


def _streams() -> Iterator[Seed]:
    inside = {"sql": DUMP} | {f"{name}.tar": _tar(form) for name, form in TARS.items()}
    for name, content in inside.items():
        for packer, pack in PACKERS.items():
            yield Seed(
                name=f"{name}.{packer}",
                kind="stream",
                files={"": pack(content)},
                inside=content,
                packer=packer,
            )


def bombs() -> Iterator[Seed]:
    """What takes all memory of whoever believes it."""
    much = much_packed()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("bomb", much)
    yield Seed(name="bomb.zip", kind="zip", files={"": _as_bzip2(packed.getvalue())}, hangs=True)
    zeros = gzip.compress(bytes(32 << 20), mtime=0)
    for name, kind in (("long-name", tarfile.GNUTYPE_LONGNAME), ("attributes", tarfile.XHDTYPE)):
        entry = tarfile.TarInfo("././@LongLink")
        entry.type, entry.size = kind, 1200 << 20
        content = gzip.compress(entry.tobuf(tarfile.GNU_FORMAT), mtime=0) + zeros * 38
        yield Seed(name=f"{name}.tar.gz", kind="stream", files={"": content}, hangs=True)
    large = lzma.compress(b"x" * 100, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    yield Seed(name="dictionary.xz", kind="stream", files={"": large}, hangs=True)
    yield Seed(name="much.bz2", kind="stream", files={"": much}, hangs=True)


def much_packed(blocks: int = 32) -> bytes:
    """A bzip2 stream of 1.28 GB of zeros in some 2 KB: the same block over and over."""
    whole = bz2.compress(bytes(40_000_000))
    bits = "".join(f"{byte:08b}" for byte in whole)
    start, end = 32, bits.rindex(f"{0x177245385090:048b}")
    block, check = bits[start:end], int(bits[start + 48 : start + 80], 2)
    total = 0
    for _ in range(blocks):
        total = ((total << 1 | total >> 31) & 0xFFFFFFFF) ^ check
    made = bits[:start] + block * blocks + f"{0x177245385090:048b}{total:032b}"
    made += "0" * (-len(made) % 8)
    return int(made, 2).to_bytes(len(made) // 8, "big")


def _as_bzip2(stored: bytes) -> bytes:
    """The archive says that its only member is packed, and how long it is then."""
    made = bytearray(stored)
    for mark, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = made.index(mark)
        made[start + method : start + method + 2] = zipfile.ZIP_BZIP2.to_bytes(2, "little")
        made[start + method + 14 : start + method + 18] = (1_280_000_000).to_bytes(4, "little")
    return bytes(made)
