"""Of the dumps that came back those are told that are not whole, and apart those that nobody could read."""

import gzip
from pathlib import Path

from agent.adapters.drilling.restored_dumps import cut_dumps
from agent.adapters.looking.session import Look
from agent.core.model.snapshots import DumpNote
from support.builders.shop import ago

BEGIN, END = b"-- MySQL dump 10.13\n", b"\n-- Dump completed\n"


def note(path: str, *, is_cut: bool = False, known: bool | None = True) -> DumpNote:
    return DumpNote(path, 9, ago(1), is_cut, known=known)


def test_what_is_cut_and_what_is_no_dump_any_more_is_told(tmp_path: Path, look: Look) -> None:
    contents = {"whole": BEGIN + END, "cut": BEGIN, "none": b"an error"}
    for name, content in contents.items():
        (tmp_path / f"{name}.sql.gz").write_bytes(gzip.compress(content))
    notes = {name: note(f"/{name}.sql.gz") for name in contents}
    gone = note("/dir/toc.dat", is_cut=True)
    (tmp_path / "other.sql.gz").write_bytes(gzip.compress(b"never was one"))
    dumps = [*notes.values(), gone, note("/gone.sql.gz"), note("/other.sql.gz", known=False)]
    assert cut_dumps(tmp_path, dumps, look) == ([notes["cut"], notes["none"], gone], [])


def test_what_nobody_could_read_is_neither(tmp_path: Path) -> None:
    (tmp_path / "packed.sql.gz").write_bytes(gzip.compress(BEGIN))
    (tmp_path / "plain.sql").write_bytes(BEGIN)
    plain = note("/plain.sql")
    cut, unseen = cut_dumps(tmp_path, [plain, note("/packed.sql.gz")], None)
    assert (cut, [each.path for each in unseen]) == ([plain], ["/packed.sql.gz"])
