"""The scripts that set things up, and the rule that CI skips nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.places import ROOT

SHELL_SCRIPTS = [
    path
    for path in [*(ROOT / "scripts").iterdir(), *(ROOT / ".ci").iterdir()]
    if path.suffix == ".sh" or (path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash"))
]


def _bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . scripts/lib.sh; {script}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _program(directory: Path, name: str, body: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{body}\n")
    (directory / name).chmod(0o755)


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_every_shell_script_is_sound_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


def test_nothing_is_installed_when_every_command_is_there(tmp_path: Path) -> None:
    _program(tmp_path, "apt-get", "exit 9")

    result = _bash("ensure_commands sh:dash cat:coreutils", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert (result.returncode, result.stderr) == (0, "")


def test_only_the_packages_of_missing_commands_are_installed(tmp_path: Path) -> None:
    _program(tmp_path, "apt-get", f'echo "$@" >>{tmp_path}/asked')
    _program(tmp_path, "id", "echo 0")

    _bash("ensure_commands sh:dash no-such-command:its-package", PATH=f"{tmp_path}:{os.environ['PATH']}")

    last = (tmp_path / "asked").read_text().splitlines()[-1]
    assert last.endswith("install --no-install-recommends its-package")


def test_without_root_or_sudo_it_says_what_an_administrator_must_install(tmp_path: Path) -> None:
    _program(tmp_path, "apt-get", "exit 9")
    _program(tmp_path, "id", "echo 1000")
    _program(tmp_path, "sudo", "exit 1")

    result = _bash("ensure_commands no-such-command:its-package", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert result.returncode != 0
    assert "apt-get install its-package" in result.stderr


def test_a_python_without_venv_or_too_old_is_passed_over(tmp_path: Path) -> None:
    _program(tmp_path, "python3", "exit 1")
    _program(tmp_path, "python3.14", "exit 0")

    path = f"{tmp_path}:{os.environ['PATH']}"
    result = _bash("PYTHONS='python3 python3.14'; find_python", PATH=path)

    assert result.stdout.strip() == f"{tmp_path}/python3.14"


def test_what_fails_quietly_is_shown_with_its_output_and_status() -> None:
    result = _bash("quietly sh -c 'echo the reason; exit 7'")

    assert result.returncode == 7
    assert "the reason" in result.stderr


def test_what_succeeds_quietly_says_nothing() -> None:
    result = _bash("quietly echo much")

    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_dependency_is_pinned_with_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pinned = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]

    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert text.count("--hash=sha256:") > len(pinned)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_both_locks_pin_the_same_versions() -> None:
    def pins(lock: str) -> set[str]:
        return {line for line in (ROOT / lock).read_text().splitlines() if line[:1].isalpha()}

    assert pins("requirements.lock") < pins("requirements-test.lock")


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_in_ci_and_nowhere_else(tmp_path: Path, ci: str, status: int) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_it():\n    pytest.skip('too lazy')\n")

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        env={**os.environ, "CI": ci, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == status
    assert ("too lazy" in result.stdout) == (status == 1)
