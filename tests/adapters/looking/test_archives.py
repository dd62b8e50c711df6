"""An archive is read to its end where nobody's rights are at stake; only its ends and its size are told."""

import gzip
import io
import os
import tarfile
from pathlib import Path

from agent.adapters.looking.archives import TAIL, answer

WISHES = {"bytes": 1 << 20, "seconds": 60}


def asked(place: Path, content: bytes, **wishes: int) -> dict[str, object]:
    place.write_bytes(content)
    handle = os.open(place, os.O_RDONLY)
    try:
        return answer(WISHES | wishes, [handle])
    finally:
        os.close(handle)


def test_of_a_packed_file_the_ends_are_told(tmp_path: Path) -> None:
    content = b"\xffhead" + bytes(10_000) + b"tail"
    seen = asked(tmp_path / "a", gzip.compress(content))
    assert seen == {
        "size": len(content),
        "head": content[:512].decode("latin-1"),
        "tail": content[-TAIL:].decode("latin-1"),
    }


def test_of_an_archive_the_size_is_told_and_the_ends_of_what_may_be_a_dump(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in (("a", b"abc"), ("b.sql", b"-- MySQL dump 10.13\nhalf")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    begin = "-- MySQL dump 10.13"
    seen = asked(tmp_path / "a", made.getvalue())
    assert seen == {"size": 10240, "dumps": [("b.sql", begin, begin)], "more": 0}


def test_limits_and_damage_are_told_apart(tmp_path: Path) -> None:
    packed = gzip.compress(os.urandom(2000))
    assert asked(tmp_path / "a", packed, bytes=1000) == {"unread": "bytes"}
    assert asked(tmp_path / "a", packed, seconds=-1) == {"unread": "seconds"}
    assert asked(tmp_path / "a", packed[:-1]) == {"error": "it ends too early"}
    assert asked(tmp_path / "a", b"") == {"error": "it is empty"}
