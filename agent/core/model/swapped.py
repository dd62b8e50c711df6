"""Whether a snapshot holds what never lay in the sources: a directory swapped for a link while restic read.

restic opens by path, so it reads what a link leads to that somebody puts on the way for a moment, and with
the rights that we have. Nobody can prevent that; our walks before and after it went without following a
link, and what they did not meet tells it. For a link to be on the way a name must come or go in a directory,
which changes its time; only below such directories is anybody asked. Whoever deploys, copies or unpacks as
root, or renames directories, must not be taken for that.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.model.findings import Finding, finding
from agent.core.text.plain import count

# what rsync, dpkg, rpm, editors and scripts write as root, give away, and rename: gone before the second walk
_PASSING = re.compile(
    r"(?is).*\.(?:dpkg-(?:new|tmp|dist)|tmp|temp|part|partial|new|swp|swx|lock)|.*~|\.#.*|#.*#"
    r"|\..+\.[a-z0-9]{6}|.*;[0-9a-f]{8}|sed[a-z0-9]{6}|tmp[.a-z0-9_-]{6,}"
)
_NAMELESS = "\ufffd"  # restic's word for a byte that it cannot spell
_SURROGATES = re.compile("[\udc80-\udcff]")  # ours
SLACK_US = 500_000  # by which the clock of a file system may lie behind ours
Owner = tuple[int, int]  # user and group
# when a file, or who owns it and what they may, was changed last, which nobody can set; owner, and mode
State = tuple[int, int, int, int]


class KeptFile(Struct, frozen=True):
    """A file in a snapshot."""

    path: str  # as restic writes it
    owner: Owner
    mode: int = 0o600
    changed_us: int = 0  # since 1970
    inode: int = 0  # 0: restic does not say

    @property
    def state(self) -> State:
        return (self.changed_us, *self.owner, self.mode)


class Swaps(Struct, frozen=True):
    """What two walks over the sources, before and after restic, know of directories and of files."""

    begun_us: int = 0  # the first walk
    # names came or went there while restic read, and it was not only root who could do it
    stirred: tuple[str, ...] = ()
    steady: Set[str] = frozenset()  # directories in those that nobody has moved
    returned: Set[str] = frozenset()  # others in those that both walks met
    whole: tuple[str, ...] = ()  # below these everything is in doubt
    renamer: int = -1  # the only user who can have done all of it: nobody gains by what is theirs
    # of the files that the second walk met, and the first did not so
    states: Set[State] = frozenset()
    inodes: Set[int] = frozenset()  # and of those that the first walk met, and the second did not so
    # root -> who owns anything below it that not everybody may read
    owners: Mapping[str, Set[Owner]] = {}

    def places(self, directories: Sequence[str]) -> tuple[str, ...]:
        """Where foreign files can lie in the snapshot, whose `directories` in the stirred ones these are.

        What restic cannot spell cannot be asked for either; then all is in doubt.
        """
        stirred = {spelt(path).rstrip("/") for path in self.stirred}
        seen = Counter(path for path in directories if path.rpartition("/")[0] in stirred)
        moved = [path for path, times in seen.items() if times > 1 or path not in self.steady]
        if any(_NAMELESS in path for path in directories if seen.get(path) != 1 or path not in self.steady):
            return (*self.whole, *self.stirred)
        return (*self.whole, *moved)

    def absent(self, directories: Sequence[str]) -> list[str]:
        """Directories in the stirred ones that both walks met, and that are not among the snapshot's."""
        held = set(directories)
        asked = {path.rstrip("/") for path in self.stirred}
        met = (path for path in self.steady | self.returned if path.rpartition("/")[0] in asked)
        return sorted(path for path in met if path not in held and _NAMELESS not in path)

    def is_in_doubt(self, directory: str) -> bool:
        """Whether it, or one on the way to it, may have been something else for a moment."""
        stirred = {spelt(path).rstrip("/") for path in self.stirred}
        way = [part for part in directory.split("/") if part]
        for depth in range(1, len(way) + 1):
            place = "/" + "/".join(way[:depth])
            if place in self.whole or (place.rpartition("/")[0] in stirred and place not in self.steady):
                return True
        return False

    def is_unknown(self, file: KeptFile) -> bool:
        """Whether the second walk met no such file, and somebody could gain by it."""
        return file.owner[0] != self.renamer and file.state not in self.states

    def is_strange(self, file: KeptFile) -> bool:
        """Whether a file that neither walk met so can only have come by a link.

        It can, when it has been as it is since before the first walk. Else it may have been made, changed,
        given away, renamed or removed meanwhile: then it has its inode still, or a name for as long as it is
        written.
        """
        if self._is_old(file):
            return True
        if file.mode & 0o004 or file.inode in self.inodes or _PASSING.fullmatch(_name(file.path)):
            return False
        roots = [root for root in self.owners if file.path.startswith(root.rstrip("/") + "/")]
        owned = [self.owners[root] for root in roots] or list(self.owners.values())
        return file.owner[0] == 0 or not any(file.owner in owners for owners in owned)

    def is_certain(self, strange: KeptFile) -> bool:
        """Whether a strange file would be so whatever its inode is, or has one."""
        return self._is_old(strange) or strange.inode != 0

    def _is_old(self, file: KeptFile) -> bool:
        return file.changed_us < self.begun_us - SLACK_US


def lacking(process: CriticalProcess, snapshot: str, absent: Sequence[str]) -> list[Finding]:
    """A finding for directories in whose place something else was saved."""
    if not absent:
        return []
    others = (
        f" and {count(len(absent) - 1, 'other directory', 'other directories')}" if len(absent) > 1 else ""
    )
    return [
        finding(
            "snapshot-incomplete",
            process.name,
            f"The snapshot {snapshot[:8]} lacks {absent[0]}{others}, which lay in the sources before and "
            "after: something else stood there while restic read.",
            f"Find out who renames there. What lies there now is saved by: readiness snapshot {process.name}",
            absent[0],
        )
    ]


def spelt(path: str) -> str:
    """A path as restic writes it."""
    return _SURROGATES.sub(_NAMELESS, path)


def _name(path: str) -> str:
    """The name at the end of a path, without what restic, or we, cannot spell."""
    return path.rpartition("/")[2].encode(errors="ignore").decode().replace(_NAMELESS, "")


def swapped(process: CriticalProcess, snapshot: str, strange: Sequence[KeptFile]) -> list[Finding]:
    """Findings for files that came in by a link."""
    if not strange:
        return []
    others = f" and {count(len(strange) - 1, 'other file')}" if len(strange) > 1 else ""
    (user, group), path, short = strange[0].owner, strange[0].path, snapshot[:8]
    return [
        finding(
            "source-swapped",
            process.name,
            f"The snapshot {short} holds {path} of user {user} and group {group}{others}, and no such file "
            "lay in the sources before or after: a link seems to have led elsewhere while restic read.",
            f"Find out who writes there. If that is none of this process: restic forget {short}",
            path,
        )
    ]
