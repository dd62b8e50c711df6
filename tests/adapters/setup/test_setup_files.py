"""The files of a first set-up: nothing old is lost, and nobody else can read them."""

import os
import pwd
import stat
from pathlib import Path

import pytest

from agent.adapters.setup.setup_files import LocalSetupFiles, SetupFailed

FILES = LocalSetupFiles()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_directory_is_known_by_what_it_really_is(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()
    assert FILES.real_directory(str(tmp_path / "link")) == str(tmp_path / "real")
    assert FILES.real_directory(str(tmp_path / "file")) is None


def test_a_dangling_link_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert FILES.exists(str(tmp_path / "link"))
    assert not FILES.exists(str(tmp_path / "nowhere"))


def test_places_that_do_not_exist_yet_lie_where_their_parents_lie(tmp_path: Path) -> None:
    assert FILES.place_of(f"{tmp_path}/a/b/c", str(tmp_path)).is_near
    assert not FILES.place_of("/proc/a", f"{tmp_path}/a").is_near


def test_a_new_directory_is_private_and_one_that_was_there_stays_as_it_is(tmp_path: Path) -> None:
    FILES.make_private(str(tmp_path / "a" / "state"))
    assert mode(tmp_path / "a" / "state") == 0o700
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    FILES.make_private(str(tmp_path / "open"))
    assert mode(tmp_path / "open") == 0o755


def test_a_password_is_long_private_and_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "password"
    FILES.write_password(str(file))
    first = file.read_text()
    assert (len(first.strip()) >= 43, mode(file)) == (True, 0o600)
    with pytest.raises(SetupFailed):
        FILES.write_password(str(file))
    assert file.read_text() == first


def test_a_password_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(SetupFailed):
        FILES.write_password(str(tmp_path / "link"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_is_replaced_only_when_that_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "readiness.toml"
    FILES.write(str(file), "one", replace=False)
    with pytest.raises(SetupFailed, match="cannot be written: File exists"):
        FILES.write(str(file), "two", replace=False)
    assert file.read_text() == "one"
    FILES.write(str(file), "two", replace=True)
    assert (file.read_text(), mode(file), os.listdir(tmp_path)) == ("two", 0o600, ["readiness.toml"])


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "readiness.toml"
    file.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SetupFailed) as refused:
        FILES.write(str(file), "new", replace=True)
    assert (file.read_text(), os.listdir(tmp_path)) == ("old", ["readiness.toml"])
    assert "--config FILE" in refused.value.hint


def test_removing_what_is_gone_is_fine(tmp_path: Path) -> None:
    FILES.remove(str(tmp_path / "none"))


def test_of_a_service_the_state_is_its_users_and_what_decides_is_roots(tmp_path: Path, as_root: None) -> None:
    user = pwd.getpwnam("nobody")
    files = LocalSetupFiles(user)
    config, password, state = (
        tmp_path / "etc" / "c.toml",
        tmp_path / "etc" / "password",
        tmp_path / "v/state",
    )

    files.make_private(str(state))
    files.make_private(str(state))
    files.make_parent(str(config))
    files.write_password(str(password))
    files.write(str(config), "text", replace=False)

    assert (state.stat().st_uid, state.stat().st_gid, mode(state)) == (user.pw_uid, user.pw_gid, 0o700)
    for file in (config, password):
        assert (file.stat().st_uid, file.stat().st_gid, mode(file)) == (0, user.pw_gid, 0o640)
    assert (config.parent.stat().st_uid, state.parent.stat().st_uid) == (0, 0)
    with pytest.raises(SetupFailed, match="does not belong to the user nobody") as refused:
        files.make_private(str(config.parent))
    assert "--state DIR" in refused.value.hint
