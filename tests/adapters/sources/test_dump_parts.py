"""A dump in pieces is one, and whole when they make one; a directory of tables needs its contents."""

import gzip
import os
import time
from contextlib import closing
from io import FileIO
from pathlib import Path

import pytest

from agent.adapters.looking.files import open_below
from agent.adapters.looking.session import Look
from agent.adapters.sources import dump_ends, dump_parts
from agent.adapters.sources.census import Census
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.dump_parts import is_cut_dump, whole_dumps
from agent.adapters.sources.scan import Scanner
from agent.core.kinds.kinds import KNOWN, Dump

BEGIN, END = b"--\n-- PostgreSQL database dump\n--\n", b"--\n-- PostgreSQL database dump complete\n--\n\n"
WHOLE = BEGIN + b"".join(b"%d\tten pieces\n" % number for number in range(9000)) + END
TABLE = b"1\tten pieces\n\\.\n\n\n"


def scan(base: Path, look: Look, *exclude: str) -> dict[str, Dump]:
    """What a scan says of dumps below `base`, by their names there; the second scan reads nothing anew."""
    (base / "carried").mkdir(exist_ok=True)
    found: list[tuple[Dump, ...]] = []
    for _ in range(2):
        with closing(
            Scanner(base / "carried", [str(base / "srv")], exclude, (), dumps=Dumps(look))
        ) as scanner:
            found.append(scanner.scan(time.time_ns() + 10**12, lambda *_: None).dumps)
            scanner.keep(unchanged=False)
    assert found[0] == found[1]
    return {str(Path("/", dump.path.decode()).relative_to(base / "srv")): dump for dump in found[0]}


@pytest.fixture
def srv(tmp_path: Path) -> Path:
    (tmp_path / "srv").mkdir()
    return tmp_path / "srv"


def split(file: Path, content: bytes, names: list[str]) -> list[Path]:
    made = [file.with_name(f"{file.name}{name}") for name in names]
    step = -(-len(content) // len(made))
    for number, piece in enumerate(made):
        piece.write_bytes(content[number * step : (number + 1) * step])
    return made


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "names",
    [[".aa", ".ab", ".ac"], [".00", ".01", ".02"], [".001", ".002"], [".part1", ".part2"], [".0", ".1"]],
)
def test_a_dump_in_pieces_is_whole_when_they_make_one(
    srv: Path, tmp_path: Path, look: Look, names: list[str], packed: bool
) -> None:
    content = gzip.compress(WHOLE) if packed else WHOLE
    made = split(srv / "a.sql", content, names)
    [(name, dump)] = scan(tmp_path, look).items()
    assert (name, dump.is_cut, dump.size, dump.pieces) == (made[0].name, False, len(content), len(made))
    assert not is_cut_dump(made[0], Dumps(look))
    made[-1].write_bytes(made[-1].read_bytes()[:-50])
    assert is_cut_dump(made[0], Dumps(look))
    assert packed or scan(tmp_path, look)[made[0].name].is_cut  # of packed ones only a drill reads every byte
    made[-1].unlink()
    assert is_cut_dump(made[0], Dumps(look))
    assert scan(tmp_path, look)[made[0].name].is_cut or (packed and len(made) > 2)


def test_another_dump_is_no_piece_of_one_that_is_cut(srv: Path, tmp_path: Path, look: Look) -> None:
    (srv / "a.sql.1").write_bytes(WHOLE[:-50])
    (srv / "a.sql.2").write_bytes(WHOLE)
    assert {name: dump.is_cut for name, dump in scan(tmp_path, look).items()} == {
        "a.sql.1": True,
        "a.sql.2": False,
    }
    assert is_cut_dump(srv / "a.sql.1", Dumps(look))


@pytest.mark.parametrize("packed", [False, True])
def test_a_directory_of_tables_without_its_contents_is_cut(
    srv: Path, tmp_path: Path, look: Look, packed: bool
) -> None:
    (srv / "dir").mkdir()
    pack, name = (gzip.compress, ".dat.gz") if packed else (bytes, ".dat")
    (srv / "dir" / f"3456{name}").write_bytes(pack(TABLE))
    (srv / "dir" / f"3457{name}").write_bytes(pack(TABLE * 9)[:-30])  # pg_dump was killed
    assert {name: dump.is_cut for name, dump in scan(tmp_path, look).items()} == {"dir/toc.dat": True}
    (srv / "dir" / "toc.dat").touch()
    assert scan(tmp_path, look)["dir/toc.dat"].is_cut
    (srv / "dir" / "toc.dat").write_bytes(b"PGDMP\x01\x0e")
    assert not scan(tmp_path, look)["dir/toc.dat"].is_cut


def contents(*names: bytes) -> bytes:
    """As pg_dump -Fd writes it: a name follows its length, and that a list that ends with -1."""
    strings = [b"\x00" + len(name).to_bytes(4, "little") + name for name in (b"3399.dat", *names)]
    return b"PGDMP\x01\x0e\x00\x04\x08\x03\x01" + b"\x01\x01\x00\x00\x00".join(strings)


