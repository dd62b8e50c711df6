"""Archives are read to their end; what is damaged is found, and bombs are bounded."""

import bz2
import gzip
import io
import lzma
import os
import re
import resource
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.drilling.archives import MOST_BYTES, Archives
from agent.adapters.looking import starting
from agent.adapters.looking.session import Look
from support.hostile.archives import tar_of_a_long_header, zip_of_zeros

CONTENT = os.urandom(300_000)
Outcome = Callable[..., tuple[str, str]]


def tar(compression: str = "") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for number in range(4):
            entry = tarfile.TarInfo(f"../../invoices/{number}" + "long" * 60)
            entry.size = len(CONTENT)
            archive.addfile(entry, io.BytesIO(CONTENT))
    return made.getvalue()


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"../../invoices/{number}", CONTENT)
    return made.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "zip": zipped,
    "tar": tar,
    "tar.gz": lambda: tar("gz"),
    "tar.bz2": lambda: tar("bz2"),
    "tar.xz": lambda: tar("xz"),
    "gz": lambda: gzip.compress(CONTENT),
    "bz2": lambda: bz2.compress(CONTENT),
    "xz": lambda: lzma.compress(CONTENT),
    "two gz": lambda: gzip.compress(CONTENT) + gzip.compress(CONTENT),
    "two bz2": lambda: bz2.compress(CONTENT) + bz2.compress(CONTENT),
    "two xz": lambda: lzma.compress(CONTENT) + bytes(8) + lzma.compress(CONTENT),
}


@pytest.fixture
def outcome(look: Look) -> Outcome:
    """What is said of an archive with this content."""

    def judged(
        path: Path, content: bytes, most_bytes: int = MOST_BYTES, seconds: float = 60
    ) -> tuple[str, str]:
        path.write_bytes(content)
        found = Archives(look, most_bytes, seconds).examine(path)
        return found.outcome, found.reason

    return judged


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_archive_passes_whatever_its_name(outcome: Outcome, tmp_path: Path, kind: str) -> None:
    assert outcome(tmp_path / "archive", KINDS[kind]()) == ("passed", "")
    assert os.listdir(tmp_path) == ["archive"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [0.0, 0.02, 0.4, 0.97])
def test_a_truncated_archive_fails(outcome: Outcome, tmp_path: Path, kind: str, left: float) -> None:
    whole = KINDS[kind]()
    assert outcome(tmp_path / "archive", whole[: int(len(whole) * left)])[0] == "failed"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tar"])
@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_flipped_bit_fails(outcome: Outcome, tmp_path: Path, kind: str, where: float) -> None:
    content = bytearray(KINDS[kind]())
    content[int(len(content) * where)] ^= 0x10
    assert outcome(tmp_path / "archive", bytes(content))[0] == "failed"


def test_zeros_behind_it_fill_up_a_block_and_hide_nothing(outcome: Outcome, tmp_path: Path) -> None:
    zeros = bytes(3 << 20)
    archive, packed = tmp_path / "archive", gzip.compress(CONTENT)
    assert outcome(archive, packed + zeros)[0] == "passed"
    assert outcome(archive, packed + zeros + packed)[0] == "passed"
    assert outcome(archive, packed + zeros + b"rubbish")[0] == "failed"
    assert outcome(archive, packed + zeros + packed[:-9])[0] == "failed"


def test_a_plain_tar_cut_between_two_entries_fails(outcome: Outcome, tmp_path: Path) -> None:
    whole = tar()
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        cut = archive.getmembers()[2].offset
    assert outcome(tmp_path / "archive", whole[:cut])[0] == "failed"


def test_a_plain_tar_with_a_damaged_header_in_the_middle_fails(outcome: Outcome, tmp_path: Path) -> None:
    whole = bytearray(tar())
    with tarfile.open(fileobj=io.BytesIO(bytes(whole))) as archive:
        offset = archive.getmembers()[2].offset
    whole[offset + 130] ^= 0x04
    assert outcome(tmp_path / "archive", bytes(whole))[0] == "failed"


