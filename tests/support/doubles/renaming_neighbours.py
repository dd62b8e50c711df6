"""What honest programs do to a tree all the time, some as root: `renaming_neighbours.py TREE`."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

SHOP, DAEMON = 65534, 61_998
FILES = 12
PAUSE = 0.2  # in which a walk meets nothing half done


def write(file: Path, owner: int, mode: int, content: str = "content\n") -> Path:
    """As root does by hand: first it is root's alone."""
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.write(handle, content.encode())
    time.sleep(0.01)
    os.fchown(handle, owner, owner)
    os.fchmod(handle, mode)
    os.close(handle)
    return file


def directory(path: Path, owner: int = SHOP) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, owner, owner)
    return path


def release(tree: Path, turn: int) -> None:
    """mv current old; mv new current: each file of the daemon's, who has nothing else there."""
    new = directory(tree / f"new-{turn}")
    for number in range(FILES):
        write(new / f"page-{number}", DAEMON, 0o640, f"release {turn}\n")
    shutil.rmtree(tree / "old", ignore_errors=True)
    if (tree / "current").exists():
        (tree / "current").rename(tree / "old")
    new.rename(tree / "current")


def link_swap(tree: Path, turn: int) -> None:
    """releases/N and a link that is renamed over the last one."""
    made = directory(tree / "releases" / str(turn))
    for number in range(FILES):
        write(made / f"page-{number}", SHOP, 0o640, f"release {turn}\n")
    (tree / "live.new").symlink_to(made)
    (tree / "live.new").rename(tree / "live")
    shutil.rmtree(tree / "releases" / str(turn - 2), ignore_errors=True)


def checkout(tree: Path, turn: int) -> None:
    """git removes and makes files and directories in their places."""
    place = tree / "work" / ("a" if turn % 2 else "b")
    shutil.rmtree(tree / "work", ignore_errors=True)
    directory(tree / "work")
    for number in range(FILES):
        write(directory(place) / f"source-{number}", SHOP, 0o660, f"{turn}\n")


def rotate(tree: Path, turn: int) -> None:
    """logrotate renames, makes the next one and gives it away."""
    logs = directory(tree / "log")
    for number in range(3, 0, -1):
        if (logs / f"app.log.{number}").exists():
            (logs / f"app.log.{number}").rename(logs / f"app.log.{number + 1}")
    if (logs / "app.log").exists():
        (logs / "app.log").rename(logs / "app.log.1")
    write(logs / "app.log", SHOP, 0o640, f"{turn}\n")


def edit(tree: Path, turn: int) -> None:
    """An editor, as root, writes beside and renames."""
    settings = directory(tree / "settings")
    new = settings / f".app.conf.{turn:06d}"
    write(new, 0, 0o600)
    os.chown(new, SHOP, SHOP)
    new.rename(settings / "app.conf")


def rsync(tree: Path, turn: int) -> None:
    """Writes each file under a name of its own as root's alone, gives it away, and renames."""
    place = directory(tree / "copied" / str(turn % 3))
    for number in range(FILES):
        temporary = place / f".page-{number}.aB{turn % 10000:04d}"
        write(temporary, 0, 0o600)
        os.chown(temporary, SHOP, SHOP)
        temporary.rename(place / f"page-{number}")


def upgrade(tree: Path, turn: int) -> None:
    """dpkg unpacks everything beside, with no rights at all, and only then renames."""
    place = directory(tree / "program" / f"lib-{turn % 2}", 0)
    for number in range(FILES):
        os.close(os.open(place / f"module-{number}.dpkg-new", os.O_CREAT | os.O_WRONLY, 0))
        write(place / f"module-{number}.dpkg-new", DAEMON, 0o644)
    for number in range(FILES):
        (place / f"module-{number}.dpkg-new").rename(place / f"module-{number}")
    shutil.rmtree(tree / "program" / f"lib-{(turn + 1) % 2}", ignore_errors=True)


def unpack(tree: Path, turn: int) -> None:
    """tar as root: made anew in its place, then given away."""
    place = directory(tree / "unpacked" / "data")
    for number in range(FILES):
        (place / f"file-{number}").unlink(missing_ok=True)
        write(place / f"file-{number}", SHOP, 0o644)
    (tree / "unpacked" / "data").rename(tree / "unpacked" / "was")
    (tree / "unpacked" / "was").rename(tree / "unpacked" / "data")


DEEDS: list[Callable[[Path, int], None]] = [
    release, link_swap, checkout, rotate, edit, rsync, upgrade, unpack,
]  # fmt: skip


def main() -> None:
    """One after the other, for ever."""
    tree = Path(sys.argv[1])
    turn = 0
    while True:
        for deed in DEEDS:
            deed(tree, turn)
            time.sleep(PAUSE)
        turn += 1
        if turn == 1:
            print("at work", flush=True)


if __name__ == "__main__":
    main()
