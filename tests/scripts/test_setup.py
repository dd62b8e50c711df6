"""The scripts that set things up, and the rule that CI skips nothing."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
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
        timeout=60,
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


def test_a_package_that_has_no_wheel_is_refused_and_nothing_of_it_runs(tmp_path: Path) -> None:
    """What builds a package is pinned by no hash, and the installer is root."""
    ran, source, archive = tmp_path / "ran", tmp_path / "odd-1.0", tmp_path / "odd-1.0.tar.gz"
    source.mkdir()
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (source / "backend.py").write_text(f"open({str(ran)!r}, 'w')\n")
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(source, source.name)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (tmp_path / "lock").write_text(f"odd==1.0 --hash=sha256:{digest}\n")
    options = f"--no-index --find-links {tmp_path} --target {tmp_path / 'made'}"

    result = _bash(f"install_wheels {sys.executable} {tmp_path / 'lock'} {options}")

    assert (result.returncode, ran.exists()) == (1, False)
    assert "No matching distribution" in result.stderr


def test_both_installers_take_packages_in_the_one_way_that_is_held_here() -> None:
    install, shared = ((ROOT / "scripts" / name).read_text() for name in ("install", "lib.sh"))

    assert (install.count("install_wheels "), shared.count("install_wheels ")) == (1, 1)
    assert (install.count("-m pip"), shared.count("-m pip")) == (0, 2)


def test_nobody_who_reads_the_checkout_can_hold_up_what_is_made_in_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    stand_ins = 'venv_holds() { return 1; }; make_venv() { echo "made for $1"; }'
    with (tmp_path / "pyproject.toml").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = _bash(f"{stand_ins}; cd {tmp_path}; ensure_venv some.lock; stat -c %a .venv.lock")

    assert result.stdout.splitlines() == ["made for some.lock", "600"]


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
