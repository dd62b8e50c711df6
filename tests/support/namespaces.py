"""Namespaces of the kernel for a command of a test: another host name, another time since the start."""

import os
import subprocess
from functools import cache

import pytest


def unshared(*options: str, as_root: bool = False) -> list[str]:
    """`unshare` with these options; what it runs goes on as whoever we are, or `as_root` inside.

    Skips the test where neither root nor user namespaces are to be had.
    """
    mapped = "--map-root-user" if as_root else "--map-current-user"
    command = ["unshare", *(["--user", mapped] if os.geteuid() else []), *options]
    if not _works(tuple(command)):
        pytest.skip(f"needs root, or user namespaces: {' '.join(command)}")
    return command


@cache
def _works(command: tuple[str, ...]) -> bool:
    return subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0
