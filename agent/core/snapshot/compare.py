"""What it means that an entry came back as it was. Metadata only; content is compared by digest."""

import os
import stat
from collections.abc import Mapping

from msgspec import Struct

from agent.core.snapshot.witness import WitnessEntry

RESTIC_TIMES = 1 << 63  # nanoseconds from 1970 that restic can set: from 1677 to 2262
_TYPE_NAMES = {
    b"f": "a file",
    b"d": "a directory",
    b"l": "a symbolic link",
    b"p": "a FIFO",
    b"s": "a socket",
    b"b": "a block device",
    b"c": "a character device",
}
_TYPE_BITS = {
    b"f": stat.S_IFREG,
    b"d": stat.S_IFDIR,
    b"l": stat.S_IFLNK,
    b"p": stat.S_IFIFO,
    b"s": stat.S_IFSOCK,
    b"b": stat.S_IFBLK,
    b"c": stat.S_IFCHR,
}


class Abilities(Struct, frozen=True, kw_only=True):
    """What a restore on this machine can bring back at all."""

    owners: bool  # we are root
    devices: bool
    xattrs: frozenset[bytes] = frozenset()  # name spaces that the scratch's file system keeps


def restorable(entry_type: bytes, abilities: Abilities) -> bool:
    """Whether restic creates entries of this type here: sockets never, devices only for root."""
    if entry_type == b"s":
        return False
    return abilities.devices or entry_type not in (b"b", b"c")


def differences(
    entry: WitnessEntry,
    status: os.stat_result,
    *,
    link: bytes | None,
    xattrs: Mapping[bytes, bytes] | None,
    witnessed_xattrs: Mapping[bytes, bytes],
    abilities: Abilities,
) -> list[str]:
    """How a restored entry differs from its witness, in words; empty when it does not.

    `link` is the target of a restored symbolic link, `xattrs` the restored extended attributes (None: not
    looked at).
    """
    kind = stat.S_IFMT(status.st_mode)
    if kind != _TYPE_BITS.get(entry.type):
        return [f"it was {_TYPE_NAMES.get(entry.type, 'something else')}"]
    found = []
    if entry.type == b"f" and status.st_size != entry.size:
        found.append(f"size {entry.size:,} became {status.st_size:,}")
    mode = stat.S_IMODE(status.st_mode)
    if mode != entry.mode and entry.type != b"l":
        found.append(f"mode {entry.mode:04o} became {mode:04o}")
    if abilities.owners and (status.st_uid, status.st_gid) != (entry.uid, entry.gid):
        found.append(f"owner {entry.uid}:{entry.gid} became {status.st_uid}:{status.st_gid}")
    if status.st_mtime_ns != entry.mtime_ns and abs(entry.mtime_ns) < RESTIC_TIMES:
        found.append("its modification time is another one")
    if link is not None and link != entry.extra:
        found.append("the link points elsewhere")
    if entry.type in (b"b", b"c") and str(status.st_rdev).encode() != entry.extra:
        found.append("the device number is another one")
    if xattrs is not None and _kept(witnessed_xattrs, abilities) != _kept(xattrs, abilities):
        found.append("its extended attributes are others")
    return found


def _kept(attributes: Mapping[bytes, bytes], abilities: Abilities) -> dict[bytes, bytes]:
    return {name: value for name, value in attributes.items() if name.split(b".")[0] in abilities.xattrs}
