"""What `readiness validate` asks the machine: the port, kept small enough to be faked."""

from collections.abc import Sequence
from typing import Protocol

from agent.core.configuration.config import Repository
from agent.core.configuration.location import Extent, FileFacts
from agent.core.model.places import Placed


class Machine(Protocol):
    """Answers about this machine; nothing here changes anything."""

    user: int  # whom we run as

    def facts(self, path: str) -> FileFacts | None:
        """What `path` is, links not followed; None when it is not there."""
        ...

    def real_path(self, path: str) -> str:
        """The path behind all links, as far as it exists."""
        ...

    def can_read(self, path: str) -> bool:
        """A file can be read, a directory listed and entered."""
        ...

    def can_write(self, path: str) -> bool:
        """Whether we could write there, or make it where it is not there yet."""
        ...

    def can_restore_to(self, path: str) -> bool:
        """Whether a drill could restore to it, which may be made by another user than we are."""
        ...

    def place_of(self, repository: Repository, paths: Sequence[str], exclude: Sequence[str]) -> Placed:
        """Where a repository lies, or would lie, as seen from the files below some paths."""
        ...

    def room(self, path: str) -> tuple[int, int]:
        """Free bytes, and how many more files fit, where `path` lies or would lie."""
        ...

    def extent(self, paths: Sequence[str], exclude: Sequence[str], seconds: float) -> Extent:
        """How much lies below the paths, counted for at most so many seconds."""
        ...

    def restic_version(self, executable: str) -> tuple[int, int, int]:
        """ResticError when restic is missing or too old."""
        ...

    def read_environment(self, path: str) -> dict[str, str]:
        """What an environment file sets; ResticError when it cannot be used."""
        ...

    def holds_certificates(self, path: str) -> bool:
        """Whether a file holds certificates that a server's could be checked with."""
        ...
