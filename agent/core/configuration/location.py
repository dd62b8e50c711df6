"""Where things lie: repositories by their URL, paths inside or outside of each other."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

# as restic reads it: up to the last "@" before a slash, for a password may hold one, too
PASSWORD_IN_URL = re.compile("(://[^/:]*):[^/]*@")
REMOTE = ("azure", "b2", "gs", "rclone", "rest", "s3", "sftp", "swift")


def without_password(url: str) -> str:
    """The URL to show, a password in it blanked."""
    return PASSWORD_IN_URL.sub(r"\1:***@", url)


def local_path(url: str) -> str | None:
    """The directory of a repository on this machine, or None when restic goes elsewhere for it."""
    scheme, colon, rest = url.partition(":")
    if colon and scheme in REMOTE:
        return None
    return rest if colon and scheme == "local" else url


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host never leaves the machine."""
    from ipaddress import ip_address  # noqa: PLC0415 - rarely needed

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, whatever it begins with
        return False


def is_inside(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or lies below it; both absolute and normalised, links not followed."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def directories_above(path: str) -> Iterator[str]:
    """From the nearest to "/", which has none."""
    while path != "/":
        path = posixpath.dirname(path)
        yield path


def is_excluded(path: str, patterns: Sequence[str]) -> bool:
    """Whether exclude patterns keep `path`, or a directory above it, out of a snapshot."""
    from agent.core.configuration.exclude import compile_excludes, os_bytes  # noqa: PLC0415 - rarely needed

    excluded = compile_excludes(patterns)
    parts = path.split("/")
    above = ("/".join(parts[:length]) for length in range(2, len(parts) + 1))
    return excluded is not None and any(excluded.match(os_bytes(ancestor)) for ancestor in above)


class FileFacts(Struct, frozen=True):
    """What a path is, links not followed. "hidden": we may not even look."""

    kind: Literal["file", "directory", "link", "other", "hidden"]
    mode: int = 0  # the permission bits
    user: int = 0
    size: int = 0
    identity: tuple[int, int] | None = None  # device and inode of a file, the same whatever leads to it
    of_service: bool = False  # a file of root's or the service's, and its group is the service's own


class Extent(Struct, frozen=True):
    """How much lies below some paths; `whole` is False when the walk ran out of time."""

    bytes: int
    files: int
    whole: bool = True


def missing_secret_hint(path: str, whose: str) -> str:
    """What to do where the file of a password, or the credential that stands for it, is not there."""
    if not path.startswith("/run/credentials/"):
        return f"Write the {whose}'s password into it (mode 0600), or correct the path."
    name = posixpath.basename(path).removeprefix("readiness_")
    return f"Put the credential into /etc/readiness/credentials/{name}, and run: systemctl restart readiness"