def test_what_is_no_archive_fails(outcome: Outcome, tmp_path: Path) -> None:
    expected = ("failed", "it is no zip, tar, gzip, bzip2 or xz archive")
    assert outcome(tmp_path / "books.zip", b"only words" * 100) == expected


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_bounded_and_neither_good_nor_bad(
    outcome: Outcome, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    judged = outcome(tmp_path / "bomb", pack(bytes(30_000_000)), most_bytes=10_000_000)
    assert judged == ("not_tested", "it unpacks to more than 9.5 MiB")


def test_a_zip_bomb_is_bounded(outcome: Outcome, tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(30_000_000))
    judged = outcome(tmp_path / "bomb", made.getvalue(), most_bytes=10_000_000)
    assert judged[0] == "not_tested"


def test_the_holes_of_a_sparse_file_are_bounded_too(outcome: Outcome, tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 30)
    subprocess.run(["tar", "-cSf", tmp_path / "made", "-C", tmp_path, "sparse"], check=True)
    made = (tmp_path / "made").read_bytes()
    assert len(made) < 20_000
    assert outcome(tmp_path / "bomb", made, most_bytes=10_000_000) == (
        "not_tested", "it unpacks to more than 9.5 MiB",
    )  # fmt: skip


BOMBS: dict[str, Callable[[Path], Path]] = {
    "zip": zip_of_zeros,
    "pax": lambda place: tar_of_a_long_header(place, b"x"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_takes_gigabytes_at_once_was_not_tested_and_takes_none_of_ours(
    look: Look, tmp_path: Path, kind: str
) -> None:
    bomb = BOMBS[kind](tmp_path / "bomb")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    judged = Archives(look).examine(bomb)
    assert (judged.outcome, judged.reason) == ("not_tested", "it takes more memory than anything may")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_one_that_nobody_could_look_into_was_not_tested_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(CONTENT))
    monkeypatch.setattr(starting, "BOOT", "raise SystemExit(9)")
    with closing(Look(tmp_path / "look")) as look:
        judged = Archives(look).examine(tmp_path / "a.gz")
    assert judged.outcome == "not_tested"
    assert judged.reason == "the process that looked into it is gone: it ended with status 9"


def test_reading_takes_only_so_long(outcome: Outcome, tmp_path: Path) -> None:
    assert outcome(tmp_path / "slow", gzip.compress(CONTENT), seconds=0)[0] == "not_tested"


def test_an_encrypted_zip_was_not_tested(outcome: Outcome, tmp_path: Path) -> None:
    content = bytearray(zipped())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(mark, place + 4)
    judged = outcome(tmp_path / "locked.zip", bytes(content))
    assert judged[0] == "not_tested"
    assert "encrypted" in judged[1]


@pytest.mark.parametrize("kind", ["fifo", "link", "missing"])
def test_only_regular_files_are_read(look: Look, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "archive.gz"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        (tmp_path / "real").write_bytes(gzip.compress(b"x"))
        path.symlink_to("real")
    assert Archives(look).examine(path).outcome == "failed"


def test_a_dump_that_was_cut_inside_a_whole_archive_is_bad(outcome: Outcome, tmp_path: Path) -> None:
    begin, end = b"--\n-- PostgreSQL database dump\n--\n", b"--\n-- PostgreSQL database dump complete\n--\n"
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert outcome(tmp_path / "a", pack(begin + CONTENT + b"\n" + end)) == ("passed", "")
        bad = outcome(tmp_path / "a", pack(begin + CONTENT))
        assert bad == ("failed", "the dump in it is cut off: it does not end as a dump of its kind does")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_a_dump_that_was_cut_before_it_came_into_an_archive_is_bad(
    outcome: Outcome, tmp_path: Path, kind: str
) -> None:
    begin, end = b"-- MySQL dump 10.13  Distrib 8.0\n", b"-- Dump completed on 2026-11-30  1:00:00\n"
    rows = b"INSERT INTO `orders` VALUES (1,'ten pieces');\n" * 100_000
    whole = {"crm.sql": begin + rows + end, "readme": b"how to load a MySQL dump", "roles.sql": begin + end}
    assert outcome(tmp_path / "a", archive_of(kind, whole)) == ("passed", "")
    bad = outcome(tmp_path / "a", archive_of(kind, whole | {"d/shop.sql": begin + rows}))
    why = "the dump d/shop.sql in it is cut off: it does not end as a dump of its kind does"
    assert bad == ("failed", why)


def test_of_very_many_dumps_in_an_archive_each_is_looked_at_or_it_is_said(
    outcome: Outcome, tmp_path: Path
) -> None:
    begin, end = b"-- MySQL dump 10.13  Distrib 8.0\n", b"-- Dump completed\n"
    many = {f"{number}.sql": begin + end for number in range(5000)}
    assert outcome(tmp_path / "a", archive_of("tar", many)) == ("passed", "")
    assert outcome(tmp_path / "a", archive_of("tar", many | {"z.sql": begin}))[0] == "failed"
    long = {f"{'d' * 90}/{number}": begin + b"-- " + b"e" * 4000 + b"\n" + end for number in range(300)}
    judged = outcome(tmp_path / "a", archive_of("tar", long | {"z.sql": begin}))
    assert judged[0] == "not_tested"
    assert re.fullmatch(r"it holds \d+ dumps that end well, and \d+ more that were not looked at", judged[1])


def archive_of(kind: str, files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return made.getvalue()
    with tarfile.open(fileobj=made, mode=f"w:{kind[4:]}") as tar_file:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar_file.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def hollow_tar(compression: str, directories: int, files: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for number in range(directories):
            entry = tarfile.TarInfo(f"d{number}")
            entry.type = tarfile.DIRTYPE
            archive.addfile(entry)
        for number in range(files):
            archive.addfile(tarfile.TarInfo(f"f{number}"))
    return made.getvalue()


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
@pytest.mark.parametrize(("directories", "files"), [(0, 0), (3, 0), (1, 3)])
def test_a_tar_that_holds_no_file_with_content_is_bad(
    outcome: Outcome, tmp_path: Path, compression: str, directories: int, files: int
) -> None:
    hollow = ("failed", "it holds no file with content")
    assert outcome(tmp_path / "a", hollow_tar(compression, directories, files)) == hollow
    if directories:
        assert outcome(tmp_path / "b", hollow_tar("", directories, files)) == hollow


def test_a_zip_that_holds_no_file_with_content_is_bad(outcome: Outcome, tmp_path: Path) -> None:
    for names in ((), ("d/",), ("d/", "d/empty")):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name in names:
                archive.writestr(name, b"")
        assert outcome(tmp_path / "a.zip", made.getvalue()) == ("failed", "it holds no file with content")


def test_a_packed_nothing_is_bad_and_a_packed_byte_is_not(outcome: Outcome, tmp_path: Path) -> None:
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert outcome(tmp_path / "a", pack(b""))[0] == "failed"
        assert outcome(tmp_path / "a", pack(bytes(100_000)))[0] == "failed"
        assert outcome(tmp_path / "a", pack(bytes(3_000_000) + b"1")) == ("passed", "")
