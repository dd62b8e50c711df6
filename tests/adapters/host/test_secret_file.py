"""The file with a password: read when it is safe, and what is in it is never said."""

import os
from pathlib import Path

import pytest

from agent.adapters.host.secret_file import LARGEST, read_secret
from agent.errors import MailError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.touch(mode=0o600)
    return file


def refused(file: Path) -> str:
    with pytest.raises(MailError) as error:
        read_secret(str(file))
    assert error.value.code == "mail-password-file"
    assert error.value.hint
    assert "hunter" not in error.value.message + error.value.hint
    return error.value.message


@pytest.mark.parametrize("written", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_a_password_is_one_line(file: Path, written: str) -> None:
    file.write_text(written)
    assert read_secret(str(file)) == "hunter2"


def test_blanks_and_letters_of_all_kinds_belong_to_it(file: Path) -> None:
    file.write_text(" correct horse; ä \n")
    assert read_secret(str(file)) == " correct horse; ä "


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_its_owner_and_the_group_of_the_service_may_read_it(file: Path, mode: int) -> None:
    file.write_text("hunter2")
    file.chmod(mode)
    assert read_secret(str(file)) == "hunter2"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o620])
def test_nobody_else_may(file: Path, mode: int) -> None:
    file.write_text("hunter2")
    file.chmod(mode)
    assert f"is open to others (mode {mode:04o})" in refused(file)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (b"", "does not hold one line"),
        (b"\n", "does not hold one line"),
        (b"hunter2\nhunter3\n", "does not hold one line"),
        (b"hunter2\0", "does not hold one line"),
        (b"hunter2\xff", "is not text in UTF-8"),
        (b"x" * LARGEST, "is no small regular file"),
    ],
)
def test_what_is_no_line_of_text_is_no_password(file: Path, written: bytes, what: str) -> None:
    file.write_bytes(written)
    assert what in refused(file)


def test_what_is_no_file_is_named_and_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", mode=0o600)
    (tmp_path / "directory").mkdir(mode=0o700)

    assert "is no small regular file" in refused(tmp_path / "fifo")
    assert "is no small regular file" in refused(tmp_path / "directory")
    assert "cannot be read: No such file" in refused(tmp_path / "missing")
