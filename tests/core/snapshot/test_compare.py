"""What a restored entry must be to count as the witnessed one: one difference a test."""

import os
import stat
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.snapshot.compare import Abilities, differences, restorable
from agent.core.snapshot.witness import WitnessEntry

ROOT = Abilities(owners=True, devices=True, xattrs=frozenset({b"user", b"system"}))
USER = Abilities(owners=False, devices=False, xattrs=frozenset({b"user"}))
FILE = WitnessEntry(
    b"f", 0o640, 1, 2, 10, 5_000_000_000, 6, 7, 8, 1, 8, b"ab" * 32, "", b"", b"", b"srv/orders/file"
)
KINDS = {
    b"f": stat.S_IFREG,
    b"d": stat.S_IFDIR,
    b"l": stat.S_IFLNK,
    b"p": stat.S_IFIFO,
    b"c": stat.S_IFCHR,
    b"b": stat.S_IFBLK,
}


class Status:
    """What lstat says of a restored entry."""

    def __init__(self, entry: WitnessEntry, **changes: Any) -> None:
        self.st_mode = KINDS[entry.type] | entry.mode
        self.st_uid, self.st_gid = entry.uid, entry.gid
        self.st_size = entry.size
        self.st_mtime_ns = entry.mtime_ns
        self.st_rdev = int(entry.extra or 0) if entry.type in (b"c", b"b") else 0
        self.__dict__.update(changes)


def _differences(entry: WitnessEntry, abilities: Abilities = ROOT, **changes: Any) -> list[str]:
    facts: dict[str, Any] = {"link": None, "xattrs": None, "witnessed_xattrs": {}}
    facts |= {name: changes.pop(name) for name in tuple(facts) if name in changes}
    status: Any = Status(entry, **changes)
    return differences(entry, status, abilities=abilities, **facts)


def test_the_same_is_the_same() -> None:
    assert _differences(FILE) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"st_mode": stat.S_IFDIR | 0o640}, "it was a file"),
        ({"st_mode": stat.S_IFLNK | 0o640}, "it was a file"),
        ({"st_mode": stat.S_IFREG | 0o4640}, "mode 0640 became 4640"),
        ({"st_size": 11}, "size 10 became 11"),
        ({"st_uid": 3}, "owner 1:2 became 3:2"),
        ({"st_gid": 3}, "owner 1:2 became 1:3"),
        ({"st_mtime_ns": 5_000_000_001}, "its modification time is another one"),
        ({"xattrs": {}, "witnessed_xattrs": {b"user.a": b"1"}}, "its extended attributes are others"),
        (
            {"xattrs": {b"user.a": b"2"}, "witnessed_xattrs": {b"user.a": b"1"}},
            "its extended attributes are others",
        ),
    ],
)
def test_one_difference_is_said_in_words(changes: dict[str, Any], says: str) -> None:
    assert _differences(FILE, **changes) == [says]


def test_a_link_must_point_where_it_did() -> None:
    link = replace(FILE, type=b"l", extra=b"target", sha256=b"")

    assert _differences(link, link=b"target") == []
    assert _differences(link, link=b"elsewhere") == ["the link points elsewhere"]


def test_the_mode_of_a_link_says_nothing() -> None:
    assert _differences(replace(FILE, type=b"l"), st_mode=stat.S_IFLNK | 0o777) == []


def test_a_device_must_have_its_number() -> None:
    device = replace(FILE, type=b"c", extra=str(os.makedev(1, 3)).encode())

    assert _differences(device) == []
    assert _differences(device, st_rdev=os.makedev(1, 5)) == ["the device number is another one"]


def test_without_root_owners_are_not_compared() -> None:
    assert _differences(FILE, USER, st_uid=1000, st_gid=1000) == []


def test_attributes_that_the_scratch_cannot_hold_are_not_compared() -> None:
    witnessed = {b"system.posix_acl_access": b"x", b"user.a": b"1"}

    assert _differences(FILE, USER, xattrs={b"user.a": b"1"}, witnessed_xattrs=witnessed) == []
    assert _differences(FILE, ROOT, xattrs={b"user.a": b"1"}, witnessed_xattrs=witnessed) != []


@pytest.mark.parametrize("moment", [1 << 63, -(1 << 63)])
def test_times_that_restic_cannot_set_are_not_compared(moment: int) -> None:
    assert _differences(replace(FILE, mtime_ns=moment), st_mtime_ns=0) == []


def test_the_size_of_a_directory_says_nothing() -> None:
    assert _differences(replace(FILE, type=b"d"), st_size=4096) == []


def test_sockets_never_come_back_and_devices_only_for_root() -> None:
    assert not restorable(b"s", ROOT)
    assert restorable(b"c", ROOT)
    assert not restorable(b"c", USER)
    assert restorable(b"p", USER)
