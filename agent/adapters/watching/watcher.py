"""Watches the files of all processes with inotify, through watchdog, so that snapshots come in time.

Events are hints, the scan is the truth: whatever this cannot see (limits, lost events, network file
systems) is said, and costs only time until the next scan. Two threads sleep while nothing happens: one
reads events, at most once a second; one sets watches.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.adapters.watching.board import Board, Root, Stir
from agent.adapters.watching.planter import MOUNTINFO, Planter
from agent.core.model.findings import Finding, finding
from agent.core.text.plain import count

__all__ = ["MOST_DIRECTORIES", "Stir", "Watcher"]

MOST_DIRECTORIES = 100_000
HUNG = 60.0  # seconds after which a file system that does not answer is given up
_SYSCTL = Path("/proc/sys/fs/inotify/max_user_watches")


class Watcher:
    """Watches `roots` (process -> absolute paths) but for what is `excluded` (process -> restic's patterns).

    `limit`: directories at most, less where the kernel allows less. Nothing here waits for a file system.
    """

    def __init__(
        self,
        roots: Mapping[str, Sequence[str]],
        excluded: Mapping[str, Sequence[str]],
        limit: int = MOST_DIRECTORIES,
        mountinfo: Path = MOUNTINFO,
    ) -> None:
        self._board = Board(roots, excluded, min(limit, _our_share()))
        self._mountinfo = mountinfo
        self._planter = Planter(self._board, mountinfo)

    def start(self) -> None:
        """Begin; the watches are set while this returns."""
        self._planter.start()

    def stop(self) -> None:
        """End both threads; one that hangs is left behind, and ends with the process."""
        self._planter.stop()
        events = self._planter.events
        if events is not None:
            events.stop()
            events.join(timeout=2)
        self._planter.join(timeout=2)

    def changes(self) -> dict[str, Stir]:
        """The processes whose files stirred since they were settled."""
        return self._board.stirs()

    def settled(self, process: str) -> None:
        """Forget what stirred so far. Call it before a snapshot begins, so that nothing is forgotten."""
        self._board.settle(process)

    def rescan(self) -> set[str]:
        """The processes whose events were lost since the last call: a scan of them is due now."""
        return self._board.take_lost()

    def alive(self) -> bool:
        """Whether the threads run. One that waits for a dead file system is replaced."""
        self._replace_hung()
        events = self._planter.events
        return self._planter.is_alive() and (events is None or events.is_alive())

    def troubles(self) -> list[Finding]:
        """What keeps changes from being seen at once, as it is now."""
        board = self._board
        with board.condition:
            roots = [_trouble(root) for root in board.roots]
            limited = dict(board.unwatched)
            if board.kernel_limit and not limited:
                limited = {root.process: 0 for root in board.roots}
            return [found for found in roots if found] + [_limited(board, name) for name in limited]

    def _replace_hung(self) -> None:
        at = self._planter.at
        if at is None or time.monotonic() - at[1] < HUNG:
            return
        hung = self._planter
        at[0].hung = True
        self._planter = Planter(self._board, self._mountinfo)
        self._planter.events = hung.events
        hung.stop()
        self._board.round_due = True
        self._planter.start()


def _our_share() -> int:
    """Three quarters of what one user may watch: others want to watch as well."""
    with contextlib.suppress(OSError, ValueError):
        return int(_SYSCTL.read_text()) * 3 // 4
    return MOST_DIRECTORIES


def _trouble(root: Root) -> Finding | None:
    path = root.path.decode("utf-8", "surrogateescape")
    process = root.process
    if root.hung:
        sentence = f"{path} does not answer: whoever looks at it waits. It is not watched."
        return finding("no-events", process, sentence, "Bring its file system back, or unmount it.", path)
    if root.silent:
        sentence = f"{path} lies on {root.silent}, which does not tell what others change in it."
        return finding("no-events", process, sentence, "The regular scan sees it.", path)
    if root.missing:
        hint = "Mount it, bring it back, or correct paths in the config."
        return finding("source-missing", process, f"{path} is not there.", hint, path)
    if root.replaced:
        sentence = f"{path} is another directory than it was when the service started."
        return finding("source-replaced", process, sentence, "Is the right file system mounted?", path)
    return None


def _limited(board: Board, process: str) -> Finding:
    watched = len(board.watched)
    known = count(watched + sum(board.unwatched.values()), "directory", "directories")
    sentence = f"Only {watched:,} of at least {known} are watched; the regular scan sees the rest."
    hint = "Exclude what changes without need, or watch fewer directories."
    if board.kernel_limit:
        hint = f"Raise the limit with sysctl fs.inotify.{board.kernel_limit}=..., then restart the service."
    return finding("watch-limit", process, sentence, hint)
