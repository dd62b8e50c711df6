"""The wheel that the installer builds holds all of the program, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.places import ROOT

SOURCE = ("agent", "pyproject.toml", "README.md", "LICENSE")  # as scripts/install copies it


def built(source: Path) -> set[str]:
    """What a wheel made from a checkout brings, but for what describes it."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "."],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [wheel] = source.glob("*.whl")
    return {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in SOURCE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for cache in tuple(tmp_path.rglob("__pycache__")):
        shutil.rmtree(cache)
    return tmp_path


def test_every_file_of_the_program_is_in_the_wheel(checkout: Path) -> None:
    files = {str(file.relative_to(checkout)) for file in (checkout / "agent").rglob("*") if file.is_file()}
    (checkout / "agent/core/new").mkdir()
    (checkout / "agent/core/new/__init__.py").touch()
    (checkout / "agent/core/new/module.py").touch()

    assert built(checkout) == files | {"agent/core/new/__init__.py", "agent/core/new/module.py"}
