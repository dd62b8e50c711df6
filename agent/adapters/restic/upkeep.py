"""Removing snapshots, freeing their space and checking a repository, through restic 0.14 to 0.19."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from agent.adapters.host.command import Completed
from agent.adapters.restic import errors as restic_errors
from agent.adapters.restic.check import damage_in
from agent.adapters.restic.repository import Restic
from agent.adapters.restic.stall import StallWatch
from agent.core.configuration.location import local_path
from agent.core.model.repository_upkeep import Attempt, CheckReport

AT_ONCE = 500  # snapshots that one restic is told to remove: command lines have an end
LARGEST_REPACK = 10 << 30  # bytes that one prune writes anew at most; the rest is for the next
KEPT = 1 << 18  # bytes of what a check says that are kept, half of them from its start
# restic tries again and again when a server refuses to remove something; a lock that stays is not meant
REFUSED = re.compile(
    r"(remov|delet)(?!e\(<lock)[^\n]*(\b403\b|\b405\b|forbidden|append.only|access ?denied)", re.IGNORECASE
)
REFUSED_HINT = (
    "Remove snapshots on the server itself, or with credentials that may; readiness goes on without."
)


class Upkeep:
    """Work on one repository; see `agent.operations.ports.repository.Upkeep`."""

    def __init__(self, restic: Restic) -> None:
        self._restic = restic

    def forget(self, snapshots: Sequence[str]) -> Attempt:
        """Remove these snapshots (full IDs), and nothing of the data that they share."""
        attempt = Attempt()
        for start in range(0, len(snapshots), AT_ONCE):
            attempt = self._attempt(["forget", *snapshots[start : start + AT_ONCE]], "removing snapshots")
            if attempt.code:
                break
        return attempt

    def prune(self) -> Attempt:
        """Free the space of removed snapshots, writing only so much anew as there is room for."""
        return self._attempt(["prune", "--max-repack-size", str(self._room())], "freeing space")

    def check(self, part: int, parts: int, cache: str) -> CheckReport:
        """Check the structure, and read the data of one part. ResticError when that could not be done.

        `cache` is a directory for this check alone; what a killed one left there is removed.
        """
        doing = "checking the repository"
        other = Restic(self._restic.executable, self._restic.repository, cache, self._restic.stall_timeout)
        try:
            self._make_empty(cache)
            completed = other.retried(
                lambda: _watched(other, ["check", f"--read-data-subset={part}/{parts}"]), doing
            )
        finally:
            shutil.rmtree(cache, ignore_errors=True)
        damage = damage_in(completed)
        if completed.status != 0 and not damage:
            raise self._restic.trouble(doing, completed)
        return CheckReport(damage=damage)

    def _make_empty(self, directory: str) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        Path(directory).mkdir(mode=0o700, parents=True)

    def _attempt(self, argv: Sequence[str], doing: str) -> Attempt:
        completed = self._restic.retried(lambda: _watched(self._restic, argv), doing)
        said = completed.stderr.decode(errors="replace")
        refused = REFUSED.search(said)
        if refused:
            complaint = restic_errors.first_line(refused[0].encode())
            return Attempt(code="retention-refused", complaint=complaint, hint=REFUSED_HINT)
        if completed.status == 0:
            return Attempt()
        trouble = self._restic.trouble(doing, completed)
        return Attempt(code=trouble.code, complaint=trouble.message, hint=trouble.hint)

    def _room(self) -> int:
        """Half of the free space, because what is written anew lies beside the old for a while."""
        path = local_path(self._restic.repository.url)
        if path is None:
            return LARGEST_REPACK
        try:
            system = os.statvfs(path)
        except OSError:
            return LARGEST_REPACK  # restic says what is wrong there
        return min(LARGEST_REPACK, system.f_bavail * system.f_frsize // 2)


def _watched(restic: Restic, argv: Sequence[str]) -> Completed:
    """One run, ended when it gets nowhere, or when a server refuses what restic goes on asking for."""
    running = restic.start(argv, keep=KEPT)
    stalled = StallWatch(running, lambda: running.stdout.total, restic.stall_timeout)

    def look() -> None:
        stalled()
        if REFUSED.search(running.stderr.kept().decode(errors="replace")):
            running.stop()

    return running.wait(tick=look)
