"""A file system below a path that is not mounted any more is noticed by itself."""

from msgspec.structs import replace

from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.shrinkage import (
    Names,
    hidden_by_mounts,
    new_mounts,
    other_systems,
    strangers,
    unmounted,
)
from support.builders.live_files import ORDERS_ROOT, good, scan
from support.builders.shop import process

ORDERS = process("orders", paths=("/srv/orders",), exclude=("cache",))


def told(
    files: int = 0, place: str = "/srv/orders/disk", mounted: bool = False
) -> list[tuple[str, str | None]]:
    mount = RootIdentity(place, 7, 2, 40)
    now = scan(extents={place.encode()[1:]: (files, 0)}, mounts=(mount,) if mounted else ())
    return [(found.code, found.path) for found in unmounted(ORDERS, now, good(mounts=(mount,)))]


def test_an_empty_mount_point_is_told_and_so_is_a_placeholder() -> None:
    assert told() == [("source-empty", "/srv/orders/disk")]
    assert told(1) == [("source-collapsed", "/srv/orders/disk")]


def test_what_is_mounted_was_moved_onto_the_disk_or_is_none_of_ours_is_not_told() -> None:
    assert told(mounted=True) == []
    assert told(40) == []
    assert told(place="/srv/orders/cache") == []
    assert told(place="/srv/other/disk") == []
    assert unmounted(ORDERS, scan(), None) == []
    assert unmounted(ORDERS, scan(), good()) == []


DISK = RootIdentity("/srv/orders/disk", 7, 2, 40, system=99)


def test_a_mount_is_new_when_its_place_its_number_or_the_name_of_its_system_is() -> None:
    known = good(mounts=(DISK,))
    assert new_mounts(scan(mounts=(DISK,)), known) == []
    for other in (
        RootIdentity("/srv/orders/other", 7, 2, 40, system=99),
        RootIdentity("/srv/orders/disk", 8, 2, 40, system=99),
        RootIdentity("/srv/orders/disk", 7, 3, 40, system=99),
        RootIdentity("/srv/orders/disk", 7, 2, 40, system=98),
    ):
        assert new_mounts(scan(mounts=(other,)), known) == [other]
    assert new_mounts(scan(mounts=(DISK,)), good()) == [DISK]
    assert new_mounts(scan(mounts=(DISK,)), None) == []


def hidden(files: int, size: int, *below: RootIdentity) -> list[tuple[str, str | None]]:
    """What is said when 3 files with 100 bytes lay there before."""
    seen = scan(extents={b"srv/orders/disk": (files, size)}, mounts=(DISK, *below))
    before = {b"srv/orders/disk": (3, 100), b"srv/orders/disk/deep": (1, 10)}
    return [(found.code, found.path) for found in hidden_by_mounts(ORDERS, seen, list(seen.mounts), before)]


def test_a_mount_with_less_than_half_of_what_lay_there_hides_it() -> None:
    assert hidden(0, 0) == [("source-empty", "/srv/orders/disk")]
    assert hidden(1, 90) == [("source-collapsed", "/srv/orders/disk")]
    assert hidden(2, 49) == [("source-collapsed", "/srv/orders/disk")]
    assert hidden(2, 50) == []
    deep = RootIdentity("/srv/orders/disk/deep", 9, 2)
    assert hidden(0, 0, deep) == [("source-empty", "/srv/orders/disk")], "what lies below is told with it"


def test_where_nothing_lay_nothing_is_hidden() -> None:
    assert hidden_by_mounts(ORDERS, scan(mounts=(DISK,)), [DISK], {}) == []


# ---- only the names tell

AT_DISK = b"srv/orders/disk"


def others(now: RootIdentity, old: RootIdentity = DISK) -> dict[bytes, bool]:
    return other_systems(ORDERS, scan(mounts=(now,)), good(mounts=(old,)))


def test_another_system_is_known_by_its_own_name_and_where_it_has_none_by_its_device() -> None:
    assert others(replace(DISK, device=8)) == {}, "a number that changed with a reboot"
    assert others(replace(DISK, system=98)) == {AT_DISK: False}
    assert others(replace(DISK, inode=3)) == {AT_DISK: False}, "another bind mount"
    nameless = replace(DISK, system=0)
    assert others(nameless, nameless) == {}
    assert others(replace(nameless, device=8), nameless) == {AT_DISK: True}
    xfs = replace(DISK, system=7)
    assert others(replace(DISK, device=8, system=8), xfs) == {AT_DISK: True}


def test_what_is_mounted_now_or_was_is_another_system_unless_it_is_excluded_or_no_path_any_more() -> None:
    assert other_systems(ORDERS, scan(mounts=(DISK,)), good()) == {AT_DISK: False}
    assert other_systems(ORDERS, scan(), good(mounts=(DISK,))) == {AT_DISK: False}
    cache = replace(DISK, path="/srv/orders/cache")
    assert other_systems(ORDERS, scan(), good(mounts=(cache,))) == {}
    assert other_systems(ORDERS, scan(), good(mounts=(replace(DISK, path="/srv/old"),))) == {}
    assert other_systems(ORDERS, scan(mounts=(DISK,)), None) == {}


def test_a_path_made_anew_on_the_same_system_is_no_other_one() -> None:
    root = replace(ORDERS_ROOT, system=99)
    known = replace(good(), roots=(root,))
    assert other_systems(ORDERS, scan(roots=(replace(root, inode=3),)), known) == {}
    assert other_systems(ORDERS, scan(roots=(replace(root, system=98),)), known) == {b"srv/orders": False}
    assert other_systems(ORDERS, scan(roots=(replace(root, device=3),)), good()) == {b"srv/orders": True}


def strange(
    names: Names, mounted: bool = True, told: tuple[str, ...] = ()
) -> list[tuple[str, str, str | None]]:
    now = scan(mounts=(DISK,) if mounted else ())
    found = strangers(ORDERS, now, {AT_DISK: names, AT_DISK + b"/deep": names}, told)
    return [(each.code, each.message.partition(" at ")[0], each.path) for each in found]


def test_less_than_half_of_the_names_or_of_their_bytes_is_another_system() -> None:
    other = [("source-collapsed", "Another file system lies", "/srv/orders/disk")]
    assert strange(Names(30, 900, 14, 500)) == strange(Names(30, 900, 20, 400)) == other
    assert strange(Names(30, 900, 15, 450)) == []
    assert strange(Names(30, 900, 0, 0), mounted=False)[0][1] == "No file system is mounted any more"
    assert strange(Names(30, 900, 0, 0), told=("/srv/orders/disk",)) == []
    assert strange(Names(2, 4095, 0, 0)) == [], "a placeholder"
    assert strange(Names(1, 4096, 0, 0)) == other
