"""What restic's exit status and words mean, whatever version says them."""

import json

import pytest

from agent.adapters.host.command import Completed
from agent.adapters.restic.errors import first_line, timed_out, trouble, without_secrets
from agent.errors import ResticError


def failed(words: str, status: int = 1, timed_out: bool = False) -> ResticError:
    return trouble(
        "listing snapshots",
        Completed(status=status, stdout=b"", stderr=words.encode(), seconds=7, timed_out=timed_out),
    )


@pytest.mark.parametrize(
    ("status", "code"), [(10, "repository-missing"), (11, "repository-locked"), (12, "wrong-password")]
)
def test_an_exit_status_of_its_own_tells_without_any_words(status: int, code: str) -> None:
    assert failed("", status).code == code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Fatal: wrong password or no key found", "wrong-password"),
        ("unable to create lock in backend: repository is already locked by PID 7", "repository-locked"),
        ("Is there a repository at the following location?\n/srv/backup", "repository-missing"),
        ("dial tcp: no such host\nIs there a repository at the following location", "repository-unreachable"),
        ("permission denied\nIs there a repository at the following location", "repository-unreadable"),
        ("write /srv/backup/data/1: no space left on device", "no-space"),
        ("unable to open cache: mkdir /c: no space left on device", "not-tested"),
        ("panic: runtime error\n\ngoroutine 1", "restic-crashed"),
        ("signal interrupt received, cleaning up", "restic-killed"),
        ("Fatal: config or key 12ab is damaged: invalid data", "repository-damaged"),
        ('no matching ID found for prefix "ffff"', "no-snapshot"),
        ("something nobody has seen before", "restic-failed"),
    ],
)
def test_old_versions_are_understood_by_their_words(words: str, code: str) -> None:
    found = failed(words)
    assert found.code == code
    assert found.hint


def test_the_name_of_a_file_is_not_taken_for_trouble() -> None:
    assert failed("ignoring error for /srv/repository is already locked: vanished").code == "restic-failed"


@pytest.mark.parametrize("status", [-9, 137])
def test_a_signal_without_words_is_named(status: int) -> None:
    found = failed("", status)
    assert (found.code, found.message) == (
        "restic-killed",
        "restic was killed while listing snapshots (signal 9).",
    )


def test_one_that_got_nowhere_is_quoted() -> None:
    assert failed("retrying after 5s: gone", timed_out=True).message == (
        "restic showed no progress for 7 s and was ended. It said: retrying after 5s: gone"
    )
    assert timed_out(7, b" \n").message == "restic showed no progress for 7 s and was ended."


@pytest.mark.parametrize(
    ("stderr", "line"),
    [
        ("a warning\nFatal: it is gone\nmore", "it is gone"),
        ("a warning\nmore", "a warning"),
        ("", "it said nothing"),
        (json.dumps({"message_type": "exit_error", "message": "Fatal: it is gone"}), "it is gone"),
        (json.dumps({"error": {"message": "lstat: gone"}}), "lstat: gone"),
        ("{no json", "{no json"),
        ("\x1b[31mred\udcff", "\\x1b[31mred\\xff"),
    ],
)
def test_the_line_that_says_most_is_shown_and_moves_no_cursor(stderr: str, line: str) -> None:
    assert first_line(stderr.encode(errors="surrogateescape")) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rest:https://anna:secret@nas/x", "rest:https:***@nas/x"),
        ("https://anna:secret@nas/x", "https://anna:***@nas/x"),
        ("sftp:anna:sec@ret@nas:/x", "sftp:anna:***@nas:/x"),
        ("s3:https://nas:9000/x", "s3:https://nas:9000/x"),
    ],
)
def test_the_password_of_an_address_is_blanked(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
