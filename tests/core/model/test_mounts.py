"""What is mounted where: the kernel's table, and the mount that a path really lies on."""

import pytest

from agent.core.model.mounts import (
    Mount,
    layers_of,
    mount_of,
    mounts_below,
    parse_mounts,
    servers_of,
)

TABLE = """\
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
30 27 8:17 / /srv rw - ext4 /dev/sdb1 rw
31 30 8:33 / /srv/my\\040orders rw - xfs /dev/sdc1 rw
32 27 0:21 / /proc rw - proc proc rw
garbage
33 27 x:y / /bad rw - ext4 /dev/vdb rw
34 30 0:50 / /srv/proc rw - proc proc rw
"""


def a_mount(
    kind: str = "ext4", source: str = "/dev/sda1", device: tuple[int, int] = (8, 1), options: str = ""
) -> Mount:
    return Mount(
        number=1,
        parent=0,
        device=device,
        point="/",
        kind=kind,
        source=source,
        options=tuple(options.split(",")),
    )


def point(path: str, table: str = TABLE) -> str:
    found = mount_of(path, parse_mounts(table))
    assert found is not None
    return found.point


def test_the_table_of_the_kernel_is_read_and_what_is_no_mount_left_out() -> None:
    mounts = parse_mounts(TABLE)
    assert [mount.point for mount in mounts] == ["/", "/srv", "/srv/my orders", "/proc", "/srv/proc"]
    assert (mounts[0].device, mounts[0].kind, mounts[0].source) == ((254, 0), "ext4", "/dev/vda")


def test_a_path_lies_on_the_deepest_mount_that_holds_it() -> None:
    assert point("/home/x") == "/"
    assert point("/srv") == "/srv"
    assert point("/srv/my orders/2026") == "/srv/my orders"
    assert point("/srv/my ordersx") == "/srv"


def test_a_mount_that_a_later_one_covers_holds_nothing() -> None:
    over = (
        TABLE
        + "40 27 8:49 / /srv/my\\040orders rw - ext4 /dev/x rw\n41 30 8:65 / /srv rw - ext4 /dev/sde1 rw\n"
    )
    assert mount_of("/srv/my orders/x", parse_mounts(over)).source == "/dev/sde1"  # type: ignore[union-attr]


def test_nothing_is_mounted_where_there_is_no_table() -> None:
    assert mount_of("/srv", []) is None


def test_below_a_path_only_mounts_with_files_of_people_are_of_interest() -> None:
    below = mounts_below("/srv", parse_mounts(TABLE))
    assert [mount.point for mount in below] == ["/srv/my orders"]


@pytest.mark.parametrize(
    ("mount", "footing"),
    [
        (a_mount(), "device"),
        (a_mount("fuseblk", "/dev/sdb1"), "device"),
        (a_mount("btrfs", "/dev/sda1", (0, 40)), "named"),
        (a_mount("tmpfs", "tmpfs", (0, 40)), "memory"),
        (a_mount("nfs4", "nas:/x", (0, 40)), "network"),
        (a_mount("fuse.sshfs", "nas:", (0, 40)), "network"),
        (a_mount("9p", "10.0.0.9", (0, 40), "trans=tcp"), "network"),
        (a_mount("9p", "hostshare", (0, 40), "trans=virtio"), "unknown"),
        (a_mount("virtiofs", "hostshare", (0, 40)), "unknown"),
        (a_mount("fuse.strange", "/dev/sda1", (0, 40)), "unknown"),
        (a_mount("zfs", "tank/srv", (0, 40)), "pool"),
        (a_mount("overlay", "overlay", (0, 40)), "layers"),
        (a_mount("fuse.gocryptfs", "/srv/cipher", (0, 40)), "directory"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_what_a_file_system_lies_on_follows_from_its_kind(mount: Mount, footing: str) -> None:
    assert mount.footing == footing


@pytest.mark.parametrize(
    ("mount", "servers"),
    [
        (a_mount("nfs4", "NAS:/srv/x", options="vers=4,addr=10.0.0.9"), {"nas", "10.0.0.9"}),
        (a_mount("nfs", "[fe80::1]:/x", options="addr=fe80::1"), {"fe80::1"}),
        (a_mount("cifs", "//nas/share"), {"nas"}),
        (a_mount("fuse.sshfs", "backup@nas:"), {"nas"}),
        (a_mount("ceph", "10.0.0.1:6789,10.0.0.2:6789:/"), {"10.0.0.1", "10.0.0.2"}),
    ],
    ids=["nfs", "six", "cifs", "sshfs", "ceph"],
)
def test_the_servers_of_a_network_file_system_are_known_by_all_their_names(
    mount: Mount, servers: set[str]
) -> None:
    assert servers_of(mount) == servers


def test_the_layers_of_an_overlay() -> None:
    assert layers_of(a_mount("overlay", options="lowerdir=/a:/b\\:c:l/XY,upperdir=/u,workdir=/w")) == (
        "/u",
        ("/a", "/b:c"),
    )
