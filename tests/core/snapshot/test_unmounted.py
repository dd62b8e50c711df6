"""A file system below a path that is not mounted any more is noticed by itself."""

from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.unmounted import unmounted
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
