"""Files are written whole or not at all, never through a name in foreign hands, and whose they are."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.adapters.host import trusted
from agent.adapters.host.whole_file import PUBLIC, write_bundle, write_report
from agent.errors import StateError
from support.hostile.exchange import exchanged
from support.places import ROOT

NOBODY = pwd.getpwnam("nobody")
AS_SERVICE = """
import sys
from agent.adapters.host import identity, whole_file
identity.SERVICE_USER = "nobody"
identity.become_service("/none", sys.argv[1])
identity.take_file_rights()
whole_file.write_report(sys.argv[2], "words")
whole_file.write_bundle(sys.argv[2] + ".zip", b"PK")
"""


@pytest.fixture
def place(tmp_path: Path, as_root: None) -> Path:
    """Root's own; nobody's is `state` in it."""
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", NOBODY.pw_uid, NOBODY.pw_gid)
    return tmp_path


def _written(place: Path, name: str) -> list[tuple[int, int, int]]:
    """Owner, group and mode of a report and a bundle."""
    file = place / name
    subprocess.run([sys.executable, "-c", AS_SERVICE, place / "state", file], cwd=ROOT, check=True)
    found = [path.stat() for path in (file, Path(f"{file}.zip"))]
    return [(one.st_uid, one.st_gid, one.st_mode & 0o7777) for one in found]


def test_what_root_has_written_belongs_to_root(place: Path) -> None:
    assert _written(place, "report.html") == [(0, 0, 0o600)] * 2


def test_in_the_state_nothing_belongs_to_root(place: Path) -> None:
    assert _written(place, "state/report.html") == [(NOBODY.pw_uid, NOBODY.pw_gid, 0o600)] * 2


def test_a_file_that_was_there_stays_whose_it_was(place: Path) -> None:
    for name in ("report.html", "report.html.zip"):
        (place / name).touch(mode=0o640)
        os.chown(place / name, 1, 2)

    assert _written(place, "report.html") == [(1, 2, 0o640), (1, 2, 0o600)]


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "bundle.zip"
    target.write_bytes(b"older")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left on device"):
        write_bundle(str(target), b"newer")

    assert target.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [target]


# ---- under foreign hands ---------------------------------------------------------------------


@pytest.fixture
def theirs(tmp_path: Path, as_root: None) -> Path:
    """A directory of nobody's, and beside it a file of root's that must stay as it is."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", NOBODY.pw_uid, NOBODY.pw_gid)
    return tmp_path / "theirs"


def owned(path: Path) -> Path:
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid, follow_symlinks=False)
    return path


WRITERS: dict[str, Callable[[Path], None]] = {
    "report": lambda file: write_report(str(file), "words"),
    "bundle": lambda file: write_bundle(str(file), b"words"),
    "figures": lambda file: write_report(str(file), "words", PUBLIC),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("owner", [0, NOBODY.pw_uid])
def test_a_link_where_others_may_put_one_is_replaced(
    theirs: Path, write: Callable[[Path], None], owner: int
) -> None:
    (theirs / "file").symlink_to("../victim")
    os.chown(theirs / "file", owner, -1, follow_symlinks=False)
    write(theirs / "file")
    assert (theirs.parent / "victim").read_text() == "precious"
    assert not (theirs / "file").is_symlink()
    assert (theirs / "file").read_text() == "words"


def test_a_link_on_the_way_is_not_followed_where_others_may_put_one(theirs: Path) -> None:
    (theirs / "way").symlink_to("..")
    with pytest.raises(StateError, match="way is a link that is not followed") as refused:
        write_report(str(theirs / "way/victim"), "words")
    assert "user nobody" in refused.value.message
    assert (theirs.parent / "victim").read_text() == "precious"


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_pipe_of_somebody_else_makes_nobody_wait(theirs: Path, write: Callable[[Path], None]) -> None:
    os.mkfifo(theirs / "file")
    begun = time.monotonic()
    with pytest.raises(StateError, match="not a regular file"):
        write(theirs / "file")
    assert time.monotonic() - begun < 1


def test_a_directory_that_is_swapped_for_a_link_gets_nothing_written_elsewhere(theirs: Path) -> None:
    """The attack of which a check by path knows nothing."""
    (theirs / "reports").mkdir()
    (theirs / "link").symlink_to(theirs.parent)
    owned(theirs / "reports")
    owned(theirs / "link")
    done = refused = 0
    end = time.monotonic() + 0.7
    with exchanged(theirs / "reports", theirs / "link"):
        while time.monotonic() < end:
            try:
                write_report(str(theirs / "reports/victim"), "words")
                done += 1
            except StateError:
                refused += 1
    assert (theirs.parent / "victim").read_text() == "precious"
    assert sorted(os.listdir(theirs.parent)) == ["theirs", "victim"]
    assert done and refused


def test_who_makes_the_file_first_where_all_may_does_not_get_to_read_it(theirs: Path) -> None:
    theirs.chmod(0o1777)
    os.chown(theirs, 0, 0)
    (theirs / "report").touch()
    owned(theirs / "report").chmod(0o666)
    write_report(str(theirs / "report"), "words")
    found = (theirs / "report").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o600)


