"""From a path down to the physical disks that it lies on: mounts, partitions, LVM, RAID, loop devices, btrfs.

Reads /proc/self/mountinfo and /sys, changes nothing and starts nothing. What cannot be followed to its end is
"not known", with the reason: a disk that was not found must not pass for another one.
"""

import os
import re
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from fcntl import ioctl
from functools import reduce
from operator import or_
from pathlib import Path

from agent.adapters.host.beneath import real_path
from agent.core.configuration.location import is_excluded
from agent.core.model.mounts import Mount, layers_of, mount_of, mounts_below, parse_mounts, servers_of
from agent.core.model.places import DISK, Ground

IN_MEMORY = re.compile(r"zram\d+|ram\d+")
OPAQUE = re.compile(r"(nbd|rbd|drbd|zd|ublkb|dm-|md|bcache)\d")  # what lies below is not shown, or not here
LOOP_GET_STATUS64, LOOP_INFO64 = 0x4C05, 232  # the call, and how large its answer is
DELETED = " (deleted)"
DEEPEST = 40  # that anything is stacked


class Disks:
    """The disks of this machine; `root` is another "/" to read /proc and /sys from."""

    def __init__(self, root: str = "/") -> None:
        self._root = Path(root)

    def ground(self, path: str) -> Ground:
        """What a path lies on, or would lie on, all links followed."""
        return self._ground(path, 0)

    def ground_of_data(self, paths: Iterable[str], exclude: Iterable[str] = ()) -> Ground:
        """What the files below some paths lie on, other file systems that are mounted there included."""
        found = Ground()
        patterns = tuple(exclude)
        for path in paths:
            real = self._real(path)
            found |= self._ground(path, 0)
            for mount in mounts_below(real, self._mounts()):
                if not is_excluded(mount.point, patterns):
                    found |= self._of_mount(mount, 0)
        return found

    def ground_of_repository(self, path: str) -> Ground:
        """Its packs may lie on another disk than its configuration."""
        return self.ground(path) | self.ground(f"{path}/data")

    def _ground(self, path: str, depth: int) -> Ground:
        mount = mount_of(self._real(path), self._mounts())
        if mount is None or depth > DEEPEST:
            return Ground(unknown=f"nothing is mounted where {path} lies")
        return self._of_mount(mount, depth + 1)

    def _mounts(self) -> list[Mount]:
        """Read anew each time: looking at a path may have mounted something there."""
        return parse_mounts((self._root / "proc/self/mountinfo").read_text(errors="surrogateescape"))

    def _real(self, path: str) -> str:
        """Free of links, as the kernel finds it below our root."""
        with suppress(OSError):
            Path(f"{self._root}/{path}").stat()
        real = real_path(f"{self._root}/{path}")
        return real if self._root == Path("/") else "/" + os.path.relpath(real, self._root)

    def _of_mount(self, mount: Mount, depth: int) -> Ground:
        below: dict[str, Callable[[], Ground]] = {
            "memory": lambda: Ground(memory=True),
            "network": lambda: Ground(servers=servers_of(mount) or frozenset({mount.source})),
            "device": lambda: self._block(f"dev/block/{mount.device[0]}:{mount.device[1]}", depth),
            "named": lambda: self._named_devices(mount, depth),
            "pool": lambda: Ground(
                frozenset({f"pool {mount.source.partition('/')[0]}"}),
                unknown="the disks of a ZFS pool are not shown",
            ),
            "directory": lambda: self._ground(mount.source, depth),
            "layers": lambda: self._layers(mount, depth),
            "unknown": lambda: Ground(unknown=f"{mount.point} is a {mount.kind}, which may lie anywhere"),
        }
        own = Ground(frozenset({f"file system {mount.device[0]}:{mount.device[1]}"}))
        return own | below[mount.footing]()

    def _layers(self, mount: Mount, depth: int) -> Ground:
        """What is written to decides; a layer below that is not in sight takes nothing from that."""
        upper, lower = layers_of(mount)
        seen = [path for path in (upper, *lower) if path and os.path.lexists(f"{self._root}/{path}")]
        found = reduce(or_, (self._ground(path, depth) for path in seen), Ground())
        if (upper or not lower) and upper not in seen:
            return found | Ground(unknown=f"the layers of the overlay at {mount.point} are not in sight")
        return found

    def _named_devices(self, mount: Mount, depth: int) -> Ground:
        """Of a file system that spans devices, such as btrfs, from the one that was named to all of them."""
        names = {self._name(source) for source in mount.source.split(":")}
        for pool in (self._root / "sys/fs").glob("*/*/devices"):
            members = {member.name for member in pool.iterdir()}
            if names & members:
                names |= members
        return reduce(or_, (self._block(f"class/block/{name}", depth) for name in names))

    def _name(self, device: str) -> str:
        """The kernel's name of a device: "dm-3" of "/dev/mapper/vg-srv"."""
        for entry in (self._root / "sys/class/block").glob("dm-*/dm/name"):
            if device == f"/dev/mapper/{_text(entry)}":
                return entry.parent.parent.name
        return Path(real_path(f"{self._root}/{device}")).name

    def _block(self, entry: str, depth: int) -> Ground:
        """A block device by its entry in /sys."""
        place = (self._root / "sys" / entry).resolve()
        if depth > DEEPEST or not place.is_dir():
            return Ground(unknown=f"the device {place.name} is not shown in /sys")
        if (place / "partition").exists():
            return self._block(f"class/block/{place.parent.name}", depth + 1)
        slaves = sorted((place / "slaves").iterdir()) if (place / "slaves").is_dir() else []
        if slaves:
            return reduce(or_, (self._block(f"class/block/{one.name}", depth + 1) for one in slaves))
        return self._loop(place, depth + 1) if (place / "loop").is_dir() else self._disk(place)

    def _disk(self, place: Path) -> Ground:
        """One that has none below it. Name spaces of one NVMe share its controller, and so the name here."""
        if IN_MEMORY.fullmatch(place.name):
            return Ground(memory=True)
        if OPAQUE.match(place.name):
            return Ground(unknown=f"what {place.name} lies on is not shown")
        device = (place / "device").resolve() if (place / "device").exists() else place
        server = self._server(place)
        if server is None:
            return Ground(frozenset({f"{DISK}{device}"}))
        gone = "" if server else f"{place.name} lies in another machine, which is not shown"
        return Ground(frozenset({f"remote {device}"}), frozenset({server} if server else ()), unknown=gone)

    def _server(self, place: Path) -> str | None:
        """Who holds a disk that is reached by iSCSI or NVMe over a network; None where it is none."""
        session = re.search(r"/session(\d+)/", f"{place}/")
        if session:
            connections = (self._root / "sys/class/iscsi_connection").glob(f"connection{session[1]}:*")
            return next((_text(one / "persistent_address") for one in connections), "")
        if _text(place / "device/transport") not in ("tcp", "rdma", "fc"):
            return None
        address = re.search(r"traddr=([^,]+)", _text(place / "device/address"))
        return address[1] if address else ""

    def _loop(self, place: Path, depth: int) -> Ground:
        file = _text(place / "loop/backing_file")
        if file.startswith("/dev/"):
            return self._block(f"class/block/{self._name(file)}", depth)
        path = f"{self._root}/{file}"
        found = bool(file) and not file.endswith(DELETED) and Path(path).is_file()
        if not found or (self._root == Path("/") and not _is_behind(place.name, path)):
            return Ground(unknown=f"the file behind {place.name} is gone, or lies out of sight")
        return self._ground(file, depth)


def _is_behind(loop: str, path: str) -> bool:
    """Whether that file is the one, where we may ask: something else may be mounted over its name."""
    try:
        with Path(f"/dev/{loop}").open("rb", buffering=0) as device:
            answer = ioctl(device, LOOP_GET_STATUS64, bytes(LOOP_INFO64))
    except OSError:
        return True
    found = Path(path).stat()
    return struct.unpack_from("QQ", answer) == (found.st_dev, found.st_ino)


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="surrogateescape").rstrip("\n")
    except OSError:
        return ""
