"""What can be seen of a password file and a repository, where restic has few words for it."""

from pathlib import Path

import pytest

from agent.adapters.restic.seen import lost_data, lost_heart, require_private, seen_ourselves, wrong_secret
from agent.core.configuration.config import Repository
from agent.errors import ResticError


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "is empty"), (b" \n\t", "is blank"), (b"correct horse\n", "")]
)
def test_a_password_file_must_hold_something(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "password"
    assert wrong_secret(str(file)) == "is not there"
    file.write_bytes(content)
    file.chmod(0o600)
    assert wrong_secret(str(file)) == why
    assert wrong_secret(str(tmp_path)) == "is no file"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620, 0o640, 0o400])
def test_a_password_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "pass word"
    file.write_text("correct horse\n")
    file.chmod(mode)
    repository = Repository(name="primary", url=str(tmp_path), password_file=str(file))

    if mode in (0o640, 0o400):
        require_private(repository)
        return
    with pytest.raises(ResticError, match=f"open to others .mode {mode:04o}. and refused") as refused:
        require_private(repository)
    assert (refused.value.code, refused.value.hint) == ("password-missing", f"Run: chmod 600 '{file}'")


def test_a_repository_lives_by_its_config_and_keys(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "config").write_text("x")
    assert "lost its config or its keys" in lost_heart(str(tmp_path))[0]
    (tmp_path / "keys" / "1").write_text("x")
    assert lost_heart(str(tmp_path)) == ("", "")
    (tmp_path / "config").write_text("")
    assert lost_heart(str(tmp_path))[0]


def test_one_that_lists_snapshots_lives_by_its_data_and_index(tmp_path: Path) -> None:
    """A new one, in which nothing was saved yet, has neither."""
    for name in ("keys", "snapshots", "index", "data/00", "data/ff"):
        (tmp_path / name).mkdir(parents=True)
    for file in ("config", "keys/1"):
        (tmp_path / file).write_text("x")
    assert (lost_heart(str(tmp_path)), lost_data(str(tmp_path))) == (("", ""), "")

    (tmp_path / "snapshots" / "1").write_text("x")
    assert "lost all of its data" in lost_heart(str(tmp_path))[0]
    (tmp_path / "data" / "ff" / "1").write_text("x")
    assert "has no index" in lost_heart(str(tmp_path))[0]
    assert lost_data(str(tmp_path)) == "", "restic saves everything anew"
    (tmp_path / "index" / "1").write_text("x")
    assert lost_heart(str(tmp_path)) == ("", "")


def test_the_cause_is_told_where_it_can_be_seen(tmp_path: Path) -> None:
    primary = Repository(name="primary", url=str(tmp_path), password_file="/nowhere/password")
    far = Repository(name="far", url="sftp:there:/r", password_file="/nowhere/password")

    def seen(code: str, repository: Repository = primary) -> ResticError:
        return seen_ourselves(ResticError("words", "hint", code), repository)

    assert "/nowhere/password is not there" in seen("password-missing", far).message
    assert seen("wrong-password").code == "wrong-password"
    (tmp_path / "config").write_text("x")
    assert seen("wrong-password").code == "repository-damaged"
    assert seen("wrong-password", far).code == "wrong-password"
    assert str(tmp_path) in seen("repository-unreadable").hint
    assert seen("no-space").hint == "hint"
