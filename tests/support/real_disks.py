"""Real loop devices, file systems and mounts, all of which are gone at the end."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

MIB = 1 << 20


class RealDisks:
    """Loop devices and mounts of a test's own; all of them are gone at the end."""

    def __init__(self, base: Path, ending: ExitStack) -> None:
        self.base = base
        self._ending = ending

    def loop(self, image: Path, size: int = 32 * MIB) -> str:
        """A loop device before a new image."""
        with image.open("wb") as file:
            file.truncate(size)
        device = _run("losetup", "--find", "--show", image).strip()
        self._ending.callback(_run, "losetup", "--detach", device, check=False)
        return device

    def mount(self, name: str, *words: str) -> Path:
        """A directory that `mount WORDS` mounts something on."""
        point = self.base / name
        point.mkdir(exist_ok=True)
        _run("mount", *words, point)
        self._ending.callback(_run, "umount", "--lazy", point, check=False)
        return point

    def file_system(self, name: str, *devices: str, kind: str = "ext4") -> Path:
        """A new file system on devices, mounted."""
        _run(f"mkfs.{kind}", "-q", *devices)
        return self.mount(name, "-t", kind, devices[0])

    def linear(self, name: str, device: str) -> str:
        """A device of the device mapper, as LVM makes them."""
        sectors = _run("blockdev", "--getsz", device).strip()
        _run("dmsetup", "create", name, "--table", f"0 {sectors} linear {device} 0")
        self._ending.callback(_run, "dmsetup", "remove", "--retry", name, check=False)
        return f"/dev/mapper/{name}"


@contextmanager
def real_disks(base: Path) -> Iterator[RealDisks]:
    """Everything is taken away in the order in which it has to be, whatever happened."""
    with ExitStack() as ending:
        yield RealDisks(base, ending)


def has_driver(name: str) -> bool:
    """Whether the kernel knows that driver of block devices."""
    return any(line.split()[-1:] == [name] for line in Path("/proc/devices").read_text().splitlines())


def _run(*words: str | Path, check: bool = True) -> str:
    path = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=path)
    assert done.returncode == 0 or not check, (words, done.stderr)
    return done.stdout