def test_nor_does_who_makes_it_in_a_directory_of_somebody_else(theirs: Path) -> None:
    (theirs / "report").touch(mode=0o666)
    os.chown(theirs / "report", 4711, 4711)
    write_report(str(theirs / "report"), "words")
    found = (theirs / "report").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o600)


def test_a_pipe_that_somebody_else_was_given_makes_nobody_wait(theirs: Path) -> None:
    os.mkfifo(theirs.parent / "pipe", 0o600)
    with pytest.raises(StateError, match="others may change it"):
        write_report(str(owned(theirs.parent / "pipe")), "words")


def test_a_link_of_our_own_user_is_not_followed_with_rights_beyond_his(
    theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (theirs.parent / "link").symlink_to("victim")
    monkeypatch.setattr(trusted, "is_service", lambda: True)
    monkeypatch.setattr(trusted, "_ALWAYS", {NOBODY.pw_uid})
    write_report(str(theirs.parent / "link"), "words")
    assert (theirs.parent / "victim").read_text() == "precious"


def test_a_link_in_a_directory_for_all_is_followed_only_when_it_is_ours(theirs: Path) -> None:
    theirs.chmod(0o1777)
    os.chown(theirs, 0, 0)
    for name in ("mine", "others"):
        (theirs / name).symlink_to("../victim")
    owned(theirs / "others")
    write_report(str(theirs / "others"), "words")
    assert (theirs.parent / "victim").read_text() == "precious"
    write_report(str(theirs / "mine"), "words")
    assert (theirs.parent / "victim").read_text() == "words"
    assert (theirs / "mine").is_symlink()


# ---- what people do ---------------------------------------------------------------------------


def test_a_link_of_our_own_stays_one(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www/report.html").touch(mode=0o644)
    (tmp_path / "reports").symlink_to("www")
    (tmp_path / "report.html").symlink_to(tmp_path / "reports/report.html")
    write_report(str(tmp_path / "report.html"), "words")
    assert (tmp_path / "report.html").is_symlink()
    assert (tmp_path / "www/report.html").read_text() == "words"
    assert (tmp_path / "www/report.html").stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path / "www") == ["report.html"]


def test_a_link_of_our_own_may_lead_to_what_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "report.html").symlink_to("other.html")
    write_report(str(tmp_path / "report.html"), "words")
    assert (tmp_path / "other.html").read_text() == "words"


def test_a_file_name_alone_is_one_in_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_report("report.html", "words")
    assert (tmp_path / "report.html").read_text() == "words"


def test_a_web_server_keeps_the_file_that_it_shows(theirs: Path) -> None:
    (theirs / "report.html").touch(mode=0o644)
    owned(theirs / "report.html")
    write_report(str(theirs / "report.html"), "words")
    found = (theirs / "report.html").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (NOBODY.pw_uid, 0o644)


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    name = "ü" * 127
    write_report(str(tmp_path / name), "words")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("stream", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev//stdout"])
def test_our_own_streams_are_written_to_as_they_are(tmp_path: Path, stream: str) -> None:
    program = (
        "import sys; from agent.adapters.host.whole_file import write_report as w; w(sys.argv[1], 'words')"
    )
    with (tmp_path / "out").open("wb") as out:
        out.write(b"before ")
        out.flush()
        subprocess.run([sys.executable, "-c", program, stream], cwd=ROOT, stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before words"
    done = subprocess.run([sys.executable, "-c", program, stream], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"words"


def test_a_pipe_of_our_own_and_the_devices_of_the_system_are_written_to(tmp_path: Path) -> None:
    write_report("/dev/null", "words")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as cat:
        write_report(str(tmp_path / "pipe"), "words")
        assert cat.communicate()[0] == b"words"
    with pytest.raises(StateError, match="it is not a regular file"):
        write_bundle("/dev/null", b"words")


@pytest.mark.parametrize("path", ["", "/", "missing/report", "/dev/fd/999", "a\0b", "file/report"])
def test_what_cannot_be_written_is_one_clear_sentence(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be written: ") as refused:
        write_report(path, "words")
    assert "\0" not in refused.value.message
    assert refused.value.hint
    assert os.listdir(tmp_path) == ["file"]
