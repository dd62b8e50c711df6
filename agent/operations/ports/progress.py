"""How far long work is."""

from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """Where long work tells how far it is. Implementations draw a bar, print plain lines, or are silent."""

    def begin(self, title: str, total_bytes: int | None = None) -> None: ...

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        """How much is done since `begin` (not since the last call)."""
        ...

    def end(self) -> None: ...


OnBytes = Callable[[int, int, int], None]  # bytes done, files done, bytes in all (0: not known)
