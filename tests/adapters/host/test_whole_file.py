"""Files are written whole or not at all, and whose they are after root has become the service's user."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from agent.adapters.host.whole_file import write_bundle
from agent.errors import StateError
from support.places import ROOT

NOBODY = pwd.getpwnam("nobody")
AS_SERVICE = """
import sys
from pathlib import Path
from agent.adapters.host import identity, whole_file
identity.SERVICE_USER = "nobody"
identity.become_owner(Path(sys.argv[1]))
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
