"""Lines of the witness: whatever a name, a link or an attribute holds, a line says it and only it."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.adapters.sources.witness_files import content_of, path_of
from agent.core.snapshot.witness import (
    WitnessError,
    checksum_line,
    content_fields,
    escape,
    parse,
    sort_key,
    stat_fields,
    unescape,
    xattr_field,
    xattr_values,
)

NAME = st.binary(min_size=1, max_size=20).map(
    lambda name: name.replace(b"/", b"").replace(b"\0", b"") or b"x"
)
PATH = st.lists(NAME, min_size=1, max_size=4).map(b"/".join)
TEXT = st.binary(max_size=40).map(lambda text: text.replace(b"\0", b""))
ODD = st.sampled_from(
    [b"-", b"%", b"%2D", b"%252D", b"%0A", b"%09", b"%%25", b"\\n", b"\\\\", b"\t", b"\n", b"\r"]
)


def _status(tmp_path: Path) -> os.stat_result:
    return tmp_path.lstat()


@given(path=PATH | ODD, extra=TEXT | ODD, xattrs=st.dictionaries(NAME, TEXT, max_size=3))
def test_a_line_gives_back_what_was_put_in(path: bytes, extra: bytes, xattrs: dict[bytes, bytes]) -> None:
    status = Path("/").lstat()

    line = stat_fields(status) + content_fields(8, b"ab" * 32, "m", extra, xattr_field(xattrs), path)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    entry = parse(line)
    assert (entry.path, entry.extra, xattr_values(entry.xattrs)) == (path, extra, xattrs)
    assert (entry.sha256, entry.flags, entry.blocks) == (b"ab" * 32, "m", 8)
    assert (entry.mtime_ns, entry.inode) == (status.st_mtime_ns, status.st_ino)
    assert path_of(line) == path
    assert content_of(line) == (b"ab" * 32, b"m")


@given(PATH | ODD | TEXT)
def test_an_escaped_path_is_one_line_and_comes_back(path: bytes) -> None:
    assert b"\n" not in escape(path)
    assert unescape(escape(path)) == path


@given(PATH, PATH)
def test_what_lies_below_a_directory_follows_it_at_once(directory: bytes, other: bytes) -> None:
    below = directory + b"/" + other

    assert sort_key(directory) < sort_key(below)
    assert not sort_key(directory) < sort_key(directory + b"\x01") < sort_key(below)


@given(st.binary(max_size=200))
def test_garbage_is_refused_as_such(line: bytes) -> None:
    with pytest.raises(WitnessError):
        parse(line)


def test_sha256sum_reads_the_checksums_of_odd_names(tmp_path: Path) -> None:
    lines = b""
    names = (b"new\nline", b"back\\slash", b"cr\r", b"\xff", b"-n", b" ", b"*", b"both\\\nof them", b"\\n")
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
        lines += checksum_line(hashlib.sha256(name).hexdigest().encode(), name)

    checked = subprocess.run(
        ["sha256sum", "-c", "-"], input=lines, cwd=tmp_path, capture_output=True, check=False
    )

    assert checked.returncode == 0, checked
    assert checked.stdout.count(b": OK\n") == len(names)
