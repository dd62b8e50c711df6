"""restic as a subprocess, 0.14 to 0.19: a call is a method, its status not trusted."""

import os
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from agent.adapters.host.command import Completed
from agent.adapters.restic.calls import ResticCalls
from agent.adapters.restic.messages import (
    Messages,
    Nodes,
    OnBytes,
    OwnedNode,
    RepositoryConfig,
    Sizes,
    held_stamps,
    understood,
)
from agent.adapters.restic.seen import DATA_BACK, lost_data
from agent.adapters.restic.stall import Growth
from agent.adapters.restic.trees import Trees
from agent.adapters.restic.work import Backup, Listing, Restore
from agent.core.configuration.config import Repository
from agent.core.configuration.location import local_path
from agent.core.model.repository import TAG, Stamp, process_tag
from agent.core.model.swapped import KeptFile
from agent.errors import ResticError


class Restic(ResticCalls):
    """One repository through one restic executable; see `agent.operations.ports.repository.Repository`.

    Its cache is the agent's own for daily work, an empty one for a cold drill.
    """

    def __init__(self, executable: str, repository: Repository, cache: str, stall_timeout: int) -> None:
        super().__init__(executable, repository, cache, stall_timeout)
        self._only_looking: tuple[str, ...] = ("--no-lock",)  # options of calls that only look

    def through_cache(self, cache: str) -> "Restic":
        """The same repository, seen through another cache directory, which is still empty.

        Two restics that set up one cache at a time trip over each other, so only restores use it.
        """
        other = Restic(self.executable, self.repository, cache, self.stall_timeout)
        other._version = self._version
        other._only_looking = ("--no-lock", "--no-cache")
        return other

    def repository_id(self) -> str:
        """The identity the repository was given when it was made."""
        doing = "reading the repository's identity"
        return understood(
            self.answer(["cat", "config", *self._only_looking], doing), RepositoryConfig, doing
        ).id

    def create(self) -> str:
        """Make the repository and return its identity; fails when there is one already."""
        self.quick(["init"], "creating the repository")
        return self.repository_id()

    def start_listing(self, process: str, host: str) -> Listing:
        """Ask for the snapshots filed under `process` and `host`; other work can go on meanwhile.

        Without a process for all of that host, whatever their tags are.
        """
        tags = ["--tag", f"{TAG},{process_tag(process)}"] if process else []
        return Listing(self, ["snapshots", "--host", host, *tags, *self._only_looking])

    def restore_size(self, snapshot: str) -> tuple[int, int]:
        """Bytes and files that restoring the snapshot would write."""
        doing = "sizing the snapshot"
        argv = ["stats", *self._only_looking, "--mode", "restore-size", snapshot]
        sizes = understood(self.answer(argv, doing), Sizes, doing)
        return sizes.total_size, sizes.total_file_count

    def held(self, snapshot: str, paths: Sequence[str]) -> dict[str, Stamp]:
        """Which of these absolute paths the snapshot holds, and in which state."""
        answer = self.answer(["ls", *self._only_looking, snapshot, *paths], "looking into the snapshot")
        return held_stamps(answer, snapshot, paths)

    def directories(self, snapshot: str, places: Sequence[str]) -> list[str]:
        """The directories in these that the snapshot holds; also some around them."""
        nodes = self._nodes([snapshot, *places], lambda node: node.type == "dir")
        return [node.path for node in nodes]

    def files(
        self, snapshot: str, places: Sequence[str], wanted: Callable[[KeptFile], bool]
    ) -> list[KeptFile]:
        """The `wanted` ones of the files below these absolute paths."""

        def is_wanted(node: OwnedNode) -> bool:
            return node.type == "file" and wanted(node.file())

        return [node.file() for node in self._nodes(["--recursive", snapshot, *places], is_wanted)]

    def with_inodes(self, tree: str, files: Sequence[KeptFile]) -> list[KeptFile]:
        """Those files of the snapshot of this tree with their inodes, which `ls` does not say before 0.16."""
        trees = Trees(self, tree, self._only_looking)
        return [replace(file, inode=file.inode or trees.inode(file.path)) for file in files]

    def _nodes(self, asked: Sequence[str], wanted: Callable[[OwnedNode], bool]) -> list[OwnedNode]:
        doing, heard = "looking for what came in meanwhile", Nodes(wanted)

        def look() -> Completed:
            nonlocal heard
            heard = Nodes(wanted)
            return self.start(["ls", *self._only_looking, *asked], heard).wait(self.stall_timeout)

        completed = self.retried(look, doing)
        if completed.status != 0 or completed.timed_out:
            raise self.trouble(doing, completed)
        return heard.found

    def start_backup(self, paths: Sequence[str], excludes: Sequence[str], process: str, host: str) -> Backup:
        """Get ready to take one snapshot; nothing is read before `Backup.finish`.

        Where all data is gone, restic believes its index, and saves only what is new.
        """
        local = local_path(self.repository.url)
        if local is not None and (lost := lost_data(local)):
            raise ResticError(lost, DATA_BACK, "repository-damaged")
        self.version()  # complains of a restic that is missing or too old
        options = ["--host", host, "--tag", TAG, "--tag", process_tag(process)]
        for pattern in excludes:
            options += ["--exclude", pattern]
        return Backup(self, options, paths)

    def start_restore(
        self,
        snapshot: str,
        target: str,
        includes: Sequence[bytes] = (),
        on_bytes: OnBytes | None = None,
    ) -> Restore:
        """Begin to restore `snapshot` below `target`. Wait for it with `Restore.wait`."""
        argv: list[str | bytes] = ["restore", snapshot, "--target", target]
        if self._is_only_readable():
            argv.append("--no-lock")  # a medium that is never written needs none
        if self.version() >= (0, 15, 0):
            argv.append("--sparse")
        for pattern in includes:
            argv += ["--include", pattern]
        growth = Growth(target, on_bytes) if on_bytes and self.version() < (0, 16, 0) else None
        return Restore(self, argv, Messages(on_bytes), growth)

    def _is_only_readable(self) -> bool:
        """A repository on this machine, whose locks nobody could write: a read-only plan B."""
        local = local_path(self.repository.url)
        return local is not None and not os.access(f"{local}/locks", os.W_OK)
