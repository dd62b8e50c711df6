"""How the files of a process differ from the witness of the last good snapshot, counted in little memory."""

import zlib
from collections.abc import Sequence
from heapq import heappush, heappushpop

from msgspec import Struct

SAMPLED = 32
SMALLEST_SAMPLE = 256  # bytes; less says nothing
KEPT = 1 << 15  # files whose move to another name is looked for; of more, an even part
NEARBY = 8  # names in the order of the walk among which a changed name is looked for
MINUTE_NS = 60_000_000_000

# names whose content is dense anyway: compressed, media, or encrypted on purpose
DENSE = frozenset(
    b"7z aac age apk avi avif bak br bz2 cab deb dmg docx dump epub flac gif gpg gz heic idx jar jpeg jpg "
    b"kdbx lz lz4 lzma m4a m4v mkv mov mp3 mp4 npz odp ods odt ogg opus orc pack parquet pdf pgdump pgp png "
    b"pptx qcow2 rar rpm swf tgz vmdk war webm webp whl wmv woff woff2 xlsx xz zip zst".split()
)


class Known(Struct, frozen=True, gc=False):
    """A regular file as a witness or lstat knows it; `sha256` is empty when it was not read."""

    path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    sha256: bytes = b""

    @property
    def key(self) -> int:
        """Equal for the same content under another name."""
        return hash((self.inode, self.size, self.mtime_ns))


class Changes:
    """Counts differences from the witness of the last good snapshot, in little memory for any number.

    `since_ns`: when that was taken. Of files that were written later than `habitual_ns` before it, one more
    rewrite tells nothing; None when too little is known of their habits. Files outside of `roots` are
    none of a process's any more, because its config was changed; None: all are.
    """

    def __init__(
        self, since_ns: int = 0, habitual_ns: int | None = None, roots: Sequence[bytes] | None = None
    ) -> None:
        self.files = 0  # of the witness
        self.gone = 0
        self.came = 0
        self.rewritten: dict[
            int, int
        ] = {}  # minute -> files, without those that traded names, or do it always
        self.rewritten_at_all: dict[int, int] = {}
        self.renamed: dict[int, int] = {}
        self.new: dict[int, int] = {}  # under names that tell nothing of their content
        self._since = since_ns
        self._roots = roots
        self._habitual = habitual_ns
        self._pairs = _Pairs(self)
        self._near_gone: list[Known] = []
        self._near_came: list[Known] = []
        self._sample: list[tuple[int, bytes]] = []

    def differs(self, old: Known | None, new: Known | None) -> None:
        """A file that is not as it was; both in the order of the walk. Only what differs."""
        if old is None and new is not None:
            self._comes(new)
        elif old is not None and new is None:
            if self._is_ours(old.path):
                self._goes(old)
        elif old is not None and new is not None and _is_other_content(old, new):
            self._is_rewritten(old, new)

    def to_sample(self) -> list[bytes]:
        """The paths of some changed files, evenly picked, whose names do not say that they are dense."""
        return [path for _, path in self._sample]

    def _is_ours(self, path: bytes) -> bool:
        if self._roots is None:
            return True
        return any(path == root or path.startswith(root + b"/") or not root for root in self._roots)

    def _is_rewritten(self, old: Known, new: Known) -> None:
        minute = new.ctime_ns // MINUTE_NS
        add(self.rewritten_at_all, minute, 1)
        habit = self._habitual is not None and old.mtime_ns > self._habitual
        if not habit:
            add(self.rewritten, minute, 1)
            if old.inode != new.inode:
                self._pairs.lose(old.key, minute)
                self._pairs.find(new.key, minute, came=False)
        self._pick(new)

    def _goes(self, old: Known) -> None:
        self.gone += 1
        self._pairs.lose(old.key, None)
        self._meet(old, self._near_gone, self._near_came)

    def _comes(self, new: Known) -> None:
        self.came += 1
        if new.ctime_ns < self._since:
            return  # it came with its directory, which was moved
        self._pairs.find(new.key, new.ctime_ns // MINUTE_NS, came=True)
        if not is_dense(new.path):
            self._meet(new, self._near_came, self._near_gone)
            add(self.new, new.ctime_ns // MINUTE_NS, 1)
            self._pick(new)

    def _meet(self, one: Known, own: list[Known], others: list[Known]) -> None:
        """Find the other name of a file that was renamed and rewritten."""
        for other in others:
            old, new = (other, one) if others is self._near_gone else (one, other)
            if old.key != new.key and _is_new_name(old.path, new.path):
                others.remove(other)
                add(self.renamed, new.ctime_ns // MINUTE_NS, 1)
                return
        own.append(one)
        del own[:-NEARBY]

    def _pick(self, new: Known) -> None:
        if new.size < SMALLEST_SAMPLE or is_dense(new.path):
            return
        entry = (-zlib.crc32(new.path), new.path)
        if len(self._sample) < SAMPLED:
            heappush(self._sample, entry)
        else:
            heappushpop(self._sample, entry)


class _Pairs:
    """Finds content that lost one name and has another; of very many, an even part that counts for all."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._every = 1
        self._lost: dict[int, int | None] = {}  # key -> minute of what stands there now; None: nothing
        self._found: dict[int, tuple[int, bool]] = {}  # key -> minute, and whether the name is new

    def lose(self, key: int, minute: int | None) -> None:
        if key % self._every == 0:
            found = self._found.pop(key, None)
            if found:
                self._match(minute, *found)
            else:
                self._lost[key] = minute
                self._thin_out()

    def find(self, key: int, minute: int, came: bool) -> None:
        if key % self._every == 0:
            if key in self._lost:
                self._match(self._lost.pop(key), minute, came)
            else:
                self._found[key] = (minute, came)
                self._thin_out()

    def _match(self, lost: int | None, found: int, came: bool) -> None:
        if lost is None and came:
            add(self._changes.renamed, found, self._every)
        if lost is not None:
            add(self._changes.rewritten, lost, -self._every)
        if not came:
            add(self._changes.rewritten, found, -self._every)

    def _thin_out(self) -> None:
        if len(self._lost) + len(self._found) > KEPT:
            self._every *= 2
            self._lost = {key: value for key, value in self._lost.items() if key % self._every == 0}
            self._found = {key: value for key, value in self._found.items() if key % self._every == 0}


def is_dense(path: bytes) -> bool:
    """Whether the name says that the content is compressed or encrypted anyway."""
    return path.rpartition(b".")[2].lower() in DENSE


def add(minutes: dict[int, int], minute: int, number: int) -> None:
    """Count `number` more in a minute."""
    minutes[minute] = minutes.get(minute, 0) + number


def _is_other_content(old: Known, new: Known) -> bool:
    if old.sha256 and new.sha256:
        return old.sha256 != new.sha256
    return (old.size, old.mtime_ns) != (new.size, new.mtime_ns)


def _is_new_name(old: bytes, new: bytes) -> bool:
    """Whether `new` is `old` with something behind it, or with another extension, in the same directory."""
    stem = old.rpartition(b".")[0] if b"." in old.rpartition(b"/")[2] else b""
    for start in (old, stem + b"." if stem and not stem.endswith(b"/") else b""):
        if start and new.startswith(start) and b"/" not in new[len(start) :]:
            return True
    return False
