"""The command line itself: usage, standard streams, and what is shown to whom."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.cli import COMMANDS
from support.builders.databases import make_orders
from support.builders.readiness_cli import PASSED, Shop, fill
from support.places import ROOT
from support.restics import RESTIC_VERSIONS, restic_program

READINESS = f"{sys.executable} -m agent"


def shell(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of shell in which `readiness` is ours."""
    line = f'readiness() {{ {READINESS} "$@"; }}; {script}'
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("shop"), restic_program(RESTIC_VERSIONS[-1])).set_up()
    fill(shop.source, files=10, big=0)
    assert shop.snapshot().says == PASSED
    return shop


@pytest.mark.parametrize("command", [*COMMANDS, "ledger verify", "ledger export"])
def test_every_command_explains_itself(command: str) -> None:
    done = shell(f"readiness {command} --help")
    assert done.returncode == 0
    assert "Usage: readiness" in done.stdout
    assert not done.stderr


WRONG = [
    "snapshots",
    "--nonsense",
    "drill --sampl 10%",
    "drill --sample 0%",
    "drill --sample 101%",
    "drill --snapshot newest",
    "drill --from",
    "ledger",
    "ledger verfy",
    "report --for nobody",
    "--config",
    "",
]


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage_is_told_in_words_and_exits_2(line: str) -> None:
    done = shell(f"readiness {line}")
    assert done.returncode == 2
    assert done.stderr and not done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", ["--json snapshots", "drill --json --sample 0%", "--json"])
def test_wrong_usage_is_one_object_for_scripts(line: str) -> None:
    done = shell(f"readiness {line}")
    answer = json.loads(done.stdout)
    assert (answer["schema"], answer["exit"], done.returncode) == ("readiness.error/1", 2, 2)
    assert answer["result"]["code"] == "usage"


def test_a_command_misspelt_is_guessed() -> None:
    assert "Did you mean snapshot?" in shell("readiness snapshots").stderr


def test_readiness_alone_shows_help_and_is_not_good() -> None:
    done = shell("readiness")
    assert done.returncode == 2
    assert "Usage: readiness" in done.stderr


def test_a_shell_completes_commands() -> None:
    done = shell("readiness", _READINESS_COMPLETE="bash_complete", COMP_WORDS="readiness dr", COMP_CWORD="1")
    assert done.stdout.split() == ["plain,drill"]


@pytest.mark.parametrize("place", ["--json --config {} snapshot", "snapshot --config {} --json"])
def test_global_options_stand_before_or_behind_the_command(shop: Shop, place: str) -> None:
    done = shell(f"readiness {place.format(shop.config)}")
    assert json.loads(done.stdout)["schema"] == "readiness.snapshot/1"
    assert not done.stderr


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_closed_stream_changes_nothing(shop: Shop, closed: str) -> None:
    done = shell(f"readiness --json --config {shop.config} drill {closed}")
    assert (done.returncode, json.loads(done.stdout)["exit"]) == (0, 0)
    shop.tidy()


def test_no_stream_at_all_changes_nothing(shop: Shop) -> None:
    assert shell(f"readiness --config {shop.config} drill <&- >&- 2>&-").returncode == 0


def test_closed_standard_error_never_lets_a_refusal_slip_into_the_answer(shop: Shop) -> None:
    done = shell(f"readiness --json --config {shop.config} drill nobody 2>&-")
    assert json.loads(done.stdout)["schema"] == "readiness.error/1"


def test_an_answer_that_cannot_be_written_is_not_good(shop: Shop) -> None:
    done = shell(f"readiness --config {shop.config} drill > /dev/full")
    assert done.returncode == 3
    assert done.stderr.startswith("Standard output cannot be written: No space left on device.\n")


def test_a_reader_who_leaves_early_changes_no_exit_status(shop: Shop) -> None:
    done = shell(f"readiness --config {shop.config} ledger verify nonsense | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "2\n"
    done = shell(f"readiness --config {shop.config} status | true; echo ${{PIPESTATUS[0]}}")
    whole = shell(f"readiness --config {shop.config} status")
    assert done.stdout == f"{whole.returncode}\n"
    assert "Traceback" not in done.stderr and "Broken" not in done.stderr


def test_a_reader_who_leaves_early_ends_no_work(shop: Shop) -> None:
    before = shop.run("ledger", "verify").answer["result"]["records"]
    shell(f"(sleep 0.1; readiness --config {shop.config} snapshot) | true")
    assert shop.run("ledger", "verify").answer["result"]["records"] == before + 1


@pytest.mark.parametrize(
    "environment",
    [
        f"env -i {READINESS}",
        f"env -i PATH=/usr/bin:/bin LANG=C {READINESS}",
        f"env -i PATH=/usr/bin:/bin PYTHONIOENCODING=ascii {READINESS}",
        f"ulimit -n 64; {READINESS}",
        f"env -u HOME TMPDIR=/nonexistent {READINESS}",
    ],
)
def test_a_poor_environment_is_enough(shop: Shop, environment: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{environment} --config {shop.config} drill"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    shop.tidy()


def test_an_old_locale_finds_the_same_files(shop: Shop, tmp_path: Path) -> None:
    other = shop.copied(tmp_path)
    other.paths = [tmp_path / "bücher"]
    make_orders(other.paths[0] / "preise für März.db")
    other.write_config()
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for verb, answer in (("snapshot", "orders: snapshot"), ("drill", "orders: PASSED")):
        done = shell(f"readiness --config {other.config} {verb}", **old)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(answer)
    done = shell(f"readiness --config {other.config} exposure", **old)
    assert (done.returncode, done.stderr) == (0, "")
    assert shell(f"readiness --config {other.config} -V", **old).stdout.startswith("readiness ")


def test_without_setpriv_it_says_what_is_missing(shop: Shop, tmp_path: Path) -> None:
    done = shell(f"PATH={tmp_path} readiness --json --config {shop.config} drill")
    found = json.loads(done.stdout)["result"]["drills"][0]["findings"][0]
    assert (done.returncode, found["code"]) == (3, "restic-missing")
    assert "setpriv is not installed" in found["message"]


def test_two_at_once_are_told_apart(shop: Shop) -> None:
    running = shop.start("drill")
    lock = shop.state / "locks" / "drill.primary"
    while not (lock.exists() and lock.read_text()):
        assert running.poll() is None
    running.send_signal(signal.SIGSTOP)  # however long the second takes to come up
    second = shell(f"readiness --json --config {shop.config} drill")
    running.send_signal(signal.SIGCONT)
    running.communicate()
    assert (second.returncode, running.returncode) == (75, 0)
    assert json.loads(second.stdout)["result"]["code"] == "busy"


def test_no_secret_is_shown_or_recorded(shop: Shop, tmp_path: Path) -> None:
    canary = "canary-4711"
    other = shop.copied(tmp_path)
    other.password.write_text(canary + "\n")
    other.url = f"rest:http://user:{canary}@127.0.0.1:1/"
    other.write_config()
    other.config.write_text(other.config.read_text().replace('"2m"', '"2s"'))
    said: list[Any] = []
    for verb in ("snapshot", "drill", "validate", "status"):
        done = shell(
            f"readiness --config {other.config} {verb}; readiness --json --config {other.config} {verb}"
        )
        said += [done.stdout, done.stderr]
    said.append(shell(f"readiness --config {other.config} ledger export").stdout)
    assert "timed-out" in said[-1] or "repository-unreachable" in said[-1]
    assert canary not in "".join(said)
