"""Which walls stood around every command, and whether the command is there at all."""

import subprocess
from pathlib import Path

import pytest

from agent.adapters.sandbox.seen import START, standing

WALLS = ("user", "no-network", "private-tmp")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([], ()),
        ([{"user", "no-network", "private-tmp", "other"}], WALLS),
        (
            [{"user", "no-network", "private-tmp"}, {"user", "private-tmp"}],
            ("user", "private-tmp", "without no-network"),
        ),
        ([set()], ("without user", "without no-network", "without private-tmp")),
    ],
    ids=["none ran", "all", "once not", "no wall"],
)
def test_a_wall_counts_only_when_it_stood_every_time(seen: list[set[str]], told: tuple[str, ...]) -> None:
    assert standing(WALLS, seen) == told


def started(*command: str) -> tuple[int, list[str], bytes]:
    """The status of the script's end, the facts it told, and what the command printed."""
    script = "say() { printf '%s\\n' \"$1\" >&9; }\nexec 9>&2 2>/dev/null\n" + START
    done = subprocess.run(["sh", "-c", script, "sh", *command], capture_output=True, check=False)
    return done.returncode, done.stderr.decode().split(), done.stdout


def test_a_command_that_is_there_takes_the_place_of_the_shell() -> None:
    assert started("sh", "-c", "echo here; exit 5") == (5, ["started"], b"here\n")


@pytest.mark.parametrize("name", ["no-such-program", "/no/such/program", "{}/no-program"])
def test_a_command_that_is_not_there_is_told_from_one_that_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / "no-program").write_text("")
    assert started(name.format(tmp_path)) == (127, ["missing"], b"")
