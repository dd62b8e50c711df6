"""The witness: our own list of every file of a snapshot, and what it means to come back unchanged.

One line an entry, sorted as a depth-first walk meets them, tab-separated. The first ten fields come
from lstat(2): type, mode, uid, gid, size, mtime, ctime, inode, device, links; while they are equal nothing
changed. Then blocks of 512 bytes, SHA-256, flags, link target or device number, extended attributes, and
last the path in raw bytes without a leading slash; backslash and newline in it are escaped as
sha256sum(1) does.
"""

import os
import stat

from msgspec import Struct

from agent.errors import ReadinessError

MOVING = "m"  # changed while it was read: its content is not compared
UNREADABLE = "u"  # could not be read: restic cannot have read it either
ZEROED = "z"  # holds zero bytes only
WIPED = "w"  # holds zero bytes only, and had content in the last snapshot that was accepted
NOTHING = b"-"

_TYPES = {
    stat.S_IFREG: b"f",
    stat.S_IFDIR: b"d",
    stat.S_IFLNK: b"l",
    stat.S_IFIFO: b"p",
    stat.S_IFSOCK: b"s",
    stat.S_IFBLK: b"b",
    stat.S_IFCHR: b"c",
}


class WitnessError(ReadinessError):
    """A line that no witness of ours holds."""

    code = "witness-changed"


class WitnessEntry(Struct, frozen=True, gc=False):
    """One file, directory, link or special file as it was when the snapshot was taken."""

    type: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    links: int
    blocks: int  # of 512 bytes
    sha256: bytes  # hexadecimal; empty for everything but readable regular files
    flags: str
    extra: bytes  # symbolic link: its target; device: its number
    xattrs: bytes
    path: bytes


def stat_fields(status: os.stat_result) -> bytes:
    """The part of a line that lstat tells; equal parts mean that nothing changed since."""
    kind = _TYPES.get(stat.S_IFMT(status.st_mode), b"?")
    size = status.st_size if kind in b"fl" else 0
    return b"%b\t%o\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t" % (
        kind,
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        status.st_gid,
        size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
        status.st_dev,
        status.st_nlink if kind != b"d" else 0,
    )


def content_fields(blocks: int, sha256: bytes, flags: str, extra: bytes, xattrs: bytes, path: bytes) -> bytes:
    """The rest of a line, with its end: what lstat does not tell, or tells differently for no reason."""
    return b"%d\t%b\t%b\t%b\t%b\t%b\n" % (
        blocks,
        sha256 or NOTHING,
        flags.encode() or NOTHING,
        _quoted(extra) or NOTHING,
        xattrs or NOTHING,
        escape(path),
    )


def parse(line: bytes) -> WitnessEntry:
    """The entry of one line; WitnessError when it is none."""
    fields = line.rstrip(b"\n").split(b"\t", 15)
    try:
        uid, gid, size, mtime_ns, ctime_ns, inode, device, links, blocks = map(int, fields[2:11])
        return WitnessEntry(
            fields[0],
            int(fields[1], 8),
            uid,
            gid,
            size,
            mtime_ns,
            ctime_ns,
            inode,
            device,
            links,
            blocks,
            b"" if fields[11] == NOTHING else fields[11],
            "" if fields[12] == NOTHING else fields[12].decode("ascii"),
            b"" if fields[13] == NOTHING else _unquoted(fields[13]),
            b"" if fields[14] == NOTHING else fields[14],
            unescape(fields[15]),
        )
    except (IndexError, ValueError, TypeError) as error:
        raise WitnessError(f"This is no line of a witness: {line[:80]!r}.") from error


def checksum_line(sha256: bytes, path: bytes) -> bytes:
    """A line as `sha256sum` writes it and `sha256sum -c` reads it."""
    escaped = escape(path)
    return b"%b%b  %b\n" % (b"" if escaped == path else b"\\", sha256, escaped)


def escape(path: bytes) -> bytes:
    """`path` on one line, as sha256sum(1) escapes it."""
    if b"\\" not in path and b"\n" not in path and b"\r" not in path:
        return path
    return path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")


def unescape(escaped: bytes) -> bytes:
    """The inverse of `escape`."""
    if b"\\" not in escaped:
        return escaped
    return b"\\".join(part.replace(b"\\n", b"\n").replace(b"\\r", b"\r") for part in escaped.split(b"\\\\"))


def sort_key(path: bytes) -> bytes:
    """Orders paths as a depth-first walk over sorted names meets them: children right behind their parent."""
    return path.replace(b"/", b"\0")


def xattr_field(attributes: dict[bytes, bytes]) -> bytes:
    """Extended attributes as one field: name=value in hexadecimal, sorted."""
    return b",".join(
        b"%b=%b" % (name.hex().encode(), attributes[name].hex().encode()) for name in sorted(attributes)
    )


def xattr_values(field: bytes) -> dict[bytes, bytes]:
    """The inverse of `xattr_field`."""
    try:
        pairs = [item.decode("ascii").split("=") for item in field.split(b",") if item]
        return {bytes.fromhex(name): bytes.fromhex(value) for name, value in pairs}
    except ValueError as error:
        raise WitnessError(f"These are no extended attributes: {field[:80]!r}.") from error


def _quoted(text: bytes) -> bytes:
    return (
        text.replace(b"%", b"%25").replace(b"\t", b"%09").replace(b"\n", b"%0A") if text != b"-" else b"%2D"
    )


def _unquoted(text: bytes) -> bytes:
    return text.replace(b"%2D", b"-").replace(b"%0A", b"\n").replace(b"%09", b"\t").replace(b"%25", b"%")
