"""File systems that a walk mounts over its own files, as root; whoever is not does without."""

import os
import subprocess
from pathlib import Path


def mount_over(directory: Path) -> bool:
    """An empty one; False where that is not possible."""
    if os.geteuid() != 0 or not directory.is_dir() or directory in mounted_below(directory):
        return False
    done = subprocess.run(["mount", "-t", "tmpfs", "readiness-walk", directory], check=False)
    return done.returncode == 0


def unmount_below(base: Path) -> bool:
    """All of them; False where there is none."""
    found = mounted_below(base)
    for place in reversed(found):
        subprocess.run(["umount", "--lazy", place], check=False, stderr=subprocess.DEVNULL)
    return bool(found)


def mounted_below(base: Path) -> list[Path]:
    """In the order in which they were mounted."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    places = [Path(line.split()[1]) for line in lines if line.startswith("readiness-walk ")]
    return [place for place in places if place.is_relative_to(base)]
