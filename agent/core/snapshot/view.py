"""Which mounts a path leads through, so that a sandbox that hides data is told from data that is gone.

A mount counts where it shows something else than the file system that it lies on: what a sandbox binds onto
itself to make it read-only does not.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct


class Mount(Struct, frozen=True, kw_only=True):
    """One line of /proc/self/mountinfo."""

    number: int
    parent: int
    device: str
    root: str  # which directory of the file system is mounted
    point: str
    type: str
    source: str
    shared: int = 0  # the group of mounts that it shares what is mounted below it with
    master: int = 0  # the group from which it takes that over

    @property
    def identity(self) -> tuple[str, ...]:
        """What is mounted where. A remounted disk or server is the same; other file systems are new ones."""
        lasting = "/" in self.source or ":" in self.source
        return (self.point, self.type, self.source, self.root, "" if lasting else self.device)


class View(Struct, frozen=True):
    """What somebody outside of the sandbox saw: the mounts of each root, and all groups of mounts."""

    roots: dict[str, tuple[tuple[str, ...], ...]]
    groups: tuple[int, ...]


def parse_mounts(mountinfo: str) -> list[Mount]:
    """The mounts of /proc/self/mountinfo, each on top of those before it."""
    return [_parse(line) for line in mountinfo.split("\n") if line]


def _parse(line: str) -> Mount:
    left, _, right = line.partition(" - ")
    number, parent, device, root, point, _, *optional = left.split(" ")
    kind, source = (*right.split(" "), "")[:2]
    groups = dict(word.split(":", 1) for word in optional if ":" in word)
    return Mount(
        number=int(number),
        parent=int(parent),
        device=device,
        root=_plain(root),
        point=_plain(point),
        type=kind,
        source=_plain(source),
        shared=int(groups.get("shared", 0)),
        master=int(groups.get("master", 0)),
    )


def _plain(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), word)


def seen_from(path: str, mounts: Sequence[Mount]) -> list[Mount]:
    """The mounts that the way to `path` leads through and those below it, without what changes nothing."""
    on = {(mount.parent, mount.point): mount for mount in mounts}
    numbers = {mount.number for mount in mounts}
    tops = [mount for mount in mounts if mount.point == "/" and mount.parent not in numbers]
    if not tops:
        return []
    here = tops[-1]
    found = [here]
    for place in _places(path):
        while upon := on.get((here.number, place)):
            if upon is here:  # the root of all may name itself as its parent
                break
            found += [] if _is_transparent(upon, here) else [upon]
            here = upon
    return found + _below(path, here, mounts)


def _places(path: str) -> list[str]:
    """ "/", "/srv", "/srv/orders"."""
    names = path.strip("/").split("/")
    return ["/", *("/" + "/".join(names[: index + 1]) for index in range(len(names)))]


def _below(path: str, here: Mount, mounts: Sequence[Mount]) -> list[Mount]:
    found = []
    inside = path.rstrip("/") + "/"
    for mount in mounts:
        if mount.parent == here.number and mount is not here and mount.point.startswith(inside):
            found += [] if _is_transparent(mount, here) else [mount]
            found += _below(mount.point, mount, mounts)
    return found


def _is_transparent(upon: Mount, here: Mount) -> bool:
    """Whether a mount shows what was to be seen there anyhow."""
    way = upon.point[len(here.point.rstrip("/")) :]
    return upon.device == here.device and upon.root == (here.root.rstrip("/") + way.rstrip("/") or "/")


def view_of(paths: Iterable[str], mounts: Sequence[Mount]) -> View:
    """What there is to see of `paths`."""
    roots = {path: tuple(mount.identity for mount in seen_from(path, mounts)) for path in paths}
    return View(roots, tuple(sorted({mount.shared for mount in mounts if mount.shared})))


def hiding(path: str, mounts: Sequence[Mount], outside: View) -> Mount | None:
    """The mount that hides something of `path` here, inside; None when all is as outside, or not known.

    Not one that came from outside since the view was recorded: it belongs to a group that is new.
    """
    known: Collection[tuple[str, ...]] = outside.roots.get(path, ())
    for mount in seen_from(path, mounts) if known else []:
        if mount.identity not in known and (not mount.master or mount.master in outside.groups):
            return mount
    return None
