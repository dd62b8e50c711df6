"""The unix sockets of this machine, by the names that they have in the file system."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

# a line of /proc/net/unix: address, six numbers, the name; a name may itself hold the end of a line
ENTRY = re.compile(
    rb"^[0-9a-fA-F]+: (?:[0-9a-fA-F]+ ){5} *[0-9]+ (/.*?)\n(?=[0-9a-fA-F]+: |\Z)", re.MULTILINE | re.DOTALL
)


def listening(processes: Path = Path("/proc")) -> list[str]:
    """Their absolute names in every network of this machine: one may be reached from all of them.

    Who bound it by a relative name, or sees other mounts than we, is not found by it.
    """
    names: set[bytes] = set()
    for table in _tables(processes):
        names.update(ENTRY.findall(table))
    return sorted(os.fsdecode(name) for name in names)


def _tables(processes: Path) -> Iterator[bytes]:
    """/proc/net/unix of each network that a process is in."""
    networks: set[str] = set()
    for process in sorted(os.listdir(processes)):
        if not process.isdigit():
            continue
        try:
            network = str((processes / process / "ns" / "net").readlink())
            if network not in networks:
                yield (processes / process / "net" / "unix").read_bytes()
                networks.add(network)
        except OSError:
            continue  # it has ended, or is not ours to look at
