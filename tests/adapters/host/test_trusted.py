"""Who may change what a path leads to: owners, modes, lists, and links, all the way."""

import errno
import grp
import os
import pwd
import runpy
import shutil
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.adapters.host import trusted
from agent.adapters.host.trusted import Untrusted, opened, way_to, weakness_of

SHOP = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Ours, with ours/file in it."""
    (tmp_path / "ours").mkdir(mode=0o755)
    (tmp_path / "ours/file").touch(mode=0o644)
    return tmp_path


def weak(path: Path) -> tuple[str, str]:
    """Where and why; the hint names the same place."""
    found = weakness_of(str(path))
    assert found
    assert found.hint.endswith(found.path) != found.is_theirs
    assert "chown" not in found.hint or Path(found.path).is_file(), (
        "a directory of others is not ours to take"
    )
    return found.path, found.why


def of_shop(path: Path) -> Path:
    os.chown(path, SHOP, -1, follow_symlinks=False)
    return path


def test_what_is_ours_all_the_way_nobody_else_may_change(top: Path) -> None:
    (top / "link").symlink_to("ours")
    (top / "ours/link").symlink_to(top / "link/file")
    for path in ("ours/file", "ours", "link/../ours//./file", "ours/link", "link/file"):
        assert weakness_of(str(top / path)) is None
    assert weakness_of("/") is None


@pytest.mark.parametrize("place", ["ours/file", "ours", ""])
def test_what_every_user_may_write_is_named_with_the_way_to_mend_it(top: Path, place: str) -> None:
    (top / place).chmod(0o707)
    assert weak(top / "ours/file") == (str(top / place), "can be changed by every user (mode 0707)")


@pytest.mark.parametrize("place", ["ours/file", "ours", ""])
def test_so_is_what_belongs_to_somebody_else(top: Path, place: str, as_root: None) -> None:
    of_shop(top / place)
    assert weak(top / "ours/file") == (str(top / place), "belongs to user nobody")


def test_somebodys_home_is_left_to_them(top: Path, as_root: None) -> None:
    """`chown root /home/anna` was said where root used a config of hers, or a link into her checkout."""
    of_shop(top / "ours")
    (top / "link").symlink_to("ours/file")
    for path in ("ours/file", "link"):
        found = weakness_of(str(top / path))
        assert found
        assert found.hint == (
            "Move it to a directory of root's, such as /etc/readiness, or run this as user nobody."
        )


def test_the_sticky_bit_guards_names_not_files(top: Path, as_root: None) -> None:
    (top / "ours").chmod(0o1777)
    assert weakness_of(str(top / "ours/file")) is None
    (top / "ours/theirs").mkdir()
    (top / "ours/theirs/file").touch()
    of_shop(top / "ours/theirs")
    assert weak(top / "ours/theirs/file")[0] == str(top / "ours/theirs")
    (top / "ours/file").chmod(0o1666)
    assert weak(top / "ours/file")[0] == str(top / "ours/file")


def test_nor_does_it_guard_them_from_whoever_owns_the_directory(top: Path, as_root: None) -> None:
    of_shop(top / "ours").chmod(0o1755)
    assert weak(top / "ours/file") == (str(top / "ours"), "belongs to user nobody")


def test_a_group_may_write_when_it_has_no_member_but_the_trusted(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (top / "ours").chmod(0o775)
    ours, gid = pwd.getpwuid(os.geteuid()), (top / "ours").stat().st_gid
    others = pwd.struct_passwd(("shop", "x", SHOP, gid, "", "/", ""))
    named: list[str] = [ours.pw_name]
    users = [ours]
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("group", "x", gid, named)))
    monkeypatch.setattr(pwd, "getpwall", lambda: users)

    assert weakness_of(str(top / "ours/file")) is None
    users.append(others)
    assert weak(top / "ours/file")[1] == "can be changed by the group group (mode 0775)"
    users.pop()
    named.append("nobody")
    assert weak(top / "ours/file")[0] == str(top / "ours")
    named.append("who-is-not-there")
    assert weak(top / "ours/file")[0] == str(top / "ours")


def test_a_list_of_users_does_not_hide_behind_the_group(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("group", "x", gid, [])))
    monkeypatch.setattr(pwd, "getpwall", list)
    entries = [(1, 7, -1), (2, 7, SHOP), (4, 5, -1), (16, 7, -1), (32, 5, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    (top / "ours/file").chmod(0o664)
    assert weakness_of(str(top / "ours/file")) is None
    try:
        os.setxattr(top / "ours", "system.posix_acl_access", acl)
    except OSError:
        pytest.fail("the file system of the tests keeps no access control lists")
    assert weak(top / "ours/file") == (str(top / "ours"), "can be changed by the group group (mode 0775)")


def test_a_list_that_may_not_be_read_may_name_anybody(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("group", "x", gid, [])))
    monkeypatch.setattr(pwd, "getpwall", list)
    (top / "ours/file").chmod(0o664)
    for number, is_weak in ((errno.EOPNOTSUPP, False), (errno.EACCES, True)):

        def refuse(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "listxattr", refuse)
        assert bool(weakness_of(str(top / "ours/file"))) == is_weak


def test_who_owns_the_code_and_who_owns_the_root_are_always_trusted(
    top: Path, monkeypatch: pytest.MonkeyPatch, as_root: None
) -> None:
    """The second is root in a container whose users have other numbers outside."""
    code = top / "ours/trusted.py"
    shutil.copy(trusted.__file__, code)
    of_shop(code)
    stat = os.stat
    monkeypatch.setattr(
        os, "stat", lambda path, **more: SimpleNamespace(st_uid=77) if path == "/" else stat(path, **more)
    )
    assert runpy.run_path(str(code))["_ALWAYS"] == {0, SHOP, 77}


def test_whoever_owns_the_code_is_trusted(top: Path, as_root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    of_shop(top / "ours")
    monkeypatch.setattr(trusted, "_ALWAYS", {0, SHOP})
    assert weakness_of(str(top / "ours/file")) is None


def test_our_own_user_does_not_decide_what_is_done_with_rights_beyond_his(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service's user has a shell of somebody in it, and starts a drill that may write everywhere."""
    monkeypatch.setattr(trusted, "_ALWAYS", {SHOP})
    assert trusted.deciders() == trusted.usual() == {SHOP, os.geteuid()}
    monkeypatch.setattr(trusted, "is_service", lambda: True)
    assert (trusted.deciders(), trusted.usual()) == ({SHOP}, {SHOP, os.geteuid()})
    found = weakness_of(str(top / "ours/file"), trusted.deciders())
    assert found and found.why.startswith("belongs to ")


