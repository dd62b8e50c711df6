"""Standard streams that a closed terminal, a full disk or an old locale cannot break."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from agent.cli.parts.streams import Outlet, outlet, require_written
from agent.errors import StateError
from support.places import ROOT


@pytest.fixture
def broken() -> Iterator[TextIO]:
    """Our end of a pipe whose reader has gone away."""
    reader, writer = os.pipe()
    os.close(reader)
    yield outlet(writer, None)
    os.close(writer)


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A disk without room."""
    number = os.open("/dev/full", os.O_WRONLY)
    yield outlet(number, None)
    os.close(number)


def raw(stream: TextIO) -> Outlet:
    found = stream.buffer.raw
    assert isinstance(found, Outlet)
    return found


def test_a_reader_who_has_gone_away_is_no_trouble(broken: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", broken)
    print("a line" * 9999)
    require_written()
    assert raw(broken).trouble == ""


def test_after_that_everything_is_thrown_away(broken: TextIO) -> None:
    broken.write("first")
    broken.flush()
    assert Path(f"/proc/self/fd/{broken.fileno()}").readlink() == Path(os.devnull)


def test_an_answer_that_found_no_room_is_said(full: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", full)
    print("the answer")
    with pytest.raises(StateError) as refused:
        require_written()
    assert refused.value.message == "Standard output cannot be written: No space left on device."


def test_an_answer_that_arrived_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("wb") as file:
        monkeypatch.setattr(sys, "stdout", outlet(file.fileno(), None))
        print("the answer")
        require_written()
    assert (tmp_path / "out").read_text() == "the answer\n"


def test_an_old_locale_gets_escapes_and_no_error(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        ascii_only = io.TextIOWrapper(io.BytesIO(), "ascii")
        stream = outlet(file.fileno(), ascii_only)
        stream.write("Müller \udcff")
        stream.flush()
    assert (tmp_path / "out").read_bytes() == b"M\\xfcller \\udcff"


def test_no_file_of_ours_takes_the_number_of_a_closed_stream() -> None:
    script = (
        "import os; from agent.cli.parts.streams import open_closed_streams as o;"
        "[os.close(n) for n in (0, 1)]; o(); n = os.open('/dev/null', 0); os.write(2, str(n).encode())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert done.stderr == b"3"
