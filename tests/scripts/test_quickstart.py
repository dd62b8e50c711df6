"""scripts/quickstart gives an answer, twice, and writes nowhere but in its own place."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.builders.quick_key import quicken
from support.places import ROOT


def _quickstart(
    home: Path, *arguments: object, place: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    if place:
        environment["READINESS_PLACE"] = str(place)
    return subprocess.run(
        [ROOT / "scripts/quickstart", *map(str, arguments)],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _traces(directory: Path) -> dict[str, tuple[int, ...]]:
    """What would tell that anything below was written to; reading changes none of it."""
    found = {}
    for path in [directory, *directory.rglob("*")]:
        status = path.lstat()
        found[str(path)] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


@pytest.fixture
def set_up() -> None:
    """Asks for a machine on which quickstart has nothing to install."""
    current = ["bash", "-c", ". scripts/lib.sh; venv_holds requirements.lock"]
    if subprocess.run(current, cwd=ROOT, check=False).returncode:
        pytest.skip("there is no .venv of today: run scripts/test")
    for program in ("restic", "sqlite3"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


@pytest.mark.usefixtures("set_up")
def test_the_demo_ends_with_a_verdict_and_a_report_and_a_second_run_does_too(tmp_path: Path) -> None:
    demo = tmp_path / "readiness-demo"
    for runs in (1, 2):
        if runs == 2:  # the first run has it as anybody has; opening it took half of the second's time
            quicken(demo / "repository", (demo / "primary.password").read_text().strip())
        result = _quickstart(tmp_path)

        assert result.returncode == 0, result.stdout + result.stderr
        assert "AT RISK" in result.stdout
        report = Path(result.stdout.splitlines()[-1])
        assert report == demo / "report.html"
        assert "</html>" in report.read_text()
        assert len(list((demo / "repository/snapshots").iterdir())) == 5 * runs
    assert [path.name for path in tmp_path.iterdir()] == ["readiness-demo"]


@pytest.mark.usefixtures("set_up")
def test_directories_of_ones_own_are_only_read(tmp_path: Path) -> None:
    own = tmp_path / "srv" / "with space"
    own.mkdir(parents=True)
    (own / "letter.txt").write_text("words")
    (own / "link").symlink_to("letter.txt")
    before = _traces(tmp_path / "srv")

    result = _quickstart(tmp_path, "srv/with space")

    assert result.returncode == 0, result.stdout + result.stderr
    assert Path(result.stdout.splitlines()[-1]) == tmp_path / "readiness/report.html"
    assert _traces(tmp_path / "srv") == before


@pytest.mark.usefixtures("set_up")
def test_a_place_that_is_set_up_for_other_directories_is_left_alone(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("words")
    _quickstart(tmp_path, "one")
    before = _traces(tmp_path)

    result = _quickstart(tmp_path, "two")

    assert result.returncode == 2
    assert "READINESS_PLACE" in result.stderr
    assert _traces(tmp_path) == before


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    result = _quickstart(tmp_path, "nowhere")

    assert (result.returncode, result.stderr) == (2, "nowhere is no directory.\n")


def test_a_place_inside_what_is_only_read_is_refused(tmp_path: Path) -> None:
    result = _quickstart(tmp_path, tmp_path)

    assert result.returncode == 2
    assert "lies inside" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_is_given_and_nothing_done(tmp_path: Path) -> None:
    result = _quickstart(tmp_path, "--help")

    assert result.returncode == 0
    assert "READINESS_PLACE" in result.stdout
    assert list(tmp_path.iterdir()) == []
