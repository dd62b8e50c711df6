"""A machine of which only /proc and /sys are there, as far as they tell where things lie."""

from collections.abc import Sequence
from pathlib import Path


class MadeUpMachine:
    """A "/" with the parts of /proc and /sys that tell where things lie; nothing is mounted really."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._mounts: list[str] = []
        (root / "proc/self").mkdir(parents=True)
        for directory in ("sys/class/block", "sys/dev/block", "sys/fs"):
            (root / directory).mkdir(parents=True)
        self._numbers: dict[str, str] = {}

    def device(self, name: str, *parts: str, below: Sequence[str] = (), bus: str = "virtual") -> None:
        """A block device with its partitions, and what it lies on."""
        place = self.root / f"sys/devices/{bus}/block/{name}"
        (place / "slaves").mkdir(parents=True)
        self._known(name, place)
        for part in parts:
            (place / part).mkdir()
            (place / part / "partition").write_text("1\n")
            self._known(part, place / part)
        for one in below:
            (place / "slaves" / one).symlink_to(self.root / "sys/class/block" / one)

    def file(self, path: str, text: str = "") -> None:
        """A file of /sys, or of the machine."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def link(self, path: str, target: str) -> None:
        """A link; `target` is a path from "/"."""
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(self.root / target)

    def loop(self, name: str, file: str) -> None:
        """A loop device before a file."""
        self.device(name)
        self.file(f"sys/devices/virtual/block/{name}/loop/backing_file", f"{file}\n")

    def mount(
        self, point: str, source: str, kind: str = "ext4", options: str = "rw", device: str = ""
    ) -> None:
        """Inside of what was mounted above it; the number is that of the device `source`, unless given."""
        above = [n for n, line in enumerate(self._mounts, 1) if _holds(line.split()[4], point)]
        parent = above[-1] if above else 0
        number = device or self._numbers.get(source.removeprefix("/dev/"), f"0:{len(self._mounts) + 40}")
        line = f"{len(self._mounts) + 1} {parent} {number} / {point} rw - {kind} {source} {options}"
        self._mounts.append(line)
        (self.root / "proc/self/mountinfo").write_text("\n".join(self._mounts) + "\n")

    def _known(self, name: str, place: Path) -> None:
        number = self._numbers[name] = f"8:{len(self._numbers) + 1}"
        for link in (f"sys/class/block/{name}", f"sys/dev/block/{number}"):
            (self.root / link).symlink_to(place)


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")
