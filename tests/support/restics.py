"""The restic programs that the tests use, in the cache that scripts/fetch-restic fills."""

import os
from pathlib import Path

import pytest

# Debian 12's, 13's and sid's
RESTIC_VERSIONS = ("0.14.0", "0.18.0", "0.19.1")


def cache() -> Path:
    """Where scripts/fetch-restic and scripts/fetch-container put what they fetch."""
    xdg = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("READINESS_TEST_CACHE") or Path(xdg) / "readiness-test")


def restic_program(version: str) -> Path:
    """restic of one version; skips the test where it was not fetched."""
    program = cache() / f"restic-{version}" / "restic"
    if not os.access(program, os.X_OK):
        pytest.skip(f"restic {version} is not in {cache()}: run scripts/fetch-restic")
    return program