def test_a_directory_dump_needs_each_file_that_its_contents_name(
    srv: Path, tmp_path: Path, look: Look
) -> None:
    place = srv / "dir"
    place.mkdir()
    named = contents(b"3382.dat", b"3383.dat", b"blobs.toc", b"the word 3399.dat in a comment")
    (place / "toc.dat").write_bytes(named)
    needed = {
        "3382.dat.gz": TABLE,
        "3383.dat.zst": TABLE,
        "blobs.toc": b"16 blob_16.dat\n",
        "blob_16.dat": b"",
    }
    for name, content in needed.items():
        (place / name).write_bytes(content)

    def is_cut() -> bool:
        [found] = scan(tmp_path, look).values()
        assert is_cut_dump(place / "toc.dat", Dumps(look)) == found.is_cut
        return found.is_cut

    assert not is_cut()
    for name, content in needed.items():
        (place / name).unlink()
        assert is_cut(), name
        (place / name).touch()
        assert is_cut() == (".dat." in name), name
        (place / name).write_bytes(content)
    assert not is_cut()


def test_what_an_exclude_keeps_out_is_in_no_directory_dump(srv: Path, tmp_path: Path, look: Look) -> None:
    (srv / "dir").mkdir()
    (srv / "dir" / "toc.dat").write_bytes(contents(b"3382.dat"))
    (srv / "dir" / "3382.dat").write_bytes(TABLE)
    assert [dump.is_cut for dump in scan(tmp_path, look).values()] == [False]
    assert [dump.is_cut for dump in scan(tmp_path, look, "*.dat").values()] == []
    assert [dump.is_cut for dump in scan(tmp_path, look, "3*.dat").values()] == [True]


@pytest.mark.parametrize(
    "files",
    [
        {"0001.dat": b"a measured value\n", "0002.dat": b"another\n"},
        {"0001.dat.gz": gzip.compress(b"a measured value\n")},
        {"3456.dat": TABLE, "readme": b"x"},
        {"blobs.toc": b"16400 blob_16400.dat\n"},
    ],
)
def test_others_number_their_data_too(srv: Path, tmp_path: Path, look: Look, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (srv / name).write_bytes(content)
    assert scan(tmp_path, look) == {}


def test_a_dump_that_became_empty_is_cut_and_stays_so(srv: Path, tmp_path: Path, look: Look) -> None:
    (srv / "a.sql").write_bytes(WHOLE)
    (srv / "down.sql").touch()
    assert [dump.is_cut for dump in scan(tmp_path, look).values()] == [False]
    (srv / "a.sql").write_bytes(b"")
    assert {name: dump.is_cut for name, dump in scan(tmp_path, look).items()} == {"a.sql": True}


def test_links_of_others_lead_to_no_tables(srv: Path, tmp_path: Path, look: Look) -> None:
    """Between the walk and this, a directory may become a link to one that only we may read."""
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "3456.dat").write_bytes(TABLE)
    (srv / "dir").symlink_to(tmp_path / "others")
    census = Census([], first=True)
    base = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:

        def found(directory: str) -> list[Dump]:
            census.without_contents = lambda: [(directory.encode(), 9, 9)]  # type: ignore[method-assign]
            return list(whole_dumps(base, census, lambda _: False, Dumps(look)))

        assert [dump.path for dump in found("others")] == [b"others/toc.dat"]
        assert found("srv/dir") == []
        census.dumps.append(Dump(b"srv/dir/3456.dat.0", 9, 9, is_cut=True))
        (tmp_path / "others" / "3456.dat.0").write_bytes(TABLE)
        (tmp_path / "others" / "3456.dat.1").write_bytes(TABLE)
        assert [dump.pieces for dump in found("srv/dir")] == [1]
    finally:
        os.close(base)


def test_hard_links_to_one_table_of_contents_are_read_up_to_a_limit_and_others_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    class Read(FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(-1 if size is None else size)
            read.append(len(content))
            return content

    monkeypatch.setattr(dump_parts, "open_file", lambda base, path: Read(open_below(base, path)))
    monkeypatch.setattr(dump_ends, "MOST_CONTENTS", 1500)
    census, dumps = Census([b"srv"], first=True), Dumps()
    (tmp_path / "one").write_bytes(b"PGDMP\x01\x0e\x00\x04" + bytes(700))
    for name in "abcd":
        (tmp_path / name).mkdir()
        (tmp_path / name / "toc.dat").hardlink_to(tmp_path / "one")
        census.content(f"{name}/toc.dat".encode(), 709, KNOWN, changed=True)
    base = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = list(whole_dumps(base, census, lambda _: False, dumps))
    finally:
        os.close(base)
    assert [dump.is_cut for dump in found] == [False] * 4
    assert [(unseen.path, unseen.is_dump) for unseen in dumps.unseen] == [
        ("/c/toc.dat", True),
        ("/d/toc.dat", True),
    ]
    assert all(unseen.why.startswith("tables of contents before it") for unseen in dumps.unseen)
    assert sum(read) <= 1500, "what is beyond the limit costs nothing"
