"""What a repository's URL says about where it is."""

import re

PASSWORD_IN_URL = re.compile("://[^/@]*:[^/@]*@")
REMOTE = ("azure", "b2", "gs", "rclone", "rest", "s3", "sftp", "swift")


def local_path(url: str) -> str | None:
    """The directory of a repository on this machine, or None when restic goes elsewhere for it."""
    scheme, colon, rest = url.partition(":")
    if colon and scheme in REMOTE:
        return None
    return rest if colon and scheme == "local" else url


def is_inside(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or lies below it; both absolute and normalised, links not followed."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")
