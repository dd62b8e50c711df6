"""What is mounted where, as /proc/self/mountinfo has it, and what a path lies on."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from agent.core.configuration.location import is_inside

# what a file system lies on: a block device; devices that its source names; memory; another machine; the
# layers of an overlay; a directory; a pool of its own kind; what nobody can say
Footing = Literal["device", "named", "memory", "network", "layers", "directory", "pool", "unknown"]

OVER_THE_NETWORK = """
    nfs nfs4 cifs smb3 smbfs ncpfs afs coda ceph lustre glusterfs beegfs pvfs2 fuse.sshfs fuse.glusterfs
    fuse.ceph fuse.ceph-fuse fuse.s3fs fuse.gcsfuse fuse.curlftpfs"""
# windows to the kernel, or to what a desktop has mounted: nobody keeps files in them
WINDOWS = """
    proc sysfs cgroup cgroup2 devpts mqueue debugfs tracefs securityfs bpf pstore configfs fusectl binfmt_misc
    efivarfs nsfs autofs rpc_pipefs selinuxfs fuse.lxcfs fuse.portal fuse.gvfsd-fuse"""
FOOTINGS: dict[str, Footing] = {
    **dict.fromkeys(("tmpfs", "ramfs", "devtmpfs", "rootfs", "hugetlbfs"), "memory"),
    **dict.fromkeys(OVER_THE_NETWORK.split(), "network"),
    **dict.fromkeys(("ecryptfs", "fuse.bindfs", "fuse.gocryptfs", "fuse.encfs"), "directory"),
    "overlay": "layers",
    "zfs": "pool",
}


class Mount(Struct, frozen=True, kw_only=True):
    """One line of mountinfo."""

    number: int
    parent: int
    device: tuple[int, int]
    point: str
    kind: str  # the type of the file system
    source: str
    options: tuple[str, ...] = ()  # of the file system

    @property
    def footing(self) -> Footing:
        """What the file system lies on."""
        if self.kind in FOOTINGS:
            return FOOTINGS[self.kind]
        if self.kind == "9p" and self.option("trans") in ("tcp", "rdma"):
            return "network"
        if self.device[0] != 0:
            return "device"
        return "named" if self.source.startswith("/dev/") and not self.kind.startswith("fuse.") else "unknown"

    def option(self, name: str) -> str:
        """The value of one of its options."""
        found = (each.partition("=")[2] for each in self.options if each.startswith(f"{name}="))
        return next(found, "")


def parse_mounts(text: str) -> list[Mount]:
    """Every mount, in the kernel's order; lines that say something else are left out."""
    return [mount for line in text.splitlines() if (mount := _parsed(line.split(" "))) is not None]


def _parsed(words: Sequence[str]) -> Mount | None:
    try:
        end = words.index("-", 6)
        major, minor = map(int, words[2].split(":"))
        kind, source, options = words[end + 1 : end + 4]
        return Mount(
            number=int(words[0]),
            parent=int(words[1]),
            device=(major, minor),
            point=_unescaped(words[4]),
            kind=kind,
            source=_unescaped(source),
            options=tuple(map(_unescaped, options.split(","))),
        )
    except ValueError:
        return None


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-3][0-7]{2})", lambda found: chr(int(found[1], 8)), word)


def mount_of(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """What `path`, free of links, lies on. A mount that another one covers is none."""
    known = {mount.number for mount in mounts}
    roots = [m for m in mounts if m.parent not in known or m.parent == m.number]
    found, below = None, [mount for mount in roots if is_inside(path, mount.point)]
    seen: set[int] = set()
    while below:
        found = min(reversed(below), key=lambda mount: len(mount.point))  # the first met; of equals the last
        seen.add(found.number)
        below = [m for m in mounts if m.parent == found.number and m.number not in seen]
        below = [mount for mount in below if is_inside(path, mount.point)]
    return found


def mounts_below(path: str, mounts: Sequence[Mount]) -> Iterator[Mount]:
    """What is mounted inside of `path` and holds files of people."""
    for mount in mounts:
        inside = mount.point != path and is_inside(mount.point, path)
        if inside and mount.kind not in WINDOWS.split() and mount_of(mount.point, mounts) == mount:
            yield mount


def servers_of(mount: Mount) -> frozenset[str]:
    """The hosts of a network file system, by every name that it is mounted with."""
    source = mount.source
    if source.startswith("//"):
        hosts = [source[2:].partition("/")[0]]
    elif "://" in source:
        hosts = [source.partition("://")[2].partition("/")[0]]
    else:
        hosts = source.partition(":/")[0].split(",")
    found = (_without_port(host) for host in (*hosts, mount.option("addr")))
    return frozenset(host for host in found if host)


def _without_port(host: str) -> str:
    name = host.rpartition("@")[2].lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


def layers_of(mount: Mount) -> tuple[str, tuple[str, ...]]:
    """The directory that an overlay writes into, empty where it is none, and those below it."""
    lower = re.split(r"(?<!\\):", mount.option("lowerdir"))
    clean = [posixpath.normpath(each.replace("\\:", ":")) for each in lower if each.startswith("/")]
    return mount.option("upperdir"), tuple(clean)
