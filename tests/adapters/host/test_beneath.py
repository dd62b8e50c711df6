"""Opening below a directory: by one call and step by step, and no link is followed by either."""

import errno
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.adapters.host import beneath
from agent.adapters.host.beneath import LONGEST, by_one_call, open_beneath, real_path, stat_beneath
from support.places import ROOT

READ = os.O_RDONLY
LOOK = os.O_PATH | os.O_NOFOLLOW


@pytest.fixture(params=["one call", "steps"])
def base(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    if request.param == "steps":
        monkeypatch.setattr(beneath, "by_one_call", lambda: None)
    else:
        assert by_one_call(), "every kernel since 5.6 has openat2"
    top = tmp_path / "top"
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/file").write_text("content")
    (top / "a/link").symlink_to("b")
    (top / "a/leads").symlink_to("b/file")
    (top / "a/out").symlink_to(tmp_path)
    (top / "a/proc").symlink_to("/proc/self/fd")
    os.mkfifo(top / "a/fifo")
    (tmp_path / "outside").write_text("secret")
    base = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    before = len(os.listdir("/proc/self/fd"))
    yield base
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(base)


def number_of(call: Callable[[], int]) -> int:
    with pytest.raises(OSError) as error:
        call()
    return error.value.errno or 0


@pytest.mark.parametrize("path", [b"a/b/file", b"a//b/./file"])
def test_what_lies_below_is_opened(base: int, path: bytes) -> None:
    handle = open_beneath(base, path, READ)
    assert os.read(handle, 100) == b"content"
    assert not os.get_inheritable(handle)
    os.close(handle)
    assert stat_beneath(base, path).st_size == 7


def test_nothing_is_the_directory_itself(base: int) -> None:
    assert stat_beneath(base, b"").st_ino == os.fstat(base).st_ino == stat_beneath(base, b".").st_ino


@pytest.mark.parametrize("path", [b"a/link/file", b"a/leads", b"a/out/outside", b"a/proc/0", b"a/out"])
@pytest.mark.parametrize(
    "flags", [READ, READ | os.O_NOFOLLOW, READ | os.O_DIRECTORY | os.O_NOFOLLOW, os.O_PATH]
)
def test_no_link_is_followed_neither_on_the_way_nor_at_the_end(base: int, path: bytes, flags: int) -> None:
    assert number_of(lambda: open_beneath(base, path, flags)) == errno.ELOOP


def test_a_link_at_the_end_can_be_looked_at(base: int) -> None:
    assert stat.S_ISLNK(stat_beneath(base, b"a/leads").st_mode)
    assert number_of(lambda: open_beneath(base, b"a/link/file", LOOK)) == errno.ELOOP


@pytest.mark.parametrize("path", [b"/etc/passwd", b"../outside", b".."])
def test_nothing_leads_outside(base: int, path: bytes) -> None:
    assert number_of(lambda: open_beneath(base, path, READ)) == errno.EXDEV


def test_what_is_missing_or_no_directory_is_said_as_open_does(base: int) -> None:
    assert number_of(lambda: open_beneath(base, b"a/none", READ)) == errno.ENOENT
    assert number_of(lambda: open_beneath(base, b"none/none", READ)) == errno.ENOENT
    assert number_of(lambda: open_beneath(base, b"a/b/file/x", READ)) == errno.ENOTDIR
    assert number_of(lambda: open_beneath(base, b"a/b/file", READ | os.O_DIRECTORY)) == errno.ENOTDIR
    assert number_of(lambda: open_beneath(base, b"n" * 5000, READ)) == errno.ENAMETOOLONG
    with pytest.raises(ValueError, match="embedded null"):
        open_beneath(base, b"a/b/file\0x", READ)


def test_a_path_may_be_longer_than_the_system_takes(base: int) -> None:
    name, path = b"n" * 200, b"a"
    for _ in range(2 * LONGEST // 200):
        above = open_beneath(base, path, os.O_RDONLY | os.O_DIRECTORY)
        os.mkdir(name, dir_fd=above)
        os.close(above)
        path += b"/" + name
    assert len(path) > 2 * LONGEST
    os.close(open_beneath(base, path, os.O_RDONLY | os.O_DIRECTORY))
    assert number_of(lambda: open_beneath(base, path + b"/none", READ)) == errno.ENOENT

    parts = path.rsplit(b"/", 30)  # one in the first piece becomes a link
    above = open_beneath(base, b"a", os.O_RDONLY | os.O_DIRECTORY)
    os.rename(name, b"moved", src_dir_fd=above, dst_dir_fd=above)
    os.symlink(b"moved", name, dir_fd=above)
    os.close(above)
    assert number_of(lambda: open_beneath(base, b"/".join(parts), READ)) == errno.ELOOP


def test_where_openat2_is_refused_it_goes_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beneath, "_OPENAT2", 100_000)
    by_one_call.cache_clear()
    try:
        assert by_one_call() is None
    finally:
        by_one_call.cache_clear()


def test_a_link_that_may_not_be_read_leads_nowhere_else(tmp_path: Path) -> None:
    """A shop's link to /proc/1/root ended every snapshot of the service, which may not read that one."""
    (tmp_path / "link").symlink_to("/etc")
    assert real_path(str(tmp_path / "link" / "x")) == "/etc/x"

    code = f"""
import sys
sys.path.append({str(ROOT)!r})
from agent.adapters.host.beneath import real_path
print(real_path(b"/proc/1/root/x"))
"""
    other = ["setpriv", "--reuid=61000", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*other, "/usr/bin/python3", "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("b'/proc/1/root/x'\n", "")
