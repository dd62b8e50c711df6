"""Which restic an executable is, and whether it will do."""

from pathlib import Path

import pytest

from agent.adapters.restic import version as module
from agent.adapters.restic.version import installed_version
from agent.errors import ResticError


def says(tmp_path: Path, script: str) -> str:
    program = tmp_path / "restic"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("words", "version"),
    [
        ("restic 0.14.0 compiled with go1.19.3 on linux/amd64", (0, 14, 0)),
        ("restic 0.18.0-dev (compiled manually)", (0, 18, 0)),
        ("restic 1.2.34", (1, 2, 34)),
    ],
)
def test_it_says_which_it_is(tmp_path: Path, words: str, version: tuple[int, int, int]) -> None:
    assert installed_version(says(tmp_path, f"echo '{words}'")) == version


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo restic 0.13.1", "restic-too-old"),
        ("echo something else", "restic-missing"),
        ("echo restic 0.19.1; exit 1", "restic-missing"),
        ("echo my restic 0.19.1", "restic-missing"),
    ],
)
def test_what_will_not_do_is_refused_with_what_to_install(tmp_path: Path, script: str, code: str) -> None:
    with pytest.raises(ResticError) as refused:
        installed_version(says(tmp_path, script))
    assert refused.value.code == code
    assert "apt install restic" in refused.value.hint


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        (
            "echo 'fatal error: failed to reserve page summary memory' >&2; exit 2",
            "restic-failed",
            "restic failed while saying its version (exit status 2): fatal error: failed to reserve page",
        ),
        ("echo 'fatal error: runtime: out of memory' >&2; exit 2", "restic-killed", "out of memory"),
        ("kill -9 $$", "restic-killed", "restic was killed while saying its version (signal 9)"),
    ],
)
def test_one_that_could_not_run_need_not_be_installed(
    tmp_path: Path, script: str, code: str, words: str
) -> None:
    with pytest.raises(ResticError) as refused:
        installed_version(says(tmp_path, script))
    assert refused.value.code == code
    assert words in refused.value.message
    assert "apt install" not in refused.value.hint


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ResticError, match="is not installed") as refused:
        installed_version(str(tmp_path / "none"))
    assert (refused.value.code, "apt install restic" in refused.value.hint) == ("restic-missing", True)


def test_one_that_never_says_it_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    with pytest.raises(ResticError) as refused:
        installed_version(says(tmp_path, "exec sleep 60"))
    assert refused.value.code == "timed-out"
