"""Whose a file is that root has written by hand, after root has become the service's user."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from support.places import ROOT

NOBODY = pwd.getpwnam("nobody")
AS_SERVICE = """
import sys
from pathlib import Path
from agent.adapters import identity, report_file
identity.SERVICE_USER = "nobody"
identity.become_owner(Path(sys.argv[1]))
identity.take_file_rights()
report_file.write_report(sys.argv[2], "words")
report_file.write_bundle(sys.argv[2] + ".zip", b"PK")
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
