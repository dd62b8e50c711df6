"""Whether a server works in a data directory: by what is held open, locked, or named in a pid file."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.adapters.sources import held_open
from agent.adapters.sources.held_open import servers
from agent.core.kinds.kinds import LMDB_NAME, MARIADB, MONGODB, POSTGRESQL
from support.places import ROOT


def is_open(place: Path, kind: str) -> bool:
    [found] = servers([(os.fsencode(place)[1:], kind)])
    return found.is_open


def test_a_process_that_works_in_it_has_it_open(tmp_path: Path) -> None:
    assert not is_open(tmp_path, POSTGRESQL)
    with subprocess.Popen(["sleep", "30"], cwd=tmp_path) as server:
        assert is_open(tmp_path, POSTGRESQL)
        server.kill()


def test_a_file_that_is_held_open_or_locked_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "ibdata1").open("w"):
        assert is_open(tmp_path, MARIADB)
    assert not is_open(tmp_path, MARIADB)
    with (tmp_path / "lock.mdb").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        monkeypatch.setattr(held_open, "Path", _without_processes)  # as the service sees the machine
        assert is_open(tmp_path, LMDB_NAME)
    assert not is_open(tmp_path, LMDB_NAME)


def _without_processes(place: str) -> Path:
    return Path("/nowhere") if place == "/proc" else Path(place)


@pytest.mark.parametrize(
    ("text", "open_then"), [("1\n", True), ("999999999\n", False), ("", False), ("x", False)]
)
def test_a_pid_file_counts_where_processes_cannot_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, open_then: bool
) -> None:
    for kind, name in ((POSTGRESQL, "postmaster.pid"), (MONGODB, "mongod.lock")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(held_open, "_held", lambda: (set(), False))
        assert is_open(tmp_path, kind) is open_then
        monkeypatch.setattr(held_open, "_held", lambda: (set(), True))
        assert not is_open(tmp_path, kind)


def test_nobody_is_looked_at_where_there_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_open, "_held", lambda: pytest.fail("looked"))
    assert servers([]) == ()


def test_who_may_read_everything_does_not_see_yet_what_others_hold_open(
    tmp_path: Path, as_root: None
) -> None:
    """As the service runs: it lists the descriptors of others, and may not follow them."""
    (tmp_path / "postmaster.pid").write_text("1\n")
    code = (
        "import sys; from agent.adapters.sources.held_open import servers;"
        f"sys.exit(not servers([({os.fsencode(tmp_path)[1:]!r}, {POSTGRESQL!r})])[0].is_open)"
    )
    ability = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *ability]
    assert subprocess.run([*user, "--", sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
