"""How the files of a process differ from the witness of the last good snapshot, counted in little memory."""

from collections.abc import Sequence

from msgspec import Struct

from agent.core.kinds.file_names import PACKED, is_dense, is_loose_object, is_opaque, kind, stays_itself
from agent.core.snapshot.samples import SMALLEST, Pick

KEPT = 1 << 15  # files whose move to another name is looked for; of more, an even part
NEARBY = 8  # names in the order of the walk among which a changed name is looked for
MINUTE_NS = 60_000_000_000


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
        self.files = 0  # of the witness, but for what git has packed since
        self.gone = 0
        self.came = 0
        # minute -> files, without those that traded names, or do it always
        self.rewritten: dict[int, int] = {}
        self.alike: dict[int, int] = {}  # those of them that have the size they had
        self.touched: dict[int, int] = {}  # size and time are as they were, but not the inode
        self.rewritten_at_all: dict[int, int] = {}
        self.renamed: dict[int, int] = {}
        self.new: dict[int, int] = {}  # under names that tell nothing of their content
        self.changed_pick, self.alike_pick, self.touched_pick = Pick(), Pick(), Pick()
        self._packed: dict[bytes, int] = {}  # kind -> how many more there are than there were
        self._since = since_ns
        self._roots = roots
        self._habitual = habitual_ns
        self._pairs = _Pairs(self)
        self._near_gone: list[Known] = []
        self._near_came: list[Known] = []

    @property
    def packed(self) -> int:
        """How many files are gone while as many came that are packed or encrypted by their names."""
        return min(self.gone, sum(more for more in self._packed.values() if more > 0))

    def differs(self, old: Known | None, new: Known | None) -> None:
        """A file that is not as it was; both in the order of the walk. Only what differs."""
        if old is None and new is not None:
            self._comes(new)
        elif old is not None and new is None:
            if self._is_ours(old.path):
                self._goes(old)
        elif old is not None and new is not None:
            self._stays(old, new)

    def _is_ours(self, path: bytes) -> bool:
        if self._roots is None:
            return True
        return any(path == root or path.startswith(root + b"/") or not root for root in self._roots)

    def _stays(self, old: Known, new: Known) -> None:
        """A file is where it was. Whether it has the same content is known only when both were read."""
        known = old.sha256 and new.sha256
        if known and old.sha256 == new.sha256:
            return
        minute = new.ctime_ns // MINUTE_NS
        before = old.sha256 if old.size == new.size and not known else b""
        if not known and (old.size, old.mtime_ns) == (new.size, new.mtime_ns):
            if before:
                add(self.touched, minute, 1)
                self.touched_pick.offer(new.path, before)
            return
        self._is_rewritten(old, new, minute, before)

    def _is_rewritten(self, old: Known, new: Known, minute: int, before: bytes) -> None:
        add(self.rewritten_at_all, minute, 1)
        if not self._is_usual(old, new):
            add(self.rewritten, minute, 1)
            if before:
                add(self.alike, minute, 1)
                self.alike_pick.offer(new.path, before)
            if old.inode != new.inode:
                self._pairs.lose(old, minute)
                self._pairs.find(new, minute, came=False)
        if not is_opaque(new.path):
            self._pick(new, before)

    def _is_usual(self, old: Known, new: Known) -> bool:
        """Written all the time, or unpacked: a newer version, dated from before the snapshot."""
        habit = self._habitual is not None and old.mtime_ns > self._habitual
        return habit or old.mtime_ns < new.mtime_ns < self._since

    def _goes(self, old: Known) -> None:
        if is_loose_object(old.path):
            self.files -= 1
            return
        self.gone += 1
        self._pairs.lose(old, None)
        self._count_packed(old, -1)
        self._meet(old, self._near_gone, self._near_came)

    def _comes(self, new: Known) -> None:
        self.came += 1
        if new.ctime_ns < self._since:
            return  # it came with its directory, which was moved
        self._pairs.find(new, new.ctime_ns // MINUTE_NS, came=True)
        self._count_packed(new, 1)
        if not is_dense(new.path):
            self._meet(new, self._near_came, self._near_gone)
            add(self.new, new.ctime_ns // MINUTE_NS, 1)
            self._pick(new, b"")

    def _count_packed(self, one: Known, more: int) -> None:
        extension = kind(one.path)
        if extension in PACKED:
            self._packed[extension] = self._packed.get(extension, 0) + more

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

    def _pick(self, new: Known, before: bytes) -> None:
        if new.size >= SMALLEST:
            self.changed_pick.offer(new.path, before)


class _Pairs:
    """Finds content that lost one name and has another; of very many, an even part that counts for all."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._every = 1
        # key -> minute of what stands there now, None: nothing; and what the name was
        self._lost: dict[int, tuple[int | None, int]] = {}
        self._found: dict[int, tuple[int, bool, int]] = {}  # key -> minute, whether the name is new, the name

    def lose(self, old: Known, minute: int | None) -> None:
        if old.key % self._every == 0:
            lost = (minute, stays_itself(old.path))
            found = self._found.pop(old.key, None)
            if found:
                self._match(lost, found)
            else:
                self._lost[old.key] = lost
                self._thin_out()

    def find(self, new: Known, minute: int, came: bool) -> None:
        if new.key % self._every == 0:
            found = (minute, came, stays_itself(new.path))
            lost = self._lost.pop(new.key, None)
            if lost:
                self._match(lost, found)
            else:
                self._found[new.key] = found
                self._thin_out()

    def _match(self, lost: tuple[int | None, int], found: tuple[int, bool, int]) -> None:
        (replaced_at, old_name), (minute, came, new_name) = lost, found
        if replaced_at is None and came and old_name != new_name:
            add(self._changes.renamed, minute, self._every)
        if replaced_at is not None:
            add(self._changes.rewritten, replaced_at, -self._every)
        if not came:
            add(self._changes.rewritten, minute, -self._every)

    def _thin_out(self) -> None:
        if len(self._lost) + len(self._found) > KEPT:
            self._every *= 2
            self._lost = {key: value for key, value in self._lost.items() if key % self._every == 0}
            self._found = {key: value for key, value in self._found.items() if key % self._every == 0}


def add(minutes: dict[int, int], minute: int, number: int) -> None:
    """Count `number` more in a minute."""
    minutes[minute] = minutes.get(minute, 0) + number


def _is_new_name(old: bytes, new: bytes) -> bool:
    """Whether `new` is `old` with something behind it, or with another extension, in the same directory."""
    stem = old.rpartition(b".")[0] if b"." in old.rpartition(b"/")[2] else b""
    for start in (old, stem + b"." if stem and not stem.endswith(b"/") else b""):
        if start and new.startswith(start) and b"/" not in new[len(start) :]:
            return kind(old) != kind(new)
    return False