def test_a_link_of_somebody_else_is_not_followed(top: Path, as_root: None) -> None:
    (top / "theirs").symlink_to("ours")
    of_shop(top / "theirs")
    with pytest.raises(Untrusted, match=r"theirs is a link .* belongs to user nobody"):
        weakness_of(str(top / "theirs/file"))
    for flags in (os.O_RDONLY, os.O_PATH):
        with pytest.raises(Untrusted, match="others may change it"):
            opened(str(top / "theirs"), flags)
    with way_to(str(top / "theirs")) as way:
        assert way.name == "theirs"


def test_nor_is_one_of_ours_that_lies_where_others_may_move_it(top: Path, as_root: None) -> None:
    (top / "ours/deep").mkdir()
    (top / "ours/deep/link").symlink_to(top)
    of_shop(top / "ours")
    with pytest.raises(Untrusted, match=r"ours belongs to user nobody"):
        weakness_of(str(top / "ours/deep/link/file"))
    with pytest.raises(Untrusted):
        weakness_of(str(top / "ours/deep/link"))


def test_links_in_a_circle_come_to_an_end(top: Path) -> None:
    (top / "a").symlink_to("b")
    (top / "b").symlink_to("a")
    with pytest.raises(OSError, match="a") as error:
        weakness_of(str(top / "a"))
    assert error.value.errno == errno.ELOOP


def test_what_is_not_there_has_a_way_to_it_when_only_the_last_name_is_missing(top: Path) -> None:
    with way_to(str(top / "ours/new")) as way:
        assert (way.name, way.weakness) == ("new", None)
        assert os.fstat(way.directory).st_ino == (top / "ours").stat().st_ino
    for path in ("ours/new", "new/file"):
        with pytest.raises(FileNotFoundError):
            weakness_of(str(top / path))
    for nothing in ("", "a\0b"):
        with pytest.raises(FileNotFoundError):
            weakness_of(nothing)
    with pytest.raises(NotADirectoryError):
        weakness_of(str(top / "ours/file/below"))


def test_a_relative_path_is_judged_from_here_on(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(top / "ours")
    assert weakness_of("file") is None
    (top / "ours").chmod(0o777)
    found = weakness_of("file")
    assert found and found.path == "."


def test_nothing_stays_open(top: Path, as_root: None) -> None:
    of_shop(top / "ours")
    (top / "ours/link").symlink_to(top)
    before = os.listdir("/proc/self/fd")
    for path in ("ours/file", "ours/link", "ours/link/x", "none/x", "ours/file/x"):
        try:
            os.close(opened(str(top / path))[0])
        except OSError:
            continue
    assert os.listdir("/proc/self/fd") == before
