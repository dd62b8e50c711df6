"""What a drill compared of the content of files, in bytes: a name that came back is no content."""

import heapq
from collections.abc import Iterable, Mapping

from agent.core.configuration.exclude import os_text
from agent.core.model.drills import Compared, Uncompared, Why

KEPT = 100_000  # files that were not compared and are kept by name; the others are only counted
LISTED = 1_000  # of them stand in a record
LARGE = 200  # compared files that may be named
LARGE_SHARE = 1 / LARGE  # of all bytes: smaller ones are not
SMALL_SHARE = 0.02  # of the bytes below a vital directory that may be on the move
NO_CONTENT = 512  # so many zero bytes and no other are no content; fewer may be a value
BESIDE_SQLITE = (b"", b"-wal", b"-shm", b"-journal")


class ContentTally:
    """Filled while a restored tree is compared; all paths without a leading slash.

    `vital` are the places of the vital paths in the tree.
    """

    def __init__(self, vital: Iterable[bytes] = ()) -> None:
        self.files = self.bytes = self.of_files = self.of_bytes = 0
        self.left_files = self.left_bytes = 0
        self._left: dict[bytes, tuple[int, Why]] = {}
        self._large: list[tuple[int, bytes]] = []
        self._vital = dict.fromkeys(vital, 0)  # with the bytes of all regular files there
        self._met: set[bytes] = set()  # the vital files and directories that came back
        self._prefixes = tuple(place + b"/" for place in self._vital)

    def is_vital(self, path: bytes) -> bool:
        """Whether it is a vital path, or lies below one."""
        return path in self._vital or path.startswith(self._prefixes)

    def meet(self, path: bytes) -> None:
        """A file or directory came back."""
        if path in self._vital:
            self._met.add(path)

    def compared(self, path: bytes, size: int) -> None:
        """The witnessed content came back: `size` bytes of it."""
        self.files += 1
        self.bytes += size
        self.of_files += 1
        self.of_bytes += size
        if self._vital:
            self._expected_vital(path, size)
        if len(self._large) < LARGE:
            heapq.heappush(self._large, (size, path))
        elif size > self._large[0][0]:
            heapq.heapreplace(self._large, (size, path))

    def left(self, path: bytes, size: int, why: Why) -> None:
        """The content of a regular file could not be compared."""
        self._expected(path, size)
        self.left_files += 1
        self.left_bytes += size
        if len(self._left) < KEPT or self.is_vital(path):
            self._left[path] = (size, why)

    def lost(self, path: bytes, size: int) -> None:
        """It did not come back as it was, which others say."""
        self._expected(path, size)

    def _expected(self, path: bytes, size: int) -> None:
        self.of_files += 1
        self.of_bytes += size
        if self._vital:
            self._expected_vital(path, size)

    def _expected_vital(self, path: bytes, size: int) -> None:
        if self.is_vital(path):
            for place in self._vital:
                if path == place or path.startswith(place + b"/"):
                    self._vital[place] += size

    def stands_for(self, database: bytes, copied: int) -> None:
        """A consistent copy of a live SQLite database came back, with so many bytes: no other is needed."""
        for path in (database + suffix for suffix in BESIDE_SQLITE):
            if path in self._left:
                size, _ = self._left.pop(path)
                self.left_files, self.left_bytes = self.left_files - 1, self.left_bytes - size
                self.of_files, self.of_bytes = self.of_files - 1, self.of_bytes - size
        self.files, self.bytes = self.files + 1, self.bytes + copied
        self.of_files, self.of_bytes = self.of_files + 1, self.of_bytes + copied

    @property
    def nothing(self) -> bool:
        """There was content to compare, and none could be."""
        return self.of_bytes > 0 and self.bytes == 0

    def is_compared(self, place: bytes) -> bool:
        """Whether the vital path there was compared: a file whole, a directory but for a small share."""
        if place in self._left or place not in self._met:
            return False
        if self.left_files > len(self._left):
            return False  # nobody knows where the others lie
        below = sum(size for path, (size, _) in self._left.items() if path.startswith(place + b"/"))
        return below <= SMALL_SHARE * self._vital[place]

    def uncompared(self) -> tuple[Uncompared, ...]:
        """All vital ones and then the largest, as many as a record holds."""
        ordered = sorted(self._left.items(), key=lambda item: (not self.is_vital(item[0]), -item[1][0]))
        return tuple(Uncompared("/" + os_text(path), *found) for path, found in ordered[:LISTED])

    def summary(self, total_bytes: int, behind: str = "") -> Compared:
        """As a record holds it; `total_bytes` of the whole witness."""
        large = [
            path for size, path in sorted(self._large, reverse=True) if size >= LARGE_SHARE * total_bytes
        ]
        return Compared(
            files=self.files,
            bytes=self.bytes,
            of_files=self.of_files,
            of_bytes=self.of_bytes,
            uncompared_files=self.left_files,
            uncompared_bytes=self.left_bytes,
            uncompared=self.uncompared(),
            large=tuple("/" + os_text(path) for path in large),
            behind=behind,
        )


def vital_compared(
    tally: ContentTally, places: Mapping[str, bytes], moving: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The vital paths that were compared, and those that were not.

    `places` is where each lies in the tree, `moving` those that were being written all the while: of what
    only grows nobody can tell whether it is whole.
    """
    unsure = set(moving)
    good = [path for path, place in places.items() if path not in unsure and tally.is_compared(place)]
    return tuple(good), tuple(path for path in places if path not in good)
