"""A file system below a path that is not mounted any more is noticed by itself."""

from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.shrinkage import hidden_by_mounts, new_mounts, unmounted
from support.builders.live_files import good, scan
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
