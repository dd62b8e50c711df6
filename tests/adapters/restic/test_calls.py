"""One call of restic: what it is given, and when it is tried once more."""

from pathlib import Path
from typing import Any

import pytest

from agent.adapters.host.command import Completed
from agent.adapters.restic.calls import ResticCalls
from agent.core.configuration.config import Repository
from agent.errors import ResticError
from support.doubles.playing_restic import calls_of, playing

LOCKED = b"unable to create lock in backend: repository is already locked by PID 7"
CRASHED = b"panic: runtime error"


def restic(executable: Path | str = "restic", **changes: Any) -> ResticCalls:
    fields = {"name": "primary", "url": "/srv/backup", "password_file": "/etc/p"}
    return ResticCalls(str(executable), Repository(**{**fields, **changes}), "/cache", 20)


def ended(stderr: bytes = b"", status: int = 1) -> Completed:
    return Completed(status=status, stdout=b"", stderr=stderr, seconds=1)


class Attempts:
    """What each attempt comes to; counts how often locks were cleared."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *ends: Completed) -> None:
        self.ends = list(ends)
        self.cleared = 0
        self.restic = restic()
        monkeypatch.setattr(self.restic, "unlock", self._unlock)

    def _unlock(self) -> None:
        self.cleared += 1

    def made(self) -> tuple[int, int, int]:
        """The last status, how many attempts were left over, and how often locks were cleared."""
        last = self.restic.retried(lambda: self.ends.pop(0), "listing snapshots")
        return last.status, len(self.ends), self.cleared


GOOD = ended(status=0)


@pytest.mark.parametrize(
    ("ends", "made"),
    [
        ([GOOD, GOOD], (0, 1, 0)),
        ([ended(LOCKED), GOOD, GOOD], (0, 1, 1)),
        ([ended(LOCKED), ended(LOCKED), GOOD], (1, 1, 1)),
        ([ended(CRASHED, 2), GOOD, GOOD], (0, 1, 1)),
        ([ended(CRASHED, 2), ended(CRASHED, 2), GOOD], (2, 1, 2)),
        ([ended(b"", -9), GOOD], (-9, 1, 1)),
        ([ended(b"Fatal: wrong password or no key found"), GOOD], (1, 1, 0)),
        ([ended(status=3), GOOD], (3, 1, 0)),
    ],
    ids=["good", "locked", "locked still", "crashed", "crashed again", "killed", "refused", "incomplete"],
)
def test_only_a_lock_and_a_crash_are_worth_another_attempt(
    monkeypatch: pytest.MonkeyPatch, ends: list[Completed], made: tuple[int, int, int]
) -> None:
    assert Attempts(monkeypatch, *ends).made() == made


def test_no_secret_and_no_place_comes_from_our_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RESTIC_PASSWORD", "RESTIC_PASSWORD_COMMAND", "RESTIC_REPOSITORY_FILE", "LD_PRELOAD"):
        monkeypatch.setenv(name, "somebody else's")
    monkeypatch.setenv("RESTIC_REPOSITORY", "/elsewhere")
    environment = restic().environment()
    assert "somebody else's" not in environment.values()
    assert environment["RESTIC_REPOSITORY"] == "/srv/backup"
    assert environment["RESTIC_PASSWORD_FILE"] == "/etc/p"


def test_the_environment_file_may_add_and_never_takes_away_what_we_set(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text("AWS_ACCESS_KEY_ID=key\n")
    file.chmod(0o600)
    environment = restic(environment_file=str(file)).environment()
    assert (environment["AWS_ACCESS_KEY_ID"], environment["RESTIC_CACHE_DIR"]) == ("key", "/cache")


def test_options_stand_before_the_command() -> None:
    assert restic(options=("sftp.command=ssh", "x=y")).options() == ["-o", "sftp.command=ssh", "-o", "x=y"]


def test_an_answer_is_what_it_printed_and_json_is_asked_for(tmp_path: Path) -> None:
    program = playing(tmp_path, {"cat": [{"out": "an answer"}]})
    assert restic(program, options=("x=y",)).answer(["cat", "config"], "reading") == b"an answer"
    assert calls_of(program) == [["--json", "-o", "x=y", "cat", "config"]]


def test_unlocking_removes_only_the_locks_of_the_dead(tmp_path: Path) -> None:
    program = playing(tmp_path, {"unlock": []})
    restic(program).unlock()
    assert calls_of(program) == [["unlock", "--no-cache"]]


def test_a_restic_that_is_not_there_unlocks_nothing_and_says_so_at_the_next_call(tmp_path: Path) -> None:
    missing = restic(tmp_path / "none")
    missing.unlock()
    with pytest.raises(ResticError) as refused:
        missing.version()
    assert refused.value.code == "restic-missing"


def test_the_version_is_asked_for_once(tmp_path: Path) -> None:
    program = playing(tmp_path, {"version": [{"out": "restic 0.19.1 compiled with go\n"}]})
    calls = restic(program)
    assert calls.version() == calls.version() == (0, 19, 1)
    assert len(calls_of(program)) == 1


def test_an_interrupt_frees_the_lock_of_a_restic_that_was_just_begun(
    tmp_path: Path,
) -> None:
    program = playing(tmp_path, {"unlock": []})
    calls = restic(program)
    with pytest.raises(KeyboardInterrupt), calls.unlocked_at_interrupt():
        raise KeyboardInterrupt
    with calls.unlocked_at_interrupt():
        pass
    assert [words[0] for words in calls_of(program)] == ["unlock"]
