"""Which file systems tell nothing of what others change in them, by the kernel's list of mounts."""

import os
import re
from collections.abc import Mapping

# Other machines, or a program behind the mount, change files here without a word to this kernel's inotify.
SILENT = {
    *("9p", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse", "gfs2", "glusterfs", "gpfs"),
    *("lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs", "virtiofs"),
}
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def mounted(mountinfo: bytes) -> dict[bytes, str]:
    """Mount point -> type of what is mounted there last, from the text of /proc/self/mountinfo."""
    found: dict[bytes, str] = {}
    for line in mountinfo.splitlines():
        fields = line.split(b" ")
        try:
            kind = fields[fields.index(b"-", 6) + 1]
        except (ValueError, IndexError):
            continue
        found[_ESCAPE.sub(_character, fields[4])] = kind.decode("ascii", "replace")
    return found


def type_at(path: bytes, mounts: Mapping[bytes, str]) -> str:
    """The type of the file system that the absolute `path` lies on, links not followed; "" if not known."""
    while path not in mounts:
        parent = os.path.split(path)[0]
        if parent == path:
            return ""
        path = parent
    return mounts[path]


def is_silent(kind: str) -> bool:
    """Whether changes may come without events. fuseblk is a local disk behind a driver of its own."""
    return kind.partition(".")[0] in SILENT


def _character(escaped: re.Match[bytes]) -> bytes:
    return bytes([int(escaped[1], 8) & 0xFF])
